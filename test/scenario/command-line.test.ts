import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';

const main = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function gluewall(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

function configFile(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

describe('colour', () => {
  const warned = (environment: object, onTerminal: boolean) => {
    const command = `${process.execPath} ${main} config check none.yaml`;
    const [program, ...args] = onTerminal ? ['script', '-qec', command, '/dev/null'] : ['bash', '-c', command];
    writeFileSync(join(directory, 'none.yaml'), '');
    const { NO_COLOR, FORCE_COLOR, ...others } = process.env;
    const env = { ...others, TERM: 'xterm', ...environment };
    return spawnSync(program!, args, { cwd: directory, encoding: 'utf8', timeout: 20_000, env }).stdout;
  };

  it('is on terminals only, never with NO_COLOR, and not because a build server runs it', () => {
    expect(warned({}, true)).toContain('\u001b[33m');
    expect(warned({ NO_COLOR: '1' }, true)).not.toContain('\u001b[33m');
    expect(warned({ CI: 'true' }, false)).toContain('warning: ');
    expect(warned({ CI: 'true' }, false)).not.toContain('\u001b');
  });
});

describe('gluewall without a running controller', () => {
  it.each([
    [['run', '--config', 'missing.yaml'], 2, 'missing.yaml: cannot be read'],
    [['lookup', 'two..dots'], 2, '"two..dots" is neither an IP address nor a domain name'],
    [['check', 'corp.example'], 2, '"corp.example" is no IPv4 or IPv6 address'],
    [['events', '--since', 'yesterday'], 2, '"yesterday" is no time: want a duration such as 1h'],
    [['allow', 'add', '192.0.2.1', '--reason', 'x', '--expires', '0s'], 2, '"0s" is no duration'],
    [['history', 'export', '--format', 'xml'], 2, 'Allowed choices are json, jsonl, cof, csv'],
    [['learn', 'missing.pcap'], 1, 'missing.pcap cannot be read: there is no such file'],
    [['check'], 2, "missing required argument 'address'"],
    [['eat'], 2, "unknown command 'eat'"],
    [['status', '--socket', '/nonexistent.sock'], 1, 'start it with `gluewall run`'],
  ])('%j ends with %i and says what to do', (args, status, said) => {
    const result = gluewall(...args);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(said);
    expect(result.stderr).not.toContain('    at ');
  });

  it('has help with an example for each command', () => {
    const commands = [['run'], ['status'], ['lookup'], ['check'], ['allow', 'add'], ['allow', 'remove']];
    for (const command of commands) {
      const { status, stdout } = gluewall(...command, '--help');
      expect(status).toBe(0);
      expect(stdout).toMatch(new RegExp(`Examples?:\n  gluewall ${command.join(' ')}`));
    }
  });

  it('names file, line and column of every mistake in the configuration', () => {
    const file = configFile('bad.yaml', 'mode: enforce\ninsde: {}\nhold:\n  time: 5x\n  packets: -1\n');
    const { status, stderr } = gluewall('run', '--config', file);
    expect(status).toBe(2);
    expect(stderr).toContain(`${file}:2:1: unknown key "insde"; did you mean "inside"?`);
    expect(stderr).toContain(`${file}:4:9: hold.time: "5x" is no duration`);
    expect(stderr).toContain(`${file}:5:12: hold.packets:`);
  });

  it('refuses to enforce without a direction', () => {
    const { status, stderr } = gluewall('run', '--config', configFile('enforce.yaml', '# two\nmode: enforce\n'));
    expect(status).toBe(2);
    expect(stderr).toContain('enforce.yaml:2:1: mode: enforce needs inside.networks and outside.ports');
  });

  it('names the line of a bad root hint', () => {
    configFile('root.hints', '; fine\n. 3600 NS a.root.\na.root. 3600 A 192.0.2.300\n');
    const { status, stderr } = gluewall('run', '--config', configFile('hints.yaml', 'root_hints: root.hints\n'));
    expect(status).toBe(2);
    expect(stderr).toContain('root.hints:3: not a root hint');
  });
});

describe('a running gluewall', () => {
  let running: GluewallProcess | undefined;
  const start = async (config: object) => {
    running = await GluewallProcess.start(mkdtempSync(join(directory, 'run-')), config);
    return running;
  };
  const listen = (port: number) => ({ openflow: { listen: `127.0.0.1:${port}` } });
  afterEach(() => running?.kill());

  it('answers the command line, in text and as JSON, with exit codes that tell', async () => {
    const { socketPath } = await start({ ...listen(0), allow: ['203.0.113.5'] });
    const ask = (...args: string[]) => gluewall(...args, '--socket', socketPath);
    expect(ask('check', '203.0.113.5')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^203\.0\.113\.5 is allowed by rule conf-\w+ \(in the configuration\) and pass\n(.*\n)+.*in the configuration {2}← decides/,
      ),
    });
    expect(ask('check', '203.0.113.6')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /^203\.0\.113\.6 is unknown and would block\n(.*\n)+.*not in the history {2}← decides/,
      ),
    });
    expect(ask('allow', 'add', '203.0.113.6', '--reason', 'test')).toMatchObject({ status: 0 });
    expect(ask('check', '203.0.113.6')).toMatchObject({ status: 0 });
    expect(ask('allow', 'remove', '203.0.113.6')).toMatchObject({ status: 0 });
    expect(ask('allow', 'remove', '203.0.113.6')).toMatchObject({ status: 1 });
    expect(ask('lookup', '198.41.0.4').stdout).toContain('198.41.0.4 is known and never expires');
    expect(JSON.parse(ask('lookup', '192.0.2.1', '--json').stdout)).toMatchObject({ known: false, triples: [] });
    expect(JSON.parse(ask('status', '--json').stdout)).toMatchObject({
      mode: { configured: 'monitor', inForce: 'monitor' },
    });
    expect(ask('status').stdout).toContain('mode.inForce: monitor\n');
  });

  it('finds its socket through the configuration, too', async () => {
    const { configPath, socketPath } = await start({
      ...listen(0),
      control: { socket: join(directory, 'other.sock') },
    });
    expect(socketPath).not.toBe(join(directory, 'other.sock'));
    expect(gluewall('status', '--config', configPath).status).toBe(1);
  });

  it('says how to connect a bridge, and warns of what that does to its flows', async () => {
    const { log } = await start(listen(16653));
    await until('both are said', 5000, () => (log.some(({ msg }) => msg.includes('removes all')) ? true : undefined));
    const said = log.map(({ msg }) => msg).join('\n');
    expect(said).toContain(
      'ovs-vsctl set bridge BRIDGE protocols=OpenFlow13 -- set-fail-mode BRIDGE secure -- set-controller BRIDGE tcp:127.0.0.1:16653',
    );
    expect(said).toContain('removes all its flows');
  });

  it('stops cleanly on SIGTERM and leaves no socket', async () => {
    const one = await start(listen(0));
    expect(await one.stop()).toBe(0);
    expect(gluewall('status', '--socket', one.socketPath).status).toBe(1);
  });

  it('refuses a port that is taken', async () => {
    await start(listen(16653));
    const file = configFile('second.yaml', 'openflow: {listen: "127.0.0.1:16653"}\n');
    const { status, stderr } = gluewall('run', '--config', file, '--socket', join(directory, 'second.sock'));
    expect(status).toBe(1);
    expect(existsSync(join(directory, 'second.sock'))).toBe(false);
    expect(stderr).toContain('cannot listen on 127.0.0.1:16653: another controller runs there');
  });

  it('refuses a socket name that Linux has no room for', async () => {
    const { status, stderr } = gluewall(
      'run',
      '--config',
      configFile('any.yaml', '{}'),
      '--socket',
      `/tmp/${'x'.repeat(120)}`,
    );
    expect(status).toBe(1);
    expect(stderr).toContain('longer than the 107 octets');
    expect(stderr).not.toContain('    at ');
  });

  it('ends quietly when the reader of its answer has had enough', async () => {
    const { socketPath } = await start(listen(0));
    const command = `${process.execPath} ${main} status --socket ${socketPath} | head -c 1`;
    const { stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 20_000 });
    expect(stderr).toBe('');
  });

  it('lives through garbage on its OpenFlow port', async () => {
    const one = await start(listen(16653));
    for (const bytes of [
      Buffer.alloc(30_000, 'GET / HTTP/1.1\r\n'),
      Buffer.alloc(70_000, 0xff),
      Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]),
    ]) {
      const socket = connect(16653, '127.0.0.1', () => socket.write(bytes));
      socket.resume().on('error', () => {});
      await new Promise((resolve) => socket.on('close', resolve));
    }
    // Strangers are told of once a second at most, with their number.
    const told = () =>
      one.log
        .flatMap(({ msg }) =>
          /^connection from .* ended: /.test(msg) ? [Number(/\((\d+) times/.exec(msg)?.[1] ?? 1)] : [],
        )
        .reduce((sum, count) => sum + count, 0);
    await until('three connections are told of', 5000, () => told() === 3 || undefined);
    expect((await one.status()).switches).toEqual([]);
  });

  it('without a configuration it listens, judges nothing, and says which keys to fill', async () => {
    const empty = mkdtempSync(join(directory, 'empty-'));
    const child = spawn(process.execPath, [main, 'run', '--socket', join(empty, 's.sock')], { cwd: empty });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until('the hint', 10_000, () => (said.includes('docs/configuration.md') ? true : undefined));
    child.kill('SIGTERM');
    await new Promise((resolve) => child.on('close', resolve));
    expect(said).toContain('no gluewall.yaml');
    expect(said).toContain('inside.networks, outside.ports and trusted_resolvers');
    expect(said).toContain('listening for switches on 127.0.0.1:6653');
    expect(said).toContain('nothing is judged');
  });
});
