import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addDoctorCommand } from '../../../../src/cli/commands/doctor.ts';
import type { Finding } from '../../../../src/doctor/finding.ts';
import { runCommand } from '../../../support/run-command.ts';

let directory: string;
let config: string;
let server: Server | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-doctor-'));
  config = join(directory, 'gluewall.yaml');
  // No Open vSwitch of this machine has a part in it.
  vi.stubEnv('OVS_RUNDIR', directory);
  write('inside: {networks: [192.0.2.0/24]}\noutside: {ports: [lo]}\ntrusted_resolvers: [192.0.2.53]\n');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

function write(text: string): void {
  writeFileSync(
    config,
    `${text}store: {file: ${join(directory, 'gluewall.db')}}\ncontrol: {socket: ${join(directory, 's.sock')}}\n`,
  );
}

const doctor = (...args: string[]) => runCommand(addDoctorCommand, 'doctor', '--config', config, ...args);

async function sections(...args: string[]): Promise<Map<string, readonly Finding[]>> {
  const { stdout, error } = await doctor('--json', ...args);
  expect(error).toBeUndefined();
  const read = JSON.parse(stdout) as { section: string; findings: Finding[] }[];
  return new Map(read.map(({ section, findings }) => [section, findings]));
}

/** A gluewall that answers whatever is asked with these figures. */
async function answering(status: unknown): Promise<void> {
  server = createServer((socket) => {
    socket.once('data', () => socket.end(`${JSON.stringify({ ok: true, result: status })}\n`));
  });
  await new Promise<void>((resolve) => server!.listen(join(directory, 's.sock'), resolve));
}

describe('gluewall doctor', () => {
  it('looks at everything, and says of what it cannot know why', async () => {
    const found = await sections();
    expect([...found.keys()]).toEqual([
      'program',
      'configuration',
      'interfaces',
      'store',
      'clock',
      'hosts',
      'bridges',
      'learning',
    ]);
    expect(found.get('learning')).toEqual([
      expect.objectContaining({ ok: null, message: expect.stringContaining('no gluewall answers') }),
    ]);
    expect(found.get('bridges')).toEqual([
      expect.objectContaining({ ok: null, message: expect.stringContaining('not known') }),
    ]);
    for (const findings of found.values()) {
      for (const { ok, message, remedy } of findings) {
        expect(message).not.toBe('');
        if (ok === false) expect(remedy, message).toBeTruthy();
      }
    }
  });

  it('of a traceback node without a gate, says nothing of a gate', async () => {
    const tls = 'tls: {key: k.pem, certificate: c.pem, ca: ca.pem}';
    const node = `node: {name: node.example.net, zones: [example.net], ${tls}}\n`;
    write(node);
    const found = await sections();
    expect([...found.keys()]).toEqual(['program', 'configuration', 'store', 'clock', 'traceback node']);
    const all = [...found.values()].flat();
    expect(JSON.stringify(all)).not.toMatch(/outside\.ports|Open vSwitch|captur|warm-up|judged/);
    // Whoever has a gate with it is told of both.
    write(`${node}outside: {ports: [lo]}\n`);
    expect([...(await sections()).keys()]).toEqual(expect.arrayContaining(['interfaces', 'bridges', 'learning']));
  });

  it('in sentences, with the number of what is to be mended', async () => {
    const { stdout } = await doctor();
    expect(stdout).toContain(`Node.js ${process.versions.node}`);
    expect(stdout).toMatch(/\n\d+ to mend, \d+ not known or to be thought about, \d+ as it should be\n$/);
  });

  it('ends with 1 when something fails, 0 when nothing does', async () => {
    const findings = [...(await sections()).values()].flat();
    const expected = findings.some(({ ok }) => ok === false) ? 1 : 0;
    expect((await doctor()).exitCode).toBe(expected);
    write('outside: {ports: [no-such-port]}\n');
    const { stdout, exitCode } = await doctor();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('FAIL  interface  interface no-such-port does not exist\n');
    expect(stdout).toContain('→ correct outside.ports');
  });

  it('asks the gluewall that runs whether it learns', async () => {
    await answering({
      history: { triples: 39, addresses: 26, refused: 0 },
      learning: { queries: 100, 'responses matched': 100 },
      capture: {
        openInterfaces: ['lo'],
        sources: [],
        receivedByKernel: 200,
        droppedByKernel: 0,
        droppedByBackpressure: 0,
      },
    });
    const learning = (await sections()).get('learning')!;
    expect(learning.find(({ check }) => check === 'capture')?.ok).toBe(true);
    expect(learning.find(({ check }) => check === 'learning')).toMatchObject({
      ok: false,
      message: expect.stringContaining('forwards'),
    });
  });

  it('an answer of another kind is no answer', async () => {
    await answering({ surprise: true });
    expect((await sections()).get('learning')).toEqual([
      expect.objectContaining({ ok: null, message: expect.stringContaining('another version') }),
    ]);
  });

  it('looks at the bridges that are named', async () => {
    const found = await sections('br0', 'br1');
    expect([...found.keys()]).toEqual(expect.arrayContaining(['bridge br0', 'bridge br1']));
    expect((await doctor('../x')).error).toMatchObject({ code: 'usage' });
  });

  it('refuses a configuration with mistakes', async () => {
    write('mode: x\n');
    expect((await doctor()).error).toMatchObject({ code: 'config' });
  });

  it('text from outside cannot steer the terminal', async () => {
    write('outside: {ports: ["a\\e[2Jb"]}\n');
    expect((await doctor()).stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
