/** What outlives the process, as operators see it: gluewall is started, killed and asked in between. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import type { RuleView } from '../../src/services/rule-services.ts';
import { runGluewall } from '../support/command-line.ts';

const SERVER = '198.51.100.21';

let directory: string;
let running: GluewallProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
});

afterEach(async () => {
  await running?.kill();
  running = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const config = () => ({
  openflow: { listen: '127.0.0.1:0' },
  control: { socket: join(directory, 'control.sock') },
  mode: 'enforce',
  warmup: '48h',
  inside: { networks: ['192.0.2.0/24'] },
  outside: { ports: [1] },
  allow: ['203.0.113.5'],
  store: { file: join(directory, 'gluewall.db'), flush: '100ms' },
});

async function start(): Promise<GluewallProcess> {
  running = await GluewallProcess.start(directory, config());
  return running;
}

/** Writes the configuration where `start` does, for commands before the first start. */
async function configure(): Promise<void> {
  await (await start()).stop();
  running = undefined;
  rmSync(join(directory, 'gluewall.db'), { force: true });
}

const gluewall = (...args: string[]) => runGluewall(directory, args);
const ask = (...args: string[]) => JSON.parse(gluewall(...args, '--json').stdout);

/** A row that is known for an hour, in the form of `history export`. */
function row(fields: object = {}): string {
  const at = (shiftMs: number) => new Date(Date.now() + shiftMs).toISOString();
  return JSON.stringify({
    zone: 'corp.example',
    nameServer: 'ns1.corp.example',
    address: SERVER,
    origin: 'learned',
    trust: 'high',
    firstSeen: at(-1000),
    lastSeen: at(-1000),
    expires: at(3600_000),
    taughtBy: null,
    ...fields,
  });
}

function importRows(...rows: string[]) {
  writeFileSync(join(directory, 'history.jsonl'), `${rows.join('\n')}\n`);
  return gluewall('history', 'import', 'history.jsonl');
}

describe('a history', () => {
  it('imported before the first start is known from the start, and warm-up is over', async () => {
    await configure();
    expect(importRows(row())).toMatchObject({ status: 0, stdout: expect.stringContaining('1 triples taken') });
    const gluewallNow = await start();
    expect((await gluewallNow.lookup(SERVER)).known).toBe(true);
    expect((await gluewallNow.status()).mode.inForce).toBe('enforce');
  });

  it('imported while it runs is known at once, outlives kill -9, and is asked for at rest', async () => {
    const first = await start();
    expect((await first.status()).mode.inForce).toBe('monitor');
    expect(importRows(row())).toMatchObject({ status: 0, stdout: expect.stringContaining('warm-up is over') });
    expect((await first.lookup(SERVER)).known).toBe(true);
    await first.logged('enforcing', 0, ({ msg }) => msg.includes('warm-up is over'));
    await until('it is written', 5000, () => (ask('status').store.writtenTriples > 0 ? true : undefined));
    await first.kill();
    expect(existsSync(first.socketPath)).toBe(true);
    expect(gluewall('lookup', SERVER)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('ns1.corp.example'),
    });
    expect(gluewall('lookup', 'corp.example').status).toBe(0);
    const second = await start();
    expect((await second.lookup(SERVER)).known).toBe(true);
    expect((await second.status()).mode.inForce).toBe('enforce');
  });

  it('that has expired by the start is left out', async () => {
    await configure();
    const soon = new Date(Date.now() + 1500).toISOString();
    importRows(row({ expires: soon }), row({ zone: 'stays.example', address: '198.51.100.22' }));
    await until('it has expired', 5000, () => (Date.now() > Date.parse(soon) ? true : undefined));
    const gluewallNow = await start();
    expect((await gluewallNow.lookup(SERVER)).known).toBe(false);
    expect((await gluewallNow.lookup('198.51.100.22')).known).toBe(true);
  });

  it('exported and imported as CSV is the same', async () => {
    await configure();
    const hostile = row({ zone: '\\027[31m\\000.example', nameServer: '=cmd.example', address: '2001:db8::21' });
    importRows(row(), hostile);
    const before = gluewall('history', 'export').stdout;
    expect(gluewall('history', 'export', '--format', 'csv', '--output', 'history.csv').status).toBe(0);
    rmSync(join(directory, 'gluewall.db'));
    expect(gluewall('history', 'import', 'history.csv')).toMatchObject({ status: 0, stderr: '' });
    expect(gluewall('history', 'export').stdout.split('\n').sort()).toEqual(before.split('\n').sort());
    expect(before.split('\n')).toHaveLength(3);
  });

  it('with bad rows: each is told with its line, the good ones are taken', async () => {
    await configure();
    const { status, stdout, stderr } = importRows(
      row(),
      'no json',
      row({ address: '192.0.2.300' }),
      '[]',
      row({ expires: 'soon' }),
    );
    expect(status).toBe(1);
    expect(stdout).toContain('1 triples taken');
    expect(stdout).toContain('4 rows could not be read');
    expect(stderr).toContain('history.jsonl:2: no JSON');
    expect(stderr).toContain('history.jsonl:3: address: "192.0.2.300" is no IPv4 or IPv6 address');
    expect(gluewall('lookup', SERVER).status).toBe(0);
  });

  it('with a line that never ends is given up, with what came before taken', async () => {
    await configure();
    const { status, stderr } = importRows(row(), 'x'.repeat(1024 * 1024));
    expect(status).toBe(1);
    expect(stderr).toContain('line 2 is longer than');
  });
});

