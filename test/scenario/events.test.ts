/** A verdict on its way out: to the store, to those who follow, to eve.json. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { cookieOf, PIPELINE } from '../../src/controller/pipeline.ts';
import type { EveRecord } from '../../src/events/eve.ts';
import { NO_BUFFER } from '../../src/openflow/schema/constants.ts';
import { runGluewall } from '../support/command-line.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';
import { composeFrame } from '../support/frames.ts';

const PORT = 16655;
const { ask } = PIPELINE.verdict.entries;

let directory: string;
let gluewall: GluewallProcess;
let fake: FakeSwitch;

const eveFile = () => join(directory, 'eve.json');

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  gluewall = await GluewallProcess.start(directory, {
    mode: 'enforce',
    warmup: 0,
    hold: { time: 0 },
    inside: { networks: ['192.0.2.0/24'] },
    outside: { ports: [2] },
    openflow: { listen: `127.0.0.1:${PORT}` },
    control: { socket: join(directory, 'control.sock') },
    store: { file: join(directory, 'gluewall.db'), flush: '100ms' },
    eve: { file: eveFile() },
  });
  fake = await FakeSwitch.connect(PORT);
  await gluewall.ready();
});

afterEach(async () => {
  await gluewall.kill();
  rmSync(directory, { recursive: true, force: true });
});

const command = (...args: string[]) => runGluewall(directory, args);

/** A client asks a server that nobody knows. */
function query(client: string, name = 'www.bank.test', destination = '203.0.113.8'): void {
  const data = composeFrame(composeQuery(name), { source: client, destination });
  const match = [{ field: 'in_port', value: 1 }] as const;
  const common = { bufferId: NO_BUFFER, totalLen: data.length, reason: 1, tableId: 1, match, data };
  fake.send({ type: 'packetIn', xid: 0, cookie: cookieOf(7, ask.rule), ...common });
}

const eveRecords = (file = eveFile()): EveRecord[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const kept = (...filters: string[]): EveRecord[] =>
  command('events', '--json', ...filters)
    .stdout.split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

it('is kept, filtered and shown, also after kill -9; a hostile name reaches no terminal', async () => {
  query('192.0.2.10');
  query('192.0.2.11', '\u001b[31mred\u0007.test', '203.0.113.9');
  await until('both are kept', 5000, () => (kept().length === 2 ? true : undefined));
  expect(kept('--client', '192.0.2.11')).toMatchObject([
    {
      dest_ip: '203.0.113.9',
      verdict: { action: 'block', reason: 'unknown', scope: ['destination'], rule: null },
      packets_at_least: 1,
    },
  ]);
  expect(kept('--destination', '203.0.113.8')).toHaveLength(1);
  expect(kept('--since', '1h')).toHaveLength(2);
  expect(kept('--since', '2100-01-01T00:00:00Z')).toHaveLength(0);
  expect(kept('--limit', '1')).toMatchObject([{ src_ip: '192.0.2.11' }]);
  const { stdout } = command('events');
  expect(stdout).toContain('192.0.2.10:40000 → 203.0.113.8 UDP  www.bank.test A  203.0.113.8 is unknown and block');
  expect(stdout).toContain('\\027[31mred\\007.test');
  expect(stdout).not.toContain('\u001b');
  await gluewall.kill();
  expect(kept()).toHaveLength(2);
});

it('is followed as it happens, until Ctrl-C', async () => {
  query('192.0.2.10');
  await until('it is kept', 5000, () => (kept().length === 1 ? true : undefined));
  const main = repositoryPath('dist', 'src', 'cli', 'main.js');
  const follower = spawn(process.execPath, [main, 'events', '--follow', '--json'], { cwd: directory });
  const shown: EveRecord[] = [];
  createInterface({ input: follower.stdout }).on('line', (line) => shown.push(JSON.parse(line)));
  await until('the kept one is shown', 10_000, () => (shown.length === 1 ? true : undefined));
  query('192.0.2.11');
  await until('the new one is shown', 5000, () => (shown.length === 2 ? true : undefined));
  expect(shown.map(({ src_ip }) => src_ip)).toEqual(['192.0.2.10', '192.0.2.11']);
  const ended = new Promise((resolve) => follower.once('close', resolve));
  follower.kill('SIGINT');
  expect(await ended).toBe(0);
});

it('is followed by name and group: what is not asked for is not shown', async () => {
  const main = repositoryPath('dist', 'src', 'cli', 'main.js');
  const wanted = ['--name', 'Evil.test', '--group', 'default', '--verdict', 'block'];
  const follower = spawn(process.execPath, [main, 'events', '--follow', '--json', ...wanted], { cwd: directory });
  const shown: EveRecord[] = [];
  createInterface({ input: follower.stdout }).on('line', (line) => shown.push(JSON.parse(line)));
  query('192.0.2.10', 'c2.evil.test');
  query('192.0.2.11', 'notevil.test');
  await until('the first is shown', 10_000, () => (shown.length === 1 ? true : undefined));
  query('192.0.2.12', 'notevil.test');
  query('192.0.2.13', 'EVIL.test');
  await until('the last is shown', 5000, () => (shown.length === 2 ? true : undefined));
  expect(shown.map(({ dns }) => dns.rrname)).toEqual(['c2.evil.test', 'EVIL.test']);
  const ended = new Promise((resolve) => follower.once('close', resolve));
  follower.kill('SIGINT');
  expect(await ended).toBe(0);
  const among = (...filters: string[]) => kept(...filters).map(({ src_ip }) => src_ip);
  expect(among('--name', 'evil.test')).toEqual(['192.0.2.10', '192.0.2.13']);
  expect(among('--name', 'test', '--until', '2000-01-01T00:00:00Z')).toEqual([]);
});

it('goes to eve.json in the form of its schema, into a new file after a rotation and SIGHUP', async () => {
  query('192.0.2.10');
  await until('it is written', 5000, () => (eveRecords().length === 1 ? true : undefined));
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);
  const schema = JSON.parse(readFileSync(repositoryPath('docs', 'events', 'dns_verdict.schema.json'), 'utf8'));
  const isValid = ajv.compile(schema);
  expect(isValid(eveRecords()[0]), ajv.errorsText(isValid.errors)).toBe(true);
  expect(eveRecords()[0]).toMatchObject({ event_type: 'dns_verdict', src_ip: '192.0.2.10', switch: { in_port: 1 } });
  renameSync(eveFile(), `${eveFile()}.1`);
  process.kill(gluewall.pid!, 'SIGHUP');
  await gluewall.logged('SIGHUP', 0, ({ msg }) => msg.includes('SIGHUP'));
  query('192.0.2.11');
  await until('the new file has it', 5000, () => {
    try {
      return eveRecords().length === 1 ? true : undefined;
    } catch {
      return undefined;
    }
  });
  expect(eveRecords(`${eveFile()}.1`)).toHaveLength(1);
});
