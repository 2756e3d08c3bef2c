/** What the command line makes of hostile files, arguments and places to write to, as it is built. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { runGluewall } from '../support/command-line.ts';

const MAIN = repositoryPath('dist', 'src', 'cli', 'main.js');
const ESCAPE = '\u001b[31m';
/** What a terminal acts on, less the line feed that ends lines. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const SETTINGS = {
  openflow: { listen: '127.0.0.1:0' },
  mode: 'enforce',
  inside: { networks: ['192.0.2.0/24'] },
  outside: { ports: [1] },
};

let directory: string;
let running: GluewallProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  configure();
});

afterEach(async () => {
  await running?.kill();
  running = undefined;
  rmSync(directory, { recursive: true, force: true });
});

function configure(more: object = {}): void {
  const control = { socket: join(directory, 'control.sock') };
  const store = { file: join(directory, 'gluewall.db'), flush: '100ms' };
  writeFileSync(join(directory, 'gluewall.yaml'), JSON.stringify({ ...SETTINGS, control, store, ...more }));
}

async function start(more: object = {}): Promise<GluewallProcess> {
  const store = { file: join(directory, 'gluewall.db'), flush: '100ms' };
  running = await GluewallProcess.start(directory, {
    ...SETTINGS,
    control: { socket: join(directory, 'control.sock') },
    store,
    ...more,
  });
  return running;
}

const gluewall = (...args: string[]) => runGluewall(directory, args);

function row(number: number, fields: object = {}): string {
  const at = (shiftMs: number) => new Date(Date.now() + shiftMs).toISOString();
  return JSON.stringify({
    zone: `zone${number}.example`,
    nameServer: `ns1.zone${number}.example`,
    address: `198.18.${number >> 8}.${number & 255}`,
    origin: 'learned',
    trust: 'high',
    firstSeen: at(-1000),
    lastSeen: at(-1000),
    expires: at(3600_000),
    taughtBy: null,
    ...fields,
  });
}

function importText(text: string | Buffer, file = 'history.jsonl') {
  writeFileSync(join(directory, file), text);
  return gluewall('history', 'import', file);
}

/** Nothing in the lines steers a terminal, and nothing in them is a stack trace. */
function expectClean(text: string): void {
  for (const line of text.split('\n')) expect(line).not.toMatch(CONTROL);
  expect(text).not.toMatch(/^\s+at /m);
}

