/** `gluewall openflow decode` as it is built, and `gluewall/openflow` as other programs import it. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { runGluewall } from '../support/command-line.ts';
import { vectors } from '../unit/openflow/vectors.ts';

let directory: string;

/** A program of somebody else's, in whose node_modules gluewall is. */
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-openflow-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(repositoryPath(), join(directory, 'node_modules', 'gluewall'));
  symlinkSync(repositoryPath('node_modules', '@types'), join(directory, 'node_modules', '@types'));
  symlinkSync(repositoryPath('node_modules', 'undici-types'), join(directory, 'node_modules', 'undici-types'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const decode = (args: readonly string[], input = '') => runGluewall(directory, ['openflow', 'decode', ...args], input);

/** In one stream, which a message that is cut off would end: that one goes last. */
const whole = vectors.filter(({ bytes }) => bytes.readUInt16BE(2) === bytes.length);

describe('gluewall openflow decode', () => {
  it('prints a line for each recorded message, or says what is wrong with it', () => {
    writeFileSync(join(directory, 'all.bin'), Buffer.concat(whole.map(({ bytes }) => bytes)));
    const { status, stdout, stderr } = decode(['all.bin']);
    expect(status).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    const complaints = stderr.trimEnd().split('\n');
    expect(lines.length + complaints.length).toBe(whole.length);
    expect(complaints).toHaveLength(2);
    expect(complaints.join()).toMatch(/OFPET_METER_MOD_FAILED OFPMMFC_BAD_COMMAND.*OFPMMFC_BAD_FLAGS/);
    for (const line of lines) expect(line).toMatch(/^\d+: \w+ xid=\d+[ -~]*$/);
    const offsets = [...lines, ...complaints.map((line) => line.replace(/.*message at octet /, ''))].map((line) =>
      Number.parseInt(line, 10),
    );
    const starts = whole.map((_, index) => whole.slice(0, index).reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect(offsets.sort((a, b) => a - b)).toEqual(starts);
  });

  it('prints the same of hexadecimal text on standard input', () => {
    const text = whole.map(({ bytes }) => bytes.toString('hex').replace(/(..){16}/g, '$&\n')).join('\n');
    expect(decode(['-'], text).stdout).toBe(decode(['all.bin']).stdout);
  });

  it('prints JSON that says the same', () => {
    const objects = decode(['all.bin', '--json'])
      .stdout.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects).toHaveLength(whole.length);
    const lines = decode(['all.bin']).stdout.trimEnd().split('\n');
    const read = objects.filter(({ message }) => message !== undefined);
    expect(read.map(({ offset, message }) => `${offset}: ${message.type} xid=${message.xid}`)).toEqual(
      lines.map((line) => /^\d+: \w+ xid=\d+/.exec(line)?.[0]),
    );
  });

  it.each([
    [['0402000800000001'], '', 0],
    [['-'], '', 1],
    [['nothing'], '', 2],
    [[], '', 2],
    [['/'], '', 1],
    [['04020008000000'], '', 1],
  ])('%j ends with its exit code', (args, input, status) => {
    const result = decode(args, input);
    expect(result.status).toBe(status);
    expect(result.stderr).not.toContain('    at ');
  });

  it('holds a chunk and no more of a long stream', async () => {
    const main = repositoryPath('dist', 'src', 'cli', 'main.js');
    const child = spawn(process.execPath, [main, 'openflow', 'decode', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exit = new Promise((resolve) => child.once('exit', resolve));
    let received = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    const message = Buffer.from(`0402ffff00000001${'00'.repeat(65_527)}`, 'hex');
    const block = Buffer.concat(Array.from({ length: 64 }, () => message));
    const rounds = 80;
    for (let round = 0; round < rounds; round++) {
      if (!child.stdin.write(block)) await new Promise((resolve) => child.stdin.once('drain', resolve));
    }
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
    child.stdin.end();
    expect(await exit).toBe(0);
    expect(received).toBeGreaterThan(2 * rounds * 64 * 65_527);
    expect(peakKb * 1024).toBeLessThan((rounds * block.length) / 1.5);
  });
});

describe('gluewall/openflow', () => {
  const examples = [
    ...readFileSync(repositoryPath('src', 'openflow', 'README.md'), 'utf8').matchAll(/```ts\n(import[\s\S]*?)```/g),
  ];
  const run = (file: string, text: string) => {
    writeFileSync(join(directory, file), text);
    return spawnSync(process.execPath, [file], { cwd: directory, encoding: 'utf8', timeout: 20_000 });
  };

  it('is found by its name, and brings a message round', () => {
    const script = `
      const { decodeMessage, encodeMessage } = await import('gluewall/openflow');
      const bytes = encodeMessage({ type: 'roleRequest', xid: 7, role: 'master', generationId: 2n ** 64n - 1n });
      const decoded = decodeMessage(bytes);
      if (!decoded.ok) throw decoded.error;
      console.log(bytes.toString('hex'), encodeMessage(decoded.message).equals(bytes), String(decoded.message.generationId));`;
    const asOwn = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: repositoryPath(),
      encoding: 'utf8',
    });
    const expected = `0418001800000007${'00000002'}00000000ffffffffffffffff true 18446744073709551615\n`;
    expect(asOwn.stderr).toBe('');
    expect(asOwn.stdout).toBe(expected);
    expect(run('round.mjs', script).stdout).toBe(expected);
  });

  it('gives nothing else of gluewall away', () => {
    const { stderr } = run('other.mjs', "await import('gluewall/dist/src/cli/main.js');");
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('runs the first example of its README as it stands there', () => {
    expect(examples).toHaveLength(2);
    const { stdout, stderr } = run('example.mjs', examples[0]![1]!);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^flowMod xid=7 cookie=0x6757000000000001 .*ipv4_dst=192\.0\.2\.1.*port=NORMAL/);
  });

  it('runs the second with a stream of messages', () => {
    const use = `
      import { EventEmitter } from 'node:events';
      const socket = new EventEmitter();
      socket.destroy = () => console.log('destroyed');
      follow(socket, (message) => console.log(message.type));
      const octets = Buffer.from('0600000800000001' + '0402000800000002' + '0102000800000003', 'hex');
      for (const octet of octets) socket.emit('data', Buffer.from([octet]));`;
    const { stdout } = run('follow.mjs', `${examples[1]![1]}${use}`);
    expect(stdout.split('\n').slice(0, 3)).toEqual(['hello', 'echoRequest', 'destroyed']);
  });

  it('brings its types with it', () => {
    const wrong =
      '// @ts-expect-error a cookie is a bigint\nconst wrong = { ...FLOW_MOD_DEFAULTS, cookie: 1 } satisfies FlowMod;';
    const types = "import type { FlowMod } from 'gluewall/openflow';";
    writeFileSync(join(directory, 'example.ts'), `${types}\n${examples[0]![1]}\n${wrong}\nconsole.log(wrong);\n`);
    const options = [
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--strict',
      '--noEmit',
      '--types',
      'node',
      'example.ts',
    ];
    const tsc = repositoryPath('node_modules', '.bin', 'tsc');
    const { status, stdout } = spawnSync(tsc, options, { cwd: directory, encoding: 'utf8', timeout: 60_000 });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
