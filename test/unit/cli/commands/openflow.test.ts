import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addOpenflowCommands } from '../../../../src/cli/commands/openflow.ts';
import { runCommand } from '../../../support/run-command.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-openflow-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function fileWith(name: string, content: string | Buffer): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

async function decode(...args: string[]) {
  let stderr = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    return { ...(await runCommand(addOpenflowCommands, 'openflow', 'decode', ...args)), stderr };
  } finally {
    spy.mockRestore();
  }
}

const ECHO = '0402000800000001';
const SHORT = '040e000f00000002000000000000000f'.slice(0, 30);
/** A port_status with a port whose name moves the cursor. */
const HOSTILE = `040c005000000003${'00'.repeat(8)}00000001${'00'.repeat(4)}020000000001${'00'.repeat(2)}${Buffer.from('\x1b[2J\x9b\n', 'latin1').toString('hex').padEnd(32, '0')}${'00'.repeat(32)}`;

describe('openflow decode', () => {
  it('reads hexadecimal text, a file of it, and a file of raw octets', async () => {
    const lines = '0: echoRequest xid=1 data=<0 octets>\n8: echoRequest xid=1 data=<0 octets>\n';
    const spaced = `04:02:00:08 00 00 00 01\n${ECHO}\n`;
    for (const given of [spaced, fileWith('hex', spaced), fileWith('raw', Buffer.from(ECHO + ECHO, 'hex'))]) {
      expect(await decode(given)).toEqual({ stdout: lines, stderr: '', exitCode: 0, error: undefined });
    }
  });

  it('shows all of a message, however long', async () => {
    const { stdout } = await decode(`0402ffff00000001${'ab'.repeat(65_527)}`);
    expect(stdout).toBe(`0: echoRequest xid=1 data=0x${'ab'.repeat(65_527)}\n`);
  });

  it('prints one JSON object a line', async () => {
    const { stdout, exitCode } = await decode(`${ECHO}040c0008 00000009${ECHO}`, '--json');
    expect(exitCode).toBe(1);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { offset: 0, version: 4, message: { type: 'echoRequest', xid: 1, data: '' } },
      {
        offset: 8,
        error: {
          type: 'OFPET_BAD_REQUEST',
          code: 'OFPBRC_BAD_LEN',
          offset: 16,
          path: 'portStatus.reason',
          detail: 'needs 1 octets, has 0',
        },
      },
      { offset: 16, version: 4, message: { type: 'echoRequest', xid: 1, data: '' } },
    ]);
  });

  it('tells what cannot be read, and shows the others', async () => {
    const { stdout, stderr, exitCode } = await decode(`${ECHO} ${SHORT} ${ECHO}`);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('0: echoRequest xid=1 data=<0 octets>\n23: echoRequest xid=1 data=<0 octets>\n');
    expect(stderr).toBe(
      'gluewall: message at octet 8: OFPET_BAD_REQUEST OFPBRC_BAD_LEN at octet 16, flowMod.cookie: needs 8 octets, has 7\n',
    );
  });

  it('names the version of a HELLO that has another', async () => {
    const { stdout } = await decode('0600001000000003 0001000800000070');
    expect(stdout).toBe('0: hello xid=3 elements=[versionBitmap(versions=[0x04, 0x05, 0x06])] (of version 0x06)\n');
  });

  it('lets nothing through that steers a terminal', async () => {
    for (const args of [[HOSTILE], [HOSTILE, '--json']]) {
      const { stdout, exitCode } = await decode(...args);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^[ -~]+\n$/);
    }
  });

  it.each([
    ['what is neither', 'no-such-file.bin', 'usage', 'no file is called so'],
    ['half an octet', '04020', 'usage', 'the last octet has only one digit'],
    ['a folder', '/', 'openflow-file', 'it is a folder'],
    ['a name that is too long', 'z'.repeat(5000), 'usage', 'no file is called so'],
  ])('refuses %s', async (_what, argument, code, said) => {
    const { error } = await decode(argument);
    expect(error).toMatchObject({ code, message: expect.stringContaining(said) });
    expect(String(error).length).toBeLessThan(400);
  });

  it.each([
    ['d4c3b2a1020004', 'it is a capture'],
    ['0a0d0d0a1c000000', 'it is a capture'],
    ['1f8b0800', 'it is gzip'],
  ])('refuses a file that starts with %s', async (start, said) => {
    const { error } = await decode(fileWith('other', Buffer.from(start, 'hex')));
    expect(error).toMatchObject({ code: 'openflow-file', message: expect.stringContaining(said) });
  });

  it('refuses hexadecimal text in a file with its line, and shows what stands before', async () => {
    const { stdout, error } = await decode(fileWith('hex', `${ECHO}\n${ECHO}\nzz`));
    expect(stdout.match(/echoRequest/g)).toHaveLength(2);
    expect(error).toMatchObject({
      code: 'openflow-file',
      message: expect.stringContaining('line 3: "z" is no hexadecimal digit'),
    });
  });

  it('says that there is nothing', async () => {
    for (const empty of ['', fileWith('empty', ''), fileWith('blank', '\n')]) {
      expect(await decode(empty)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('no OpenFlow message'),
      });
    }
  });

  it('ends with what never ends', async () => {
    expect(await decode('/dev/zero')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('OFPBRC_BAD_LEN at octet 2, header: length 0 is not from 8 to 65535'),
    });
  });
});