describe('an argument', () => {
  it.each([
    ['events', '--limit', '1000001'],
    ['events', '--since', '+010000-01-01T00:00:00Z'],
    ['events', '--since', '-000001-01-01T00:00:00Z'],
    ['allow', 'add', '192.0.2.1', '--reason', 'x', '--expires', '4000000d'],
    ['allow', 'add', '192.0.2.1', '--reason', ' '],
    ['allow', 'add', '192.0.2.1', '--reason', 'x'.repeat(501)],
    ['lookup', `x..${ESCAPE}`],
    ['check', ESCAPE],
    [`eat${ESCAPE}`],
    ['learn', `--${ESCAPE}.pcap`],
    ['history', 'export', '--format', ESCAPE],
    ['allow', 'list', `${ESCAPE}\u202e`],
  ])('that cannot be is a usage mistake, told in clean lines: %j %j %j', (...args) => {
    const { status, stdout, stderr } = gluewall(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expectClean(stderr);
  });
});

describe('a history to import', () => {
  it.each(['missing.jsonl', '.', 'gluewall.yaml/below', `${ESCAPE}.jsonl`])('that cannot be read: %j', (file) => {
    const { status, stderr } = gluewall('history', 'import', file);
    expect(status).toBe(1);
    expectClean(stderr);
  });

  it('that is compressed is told as unreadable, in clean lines', () => {
    writeFileSync(join(directory, 'plain'), Array.from({ length: 100 }, (_, number) => row(number)).join('\n'));
    const { status, stdout, stderr } = importText(execFileSync('gzip', ['-c', join(directory, 'plain')]));
    expect(status).toBe(1);
    expect(stdout + stderr).toMatch(/could not be read|longer than/);
    expectClean(stderr);
  });

  it('that begins with a byte order mark and ends its lines as Windows does', () => {
    expect(importText(`\ufeff${row(1)}\r\n${row(2)}\r\n`)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('2 triples taken'),
    });
  });

  it('with a line beyond the limit is given up there, however the file is cut', () => {
    const { status, stderr } = importText(`${row(1)}\n{"zone":"${'x'.repeat(20_000)}"}\n${row(2)}\n`);
    expect(status).toBe(1);
    expect(stderr).toContain('line 2 is longer than');
  });

  it('with what no history may hold: each row is told or refused, and nothing of it is known', () => {
    const { status, stdout, stderr } = importText(
      [
        row(1, { address: '127.0.0.1' }),
        row(2, { address: '::' }),
        row(3, { address: '224.0.0.1' }),
        row(4, { origin: 'rootHints', expires: null }),
        row(5, { trust: 'absolute' }),
        row(6, { zone: 'x'.repeat(300) }),
        row(7, { zone: 'a..b' }),
        row(8, { expires: '9999-99-99T00:00:00Z' }),
        row(9, { zone: `${ESCAPE}"\u202e`, address: `${ESCAPE}\u0085` }),
        '{"__proto__":{"zone":"x.example"}}',
      ].join('\n'),
    );
    expect(status).toBe(1);
    expect(stdout).toContain('0 triples taken');
    expect(stdout).not.toContain('warm-up is over');
    expectClean(stderr);
  });

  it('with names that spreadsheets take for formulas, and apostrophes before them, is the same through CSV', () => {
    const names = ["'=cmd.example", '=cmd.example', "''=x.example", "'plain.example", '@at.example', '-dash.example'];
    importText(names.map((zone, number) => row(number, { zone, nameServer: zone })).join('\n'));
    const before = gluewall('history', 'export').stdout.split('\n').sort();
    expect(gluewall('history', 'export', '--format', 'csv', '--output', 'out.csv').status).toBe(0);
    const cells = readFileSync(join(directory, 'out.csv'), 'utf8').split('\n').slice(1);
    expect(cells.filter((line) => /^"?[=+@-]/.test(line))).toEqual([]);
    rmSync(join(directory, 'gluewall.db'));
    expect(gluewall('history', 'import', 'out.csv').status).toBe(0);
    expect(gluewall('history', 'export').stdout.split('\n').sort()).toEqual(before);
    expect(before).toHaveLength(names.length + 1);
  });

  it('that ends with kill -9 in the middle leaves warm-up as it was', async () => {
    const first = await start({ warmup: '48h' });
    const child = spawn(process.execPath, [MAIN, 'history', 'import', '-'], { cwd: directory });
    child.stdin.on('error', () => {});
    child.stdin.write(`${Array.from({ length: 500 }, (_, number) => row(number)).join('\n')}\n`);
    await until('the first rows are in', 10_000, async () =>
      (await first.lookup('198.18.0.99')).known ? true : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await first.kill();
    child.kill();
    const second = await start({ warmup: '48h' });
    expect((await second.lookup('198.18.0.99')).known).toBe(true);
    expect((await second.status()).mode.inForce).toBe('monitor');
  });

  it('that the disk has no room for is refused, at rest', () => {
    const rows = Array.from({ length: 5000 }, (_, number) => row(number)).join('\n');
    writeFileSync(join(directory, 'history.jsonl'), rows);
    const command = 'ulimit -f 600; trap "" XFSZ; exec "$@"';
    const bash = ['-c', command, 'bash', process.execPath, MAIN, 'history', 'import', 'history.jsonl'];
    const { status, stderr } = spawnSync('bash', bash, { cwd: directory, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('triples could not be kept');
    expectClean(stderr);
  });

  it('ends warm-up when all of it is in, not with its first rows', async () => {
    const gluewallNow = await start({ warmup: '48h' });
    const child = spawn(process.execPath, [MAIN, 'history', 'import', '-'], { cwd: directory });
    child.stdin.write(`${Array.from({ length: 500 }, (_, number) => row(number)).join('\n')}\n`);
    await until('the first rows are in', 10_000, async () =>
      (await gluewallNow.lookup('198.18.0.99')).known ? true : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await gluewallNow.status()).mode.inForce).toBe('monitor');
    child.stdin.end(`${row(501)}\n`);
    await new Promise((resolve) => child.on('exit', resolve));
    await until('warm-up is over', 5000, async () =>
      (await gluewallNow.status()).mode.inForce === 'enforce' ? true : undefined,
    );
  });
});

describe('an export', () => {
  beforeEach(() => void importText(row(1)));

  it('leaves a device a device, and a pipe a pipe', () => {
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    const reader = spawn('cat', [join(directory, 'pipe')], { stdio: 'ignore' });
    expect(gluewall('history', 'export', '--output', 'pipe').status).toBe(0);
    reader.kill();
    expect(statSync(join(directory, 'pipe')).isFIFO()).toBe(true);
    symlinkSync('/dev/null', join(directory, 'null'));
    expect(gluewall('history', 'export', '--output', 'null').status).toBe(0);
    expect(statSync(join(directory, 'null')).isCharacterDevice()).toBe(true);
  });

  it('does not write through a link that lies where its part would be', () => {
    writeFileSync(join(directory, 'precious'), 'precious');
    symlinkSync(join(directory, 'precious'), join(directory, 'out.jsonl.part'));
    expect(gluewall('history', 'export', '--output', 'out.jsonl').status).toBe(0);
    expect(readFileSync(join(directory, 'precious'), 'utf8')).toBe('precious');
  });

  it.each([
    ['history', 'export'],
    ['history', 'list', '--json'],
    ['allow', 'list'],
  ])('to a full disk fails in one line: %s %s', (...args) => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    });
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expectClean(stderr);
  });

  it.each([
    ['history', 'export'],
    ['history', 'list'],
    ['history', 'list', '--json'],
    ['lookup', 'zone1.example'],
  ])('to a reader that has had enough is no failure: %s %s %s', (...args) => {
    const command = `"$@" 2>errors | head -c 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const bash = ['-c', command, 'bash', process.execPath, MAIN, ...args];
    const { stdout } = spawnSync('bash', bash, { cwd: directory, encoding: 'utf8' });
    expect({ stdout, errors: readFileSync(join(directory, 'errors'), 'utf8') }).toEqual({ stdout: '0\n', errors: '' });
  });

  it('whose messages nobody reads, either', () => {
    const command = `"$@" 2>&1 >/dev/null | true; echo "\${PIPESTATUS[0]}"`;
    const bash = ['-c', command, 'bash', process.execPath, MAIN, 'lookup', 'unknown..example'];
    expect(spawnSync('bash', bash, { cwd: directory, encoding: 'utf8' }).stdout).toBe('2\n');
  });
});

describe('a history that is full', () => {
  it('says how much found no room, and is refused', () => {
    configure({ history: { size: 100 } });
    const { status, stdout } = importText(Array.from({ length: 200 }, (_, number) => row(number)).join('\n'));
    expect(status).toBe(1);
    expect(stdout).toMatch(/74 triples taken.*\n126 refused: the history is full/);
  });
});

describe('gluewall run', () => {
  it.each(['gluewall.yaml/x', '/nonexistent/x.sock', `/tmp/${'x'.repeat(200)}`])(
    'says in one line that its socket cannot be made: %s',
    (socket) => {
      const { status, stderr } = gluewall('run', '--socket', socket);
      expect(status).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expectClean(stderr);
    },
  );

  it('outlives a log rotation while it starts', async () => {
    importText(Array.from({ length: 5000 }, (_, number) => row(number)).join('\n'));
    const child = spawn(process.execPath, [MAIN, 'run'], { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.once('data', () => child.kill('SIGHUP'));
    let code: number | string | null | undefined;
    child.on('exit', (status, signal) => {
      code = signal ?? status;
    });
    const socket = join(directory, 'control.sock');
    await until('it listens', 10_000, () => (existsSync(socket) || code !== undefined ? true : undefined));
    expect(code).toBeUndefined();
    child.kill('SIGTERM');
    await until('it has ended', 10_000, () => (code === undefined ? undefined : true));
    expect(code).toBe(0);
  });
});

describe('gluewall learn', () => {
  it('gives the terminal back as it was when it is interrupted', () => {
    const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
    writeFileSync(join(directory, 'sparse.pcap'), header);
    truncateSync(join(directory, 'sparse.pcap'), 4e9);
    const command = `timeout --foreground -s INT 2 ${process.execPath} ${MAIN} learn sparse.pcap --dry-run`;
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { cwd: directory, encoding: 'utf8' });
    expect(stdout).toContain('MB/s');
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
    expect(stdout.lastIndexOf('\u001b[?7h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?7l'));
  });
});

describe('the log', () => {
  const LOGGER = repositoryPath('dist', 'src', 'cli', 'logger.js');
  const program = `
    import { createLogger } from '${LOGGER}';
    const { log, flush } = createLogger('info');
    const error = new Error('boom ${JSON.stringify(ESCAPE).slice(1, -1)}');
    log.warn({ peer: '\\u009b\\u202e', error }, 'port \\u001b]0;owned\\u0007\\u007f');
    await flush();
    process.exit();`;
  beforeEach(() => writeFileSync(join(directory, 'log.mjs'), program));
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: directory, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } }).stdout;

  it('has nothing on a terminal that steers it', () => {
    const stdout = run('script', '-qec', `${process.execPath} log.mjs`, '/dev/null').replaceAll('\r', '');
    expect(stdout).toContain('port \\x1b]0;owned\\x07\\x7f');
    expect(stdout).toContain('boom');
    for (const line of stdout.split('\n')) expect(line).not.toMatch(CONTROL);
  });

  it('says what an error was', () => {
    expect(JSON.parse(run(process.execPath, 'log.mjs')).error).toMatchObject({ message: `boom ${ESCAPE}` });
  });
});
