/** The query log of a gluewall that runs: what comes into it, and that it is asked over the control socket. */
import { createSocket } from 'node:dgram';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as dnsPacket from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { resultOf } from '../../src/control/answer.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { cookieOf, PIPELINE } from '../../src/controller/pipeline.ts';
import { composeControl } from '../../src/dnstap/frame-streams.ts';
import { NO_BUFFER } from '../../src/openflow/schema/constants.ts';
import type { SourceView } from '../../src/services/log-services.ts';
import type { EntryView } from '../../src/services/log-view.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { composeData, composeDnstap } from '../support/dnstap-frames.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';
import { composeFrame } from '../support/frames.ts';
import { gluewall as runCommand } from '../support/gluewall-command.ts';

const PORT = 16684;
const SYSLOG_PORT = 16685;
const SOON_MS = 15_000;

let folder: string;
let running: GluewallProcess | undefined;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-log-'));
});

afterEach(async () => {
  await running?.kill();
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const settings = (querylog: object, others: object = {}) => ({
  openflow: { listen: '127.0.0.1:0' },
  querylog,
  ...others,
});

async function start(querylog: object, others: object = {}): Promise<GluewallProcess> {
  running = await GluewallProcess.start(folder, settings(querylog, others));
  return running;
}

type Search = Omit<Extract<ControlRequest, { readonly operation: 'log search' }>, 'operation' | 'limit'>;

async function entries(search: Search = {}): Promise<EntryView[]> {
  const found: EntryView[] = [];
  const request = { operation: 'log search', limit: 10_000, ...search } as const;
  for await (const entry of askControl(running!.socketPath, request)) found.push(entry as EntryView);
  return found;
}

/** Waits until so many are found. */
const whenThere = (count: number, search: Search = {}) =>
  until(`${count} entries`, SOON_MS, async () => {
    const found = await entries(search);
    return found.length >= count ? found : undefined;
  });

async function sources(): Promise<SourceView[]> {
  const found: SourceView[] = [];
  for await (const source of askControl(running!.socketPath, { operation: 'log sources', gapMs: 3_600_000 })) {
    found.push(source as SourceView);
  }
  return found;
}

/** A line that BIND writes now. */
function bindLine(name: string): string {
  const [day, time] = new Date().toISOString().replace('Z', '').split('T') as [string, string];
  const [year, month, date] = day.split('-') as [string, string, string];
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const written = `${date}-${months[Number(month) - 1]}-${year} ${time}`;
  return `${written} queries: info: client @0x7f2c04000b01 192.0.2.1#53211 (${name}): query: ${name} IN A +E(0)K (192.0.2.53)\n`;
}

const bindLines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => bindLine(`h${from + index}.example.com`)).join('');

describe('what the gate does not let pass', () => {
  it.each([
    ['monitor', 'would block'],
    ['enforce', 'blocked'],
  ] as const)('enters the log in mode %s, marked %s', async (mode, mark) => {
    await start(
      {},
      {
        mode,
        warmup: 0,
        inside: { networks: ['192.0.2.0/24'] },
        outside: { ports: [2] },
        openflow: { listen: `127.0.0.1:${PORT}` },
      },
    );
    const fake = await FakeSwitch.connect(PORT);
    await running!.ready();
    const data = composeFrame(composeQuery('www.bank.test'), { source: '192.0.2.10', destination: '203.0.113.8' });
    const { entries: verdict } = PIPELINE.verdict;
    const entry = mode === 'monitor' ? PIPELINE.copy.entries.observed : verdict.ask;
    const tableId = mode === 'monitor' ? 3 : 1;
    const match = [{ field: 'in_port', value: 1 }] as const;
    const common = { bufferId: NO_BUFFER, totalLen: data.length, reason: 1, tableId, match, data };
    fake.send({ type: 'packetIn', xid: 0, cookie: cookieOf(7, entry.rule), ...common });
    const found = await whenThere(1, { name: 'WWW.bank.test' });
    expect(found).toMatchObject([
      { client: '192.0.2.10', name: 'www.bank.test', type: 'A', server: '203.0.113.8', source: 'gate', mark },
    ]);
  });
});

it('what switches copy enters the log where it is to, a query and its response as one', async () => {
  const others = {
    inside: { networks: ['192.0.2.0/24'] },
    outside: { ports: [2] },
    trusted_resolvers: ['192.0.2.2'],
    openflow: { listen: `127.0.0.1:${PORT}`, learn: true },
  };
  await start({ capture: true }, others);
  const fake = await FakeSwitch.connect(PORT);
  await running!.ready();
  const copy = (entry: keyof typeof PIPELINE.copy.entries, inPort: number, data: Buffer) => {
    const match = [{ field: 'in_port', value: inPort }] as const;
    const { rule } = PIPELINE.copy.entries[entry];
    const common = { bufferId: NO_BUFFER, totalLen: data.length, reason: 1, tableId: 3, match, data };
    fake.send({ type: 'packetIn', xid: 0, cookie: cookieOf(7, rule), ...common });
  };
  const [resolver, server] = ['192.0.2.2', '203.0.113.53'];
  copy('query', 1, composeFrame(composeQuery('www.copied.example', 77), { source: resolver, destination: server }));
  const response = dnsPacket.encode({
    type: 'response',
    id: 77,
    questions: [{ name: 'www.copied.example', type: 'A' }],
    answers: [{ name: 'www.copied.example', type: 'A', ttl: 60, data: '198.51.100.7' }],
  });
  const ports = { sourcePort: 53, destinationPort: 40_000 };
  copy('response', 2, composeFrame(response, { source: server, destination: resolver, ...ports }));
  const found = await whenThere(1, { answer: '198.51.100.7' });
  expect(found).toMatchObject([
    { client: resolver, name: 'www.copied.example', responseCode: 'NOERROR', server, source: 'capture', mark: null },
  ]);
});

describe('a file', () => {
  const followed = { sources: [{ name: 'ns1', file: 'q.log', zone: 'UTC' }] };

  it('is read through a rotation and kill -9, each line once', async () => {
    writeFileSync(at('q.log'), bindLines(0, 500));
    await start(followed);
    await whenThere(500);
    appendFileSync(at('q.log'), bindLines(500, 1000));
    await running!.kill();
    appendFileSync(at('q.log'), bindLines(1000, 1500));
    renameSync(at('q.log'), at('q.log.1'));
    writeFileSync(at('q.log'), bindLines(1500, 2000));
    await start(followed);
    await whenThere(1500);
    await running!.kill();
    await start(followed);
    appendFileSync(at('q.log'), bindLines(2000, 2500));
    const found = await whenThere(2500);
    await running!.stop();
    expect(found).toHaveLength(2500);
    expect(new Set(found.map(({ name }) => name)).size).toBe(2500);
  });

  it('is taken up, and left, by a reload', async () => {
    writeFileSync(at('a.log'), bindLines(0, 3));
    writeFileSync(at('b.log'), bindLines(10, 14));
    const store = { file: at('gluewall.db') };
    await start({ sources: [{ name: 'a', file: 'a.log' }] });
    await whenThere(3);
    const after = settings({ sources: [{ name: 'b', file: 'b.log' }] });
    writeFileSync(running!.configPath, stringify({ store, ...after }));
    const told = await resultOf(askControl(running!.socketPath, { operation: 'reload', isTrial: false }));
    expect(JSON.stringify(told)).toContain('querylog.sources');
    await whenThere(7);
    appendFileSync(at('a.log'), bindLines(3, 5));
    appendFileSync(at('b.log'), bindLines(14, 15));
    await whenThere(8);
    const read = (await sources()).filter(({ reading }) => reading !== null).map(({ source }) => source);
    expect(read).toEqual(['b']);
    expect(await entries({ source: 'a' })).toHaveLength(3);
  });

  it('that is not there, or is none, is said and waited for', async () => {
    mkdirSync(at('folder'));
    await start({
      sources: [
        { name: 'late', file: 'late.log' },
        { name: 'folder', file: 'folder' },
      ],
    });
    await running!.logged('the missing file', 0, ({ msg }) => /late\.log is not there/.test(msg));
    const problems = await until('problems', SOON_MS, async () => {
      const told = (await sources()).map(({ source, reading }) => [source, reading?.problem]);
      return told.every(([, problem]) => problem) ? told : undefined;
    });
    expect(problems).toEqual([
      ['folder', `${at('folder')} is a folder, and no file`],
      ['late', `${at('late.log')} is not there`],
    ]);
    writeFileSync(at('late.log'), bindLines(0, 2));
    expect(await whenThere(2)).toHaveLength(2);
  });
});

it('syslog and dnstap enter the log, each sender as a source', async () => {
  await start(
    {
      sources: [
        { name: 'campus', syslog: `udp:127.0.0.1:${SYSLOG_PORT}` },
        { name: 'lab', syslog: `unix:${at('s.sock')}` },
      ],
    },
    { dnstap: { listen: at('dnstap.sock') } },
  );
  await running!.logged('the socket', 0, ({ msg }) => msg.includes('listening for syslog on unix:'));
  const now = new Date().toISOString();
  const body = (name: string) => `client @0x7f2c04000b01 192.0.2.1#53211 (${name}): query: ${name} IN A + (192.0.2.53)`;
  const udp = createSocket('udp4');
  udp.send(`<30>1 ${now} ns1 named 123 - - ${body('udp.example')}`, SYSLOG_PORT, '127.0.0.1', () => udp.close());
  connect(at('s.sock')).end(`<30>1 ${now} ns2 named 123 - - ${body('unix.example')}\n`);
  const fields = {
    type: 5,
    queryAddress: '192.0.2.77',
    queryPort: 5353,
    responseAddress: '192.0.2.53',
    responsePort: 53,
    queryAtMs: Date.now(),
    queryMessage: composeQuery('tapped.example'),
  };
  const start1 = composeControl('start', 'protobuf:dnstap.Dnstap');
  connect(at('dnstap.sock')).end(
    Buffer.concat([start1, composeData(composeDnstap(fields)), composeData(Buffer.from('x'))]),
  );
  const found = await whenThere(3);
  expect(found.map(({ source, name, client }) => [source, name, client]).sort()).toEqual([
    ['campus/ns1', 'udp.example', '192.0.2.1'],
    ['dnstap/resolver-1', 'tapped.example', '192.0.2.77'],
    ['lab/ns2', 'unix.example', '192.0.2.1'],
  ]);
  const refused = (await sources()).find(({ reading }) => Object.keys(reading?.refused ?? {}).length > 0);
  expect(refused?.source).toMatch(/^dnstap/);
});

it('an import beside it is found in it, and by it', async () => {
  await start({ sources: [{ name: 'ns1', file: 'q.log' }] });
  writeFileSync(at('old.log'), bindLines(0, 5));
  writeFileSync(at('q.log'), bindLines(5, 8));
  const { stdout } = await runCommand(process.env, 'log', 'import', at('old.log'), '--config', running!.configPath);
  expect(stdout).toContain('5 entries taken in as old.log');
  expect(await whenThere(8)).toHaveLength(8);
  const taken = ['log', 'import', at('old.log'), '--source', 'ns1', '--config', running!.configPath];
  expect((await runCommand(process.env, ...taken)).stderr).toContain('read by gluewall while it runs');
});

it('a log that cannot be kept keeps nobody from anything, is said, and kept when it can be', async () => {
  writeFileSync(at('q.log'), bindLines(0, 5));
  writeFileSync(at('log'), 'this is no folder');
  await start({ folder: 'log', sources: [{ name: 'ns1', file: 'q.log' }] });
  await running!.logged('the problem', 0, ({ level, msg }) => level !== 'info' && msg.includes(at('log')));
  await expect(entries()).rejects.toMatchObject({ code: expect.stringMatching(/^store-/) });
  expect((await running!.status()).mode.inForce).toBe('monitor');
  rmSync(at('log'));
  expect(await whenThere(5)).toHaveLength(5);
});

it('does not begin without the key that clients are to be anonymised with', async () => {
  writeFileSync(at('key'), 'too short');
  await expect(start({ anonymise: { key_file: 'key' } })).rejects.toThrow(/openssl rand/);
});
