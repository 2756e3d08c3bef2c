/** Response rules that put hosts in quarantine: from the log of a resolver to the flows of a switch of the tests. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { GluewallProcess } from '../../mininet/gluewall-process.ts';
import { until } from '../../mininet/until.ts';
import { PIPELINE, ruleOf } from '../../src/controller/pipeline.ts';
import { formatAddress } from '../../src/core/address.ts';
import { eveFindingSchema } from '../../src/findings/eve-finding-schema.ts';
import type { FindingSummary, FindingView } from '../../src/services/finding-view.ts';
import type { QuarantineView } from '../../src/services/quarantine-services.ts';
import { botLog } from '../support/bot-log.ts';
import { FakeSwitch } from '../support/fake-openflow-switch.ts';
import { gluewall as runCommand } from '../support/gluewall-command.ts';

const PORT = 16689;
const SOON_MS = 30_000;
const [FIRST, SECOND, SPARED] = ['192.0.2.66', '192.0.2.67', '192.0.2.68'] as const;
const OTHERS = Array.from({ length: 20 }, (_, index) => `192.0.2.${100 + index}`);
const RULE = { findings: ['infected-host'], min_score: 0.5, action: 'quarantine-dns', for: '1h' };

let folder: string;
let running: GluewallProcess;
let bridge: FakeSwitch;

const settings = (response: object) => ({
  openflow: { listen: `127.0.0.1:${PORT}` },
  inside: { networks: ['192.0.2.0/24'] },
  outside: { ports: [2] },
  trusted_resolvers: ['192.0.2.53'],
  behaviour: { round: '1s', hosts: 1000, pairs: 100_000 },
  eve: { file: join(folder, 'eve.json') },
  querylog: { sources: [{ name: 'unbound', file: join(folder, 'unbound.log'), format: 'unbound', zone: 'UTC' }] },
  response,
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-rules-'));
  const bots = [FIRST, SECOND, SPARED];
  const log = botLog({ untilMs: Date.now(), bots, others: OTHERS, command: 'k7f3q9z.example' });
  writeFileSync(join(folder, 'unbound.log'), log);
});

afterEach(async () => {
  bridge?.disconnect();
  await running?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function start(response: object, tables = {}): Promise<void> {
  running = await GluewallProcess.start(folder, settings(response));
  bridge = await FakeSwitch.connect(PORT, tables);
  await running.ready();
}

const type = (...args: string[]) =>
  runCommand(process.env, ...args, '--config', running.configPath, '--socket', running.socketPath);
const typeForJson = async <V>(...args: string[]) => JSON.parse((await type(...args, '--json')).stdout) as V;
const infected = () => typeForJson<FindingSummary[]>('findings', '--kind', 'infected-host');

async function reload(response: object): Promise<void> {
  const store = { file: join(folder, 'gluewall.db') };
  writeFileSync(running.configPath, stringify({ store, ...settings(response) }));
  expect(await type('reload')).toMatchObject({ status: 0, stderr: '' });
}

/** Hosts whose packets a switch drops, by its flows. */
function dropped(): string[] {
  const flows = bridge.tables.flows.filter(
    ({ cookie }) => ruleOf(cookie) === PIPELINE.classify.entries.quarantine.rule,
  );
  const hosts = flows.flatMap(({ match }) =>
    match.flatMap((oxm) => (oxm.field === 'ipv4_src' ? [formatAddress(oxm.value)] : [])),
  );
  return [...new Set(hosts)].sort();
}

const whenDropped = (...hosts: string[]) =>
  until(`quarantine of ${hosts.join(', ') || 'nobody'}`, SOON_MS, () => dropped().join() === hosts.join() || undefined);

it('a rule that comes takes the hosts of findings, once, and people let them go', { timeout: 120_000 }, async () => {
  await start({});
  const findings = await until('the findings', SOON_MS, async () => {
    const found = await infected();
    return found.length === 3 ? found : undefined;
  });
  expect(dropped()).toEqual([]);
  await reload({ rules: [RULE], never: [`${SPARED}/32`] });
  await whenDropped(FIRST, SECOND);
  const id = findings.find(({ subject }) => subject === FIRST)!.id;
  const { changes } = await typeForJson<FindingView>('findings', 'show', id);
  expect(changes.at(-1)).toMatchObject({
    by: 'rule 1',
    text: expect.stringMatching(/^in quarantine \(its DNS\) until \S+Z by rule 1, at score 0\.\d{4}$/),
  });
  const orders = await typeForJson<QuarantineView[]>('quarantine', 'list');
  expect(orders.map(({ host, scope, owner }) => `${host} ${scope} ${owner}`).sort()).toEqual([
    `${FIRST} dns rule`,
    `${SECOND} dns rule`,
  ]);
  expect(running.log).toContainEqual(expect.objectContaining({ level: 'warn', alarm: 'quarantine', host: FIRST }));
  const told = await until('news in eve.json', SOON_MS, () => {
    const lines = readFileSync(join(folder, 'eve.json'), 'utf8').split('\n').slice(0, -1);
    return lines
      .map((line) => JSON.parse(line))
      .find(({ finding }) => finding?.id === id && finding.news === 'response');
  });
  expect(eveFindingSchema.parse(told).finding).toMatchObject({ by: 'rule 1', change: changes.at(-1)!.text });

  expect((await type('findings', 'close', id, '--as', 'mistake', '--reason', 'a scanner of ours')).status).toBe(0);
  await whenDropped(SECOND);
  expect((await type('quarantine', 'end', SECOND)).status).toBe(0);
  await whenDropped();
  await reload({ rules: [{ ...RULE, for: '2h' }] });
  await whenDropped(SPARED);
});

it('what a rule began is known after a restart, and ends with its finding', { timeout: 120_000 }, async () => {
  const response = { rules: [RULE], most_hosts: 1 };
  await start(response);
  const { hosts } = await until('one quarantine', SOON_MS, () =>
    dropped().length === 1 ? { hosts: dropped() } : undefined,
  );
  await running.stop();
  const { tables } = bridge;
  await start(response, { tables });
  const [order] = await until('it is found', SOON_MS, async () => {
    const found = await typeForJson<QuarantineView[]>('quarantine', 'list');
    return found.length > 0 ? found : undefined;
  });
  expect(order).toMatchObject({ host: hosts[0], owner: '' });
  const [finding] = await typeForJson<FindingSummary[]>('findings', '--host', hosts[0]!, '--kind', 'infected-host');
  expect((await type('findings', 'close', finding!.id, '--as', 'resolved', '--reason', 'cleaned')).status).toBe(0);
  await until('it is let go', SOON_MS, () => !dropped().includes(hosts[0]!) || undefined);
});