describe('rules of commands', () => {
  it('outlive kill -9 with reason, owner and end', async () => {
    const first = await start();
    const add = gluewall('allow', 'add', '203.0.113.6', '--reason', 'ticket 4711', '--expires', '8h');
    expect(add).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^in force from now on until .*: allow to 203\.0\.113\.6 /),
    });
    await first.kill();
    await start();
    expect(gluewall('check', '203.0.113.6')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('(to 203.0.113.6): ticket 4711  ← decides'),
    });
    const rules: readonly RuleView[] = ask('allow', 'list');
    expect(rules.map(({ match, origin }) => [match.to, origin])).toEqual([
      ['203.0.113.5', 'configuration'],
      ['203.0.113.6', 'command'],
    ]);
    expect(rules[1]).toMatchObject({ reason: 'ticket 4711', expires: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  it('end by themselves', async () => {
    await start();
    expect(gluewall('allow', 'add', '203.0.113.6', '--reason', 'a moment', '--expires', '2s').status).toBe(0);
    expect(gluewall('check', '203.0.113.6').status).toBe(0);
    await until('it has ended', 10_000, () => (gluewall('check', '203.0.113.6').status === 1 ? true : undefined));
    expect(ask('allow', 'list')).toHaveLength(1);
  });

  it('are changed at rest', async () => {
    await configure();
    expect(gluewall('allow', 'add', '203.0.113.6', '--reason', 'before the start').status).toBe(0);
    expect(gluewall('allow', 'remove', '203.0.113.5')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('stands in the configuration: change it there'),
    });
    await start();
    expect(gluewall('check', '203.0.113.6').status).toBe(0);
    expect(gluewall('allow', 'remove', '203.0.113.6').status).toBe(0);
    await running?.stop();
    expect(gluewall('check', '203.0.113.6').status).toBe(1);
  });

  it('want a reason', async () => {
    const { status, stderr } = gluewall('allow', 'add', '203.0.113.6');
    expect(status).toBe(2);
    expect(stderr).toContain('--reason');
  });
});

describe('the store', () => {
  it('that is damaged is set aside, with a message, and warm-up starts again', async () => {
    await configure();
    importRows(row());
    writeFileSync(join(directory, 'gluewall.db'), 'this is no database, and long enough to look at'.repeat(100));
    const gluewallNow = await start();
    const said = await gluewallNow.logged('set aside', 0, ({ msg }) => msg.includes('set aside'));
    expect(said.level).toBe('error');
    expect(readdirSync(directory).some((file) => /gluewall\.db\.corrupt-/.test(file))).toBe(true);
    expect((await gluewallNow.lookup(SERVER)).known).toBe(false);
    expect((await gluewallNow.status()).mode.inForce).toBe('monitor');
  });

  it('of a running gluewall is refused to a second one, and to a command that finds no socket', async () => {
    await start();
    writeFileSync(
      join(directory, 'second.yaml'),
      `store: {file: ${join(directory, 'gluewall.db')}}\nopenflow: {listen: "127.0.0.1:0"}\ncontrol: {socket: ${join(directory, 'second.sock')}}\n`,
    );
    for (const command of [['run'], ['lookup', SERVER]]) {
      const { status, stderr } = gluewall(...command, '--config', 'second.yaml');
      expect(status, command[0]).toBe(1);
      expect(stderr, command[0]).toMatch(/gluewall\.db is in use by another process/);
      expect(stderr).not.toContain('    at ');
    }
  });

  it('at rest says of a verdict what a running gluewall would: in warm-up it is only told', async () => {
    await (await start()).stop();
    expect(ask('check', SERVER)).toMatchObject({ verdict: 'block', enforced: false });
    expect(importRows(row({ zone: 'other.example', address: '198.51.100.22' })).status).toBe(0);
    expect(ask('check', SERVER)).toMatchObject({ verdict: 'block', enforced: true });
  });

  it('is not made by a mere question', async () => {
    await configure();
    const { status, stderr } = gluewall('lookup', SERVER);
    expect(status).toBe(1);
    expect(stderr).toContain('no store');
    expect(existsSync(join(directory, 'gluewall.db'))).toBe(false);
  });
});
