import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { cookieOf, PIPELINE, ruleOf } from '../../../src/controller/pipeline.ts';
import { addFlow } from '../../../src/controller/reconcile.ts';
import { allowFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { FragmentFlag } from '../../../src/openflow/schema/constants.ts';
import { bridgePlace } from '../../../src/switches/bridge-place.ts';
import { ManagementConnection } from '../../../src/switches/management-connection.ts';
import { type PrimeSettings, primeBridge } from '../../../src/switches/prime-bridge.ts';
import { onlyGroup } from '../../support/default-group.ts';
import { FakeSwitch, type FakeSwitchOptions, FakeTables } from '../../support/fake-openflow-switch.ts';

const SETTINGS: PrimeSettings = {
  groupsOn: () => onlyGroup('ask'),
  onFailure: 'open',
  insideNetworks: [parseNetwork('192.0.2.0/24')!],
  trustedResolvers: [parseAddress('192.0.2.53')!],
  outsidePorts: ['outside', 'elsewhere', 1],
  learns: 'nothing',
  recordsAllowed: false,
  meterRates: new Map([
    [1, 1000],
    [2, 100],
  ]),
};
const { ask, failOpen, observe } = PIPELINE.verdict.entries;

let cleanUp: (() => Promise<void>) | undefined;
afterEach(() => cleanUp?.());

/** A connection to a fake switch with two ports, inside (1) and outside (2). */
async function connected(options: FakeSwitchOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  let fake: FakeSwitch | undefined;
  const server: Server = createServer((socket) => {
    fake = FakeSwitch.on(socket, options);
  });
  await new Promise<void>((resolve) => server.listen(join(directory, 'br0.mgmt'), resolve));
  const connection = await ManagementConnection.open(bridgePlace('br0', directory), systemClock);
  cleanUp = async () => {
    connection.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  };
  return { connection, fake: fake! };
}

const rulesOf = (tables: FakeTables) => new Set(tables.flows.map(({ cookie }) => ruleOf(cookie)));

it.each([
  ['ask', 'open', [failOpen], [ask, observe]],
  ['ask', 'closed', [ask], [failOpen, observe]],
  ['observe', 'open', [observe], [ask, failOpen]],
  ['observe', 'closed', [observe], [ask, failOpen]],
  ['none', 'closed', [], [ask, failOpen, observe]],
] as const)('%s with on_failure %s has flows that need no controller', async (treatment, onFailure, has, lacks) => {
  const groupsOn = () => (treatment === 'none' ? [] : onlyGroup(treatment));
  const { connection, fake } = await connected();
  const result = await primeBridge(connection, { ...SETTINGS, groupsOn, onFailure });
  const rules = rulesOf(fake.tables);
  for (const { rule } of has) expect(rules).toContain(rule);
  for (const { rule } of lacks) expect(rules).not.toContain(rule);
  expect(fake.tables.flows.map(({ hardTimeout }) => hardTimeout).filter((seconds) => seconds > 0)).toEqual([]);
  expect(result).toMatchObject({ flows: fake.tables.flows.length, changed: fake.tables.flows.length, verdictFlows: 0 });
  const again = await primeBridge(connection, { ...SETTINGS, groupsOn, onFailure });
  expect(again.changed).toBe(0);
});

it('asks for no packets, and says which outside ports are missing', async () => {
  const { connection, fake } = await connected({ datapathId: 0xabcn });
  const result = await primeBridge(connection, SETTINGS);
  expect(fake.ofType('setConfig')).toMatchObject([{ flags: FragmentFlag.NX_MATCH, missSendLen: 0 }]);
  expect(result).toMatchObject({ datapathId: '0000000000000abc', missingPorts: ['elsewhere'], hasMeters: true });
  const ports = fake.tables.flows.flatMap(({ match }) => match.filter((oxm) => oxm.field === 'in_port'));
  expect(ports.map((oxm) => 'value' in oxm && oxm.value)).toEqual([2, 1]);
  expect([...fake.tables.meters.keys()]).toEqual([1, 2]);
});

it('keeps the flows of verdicts while queries are judged, and takes them away when they are not', async () => {
  const tables = new FakeTables();
  const [client, destination] = [parseAddress('192.0.2.7')!, parseAddress('198.51.100.7')!];
  tables.apply(addFlow(allowFlow({ destination }, 300), 0x1234));
  tables.apply(addFlow(dropFlow({ client, destination }, 10), 0x1234));
  const { connection } = await connected({ tables });
  expect(await primeBridge(connection, SETTINGS)).toMatchObject({ verdictFlows: 2 });
  const { allow, drop } = PIPELINE.verdict.entries;
  expect(tables.flows.map(({ cookie }) => cookie)).toContain(cookieOf(0x1234, allow.rule));
  await primeBridge(connection, { ...SETTINGS, groupsOn: () => onlyGroup('observe') });
  expect(rulesOf(tables)).not.toContain(allow.rule);
  expect(rulesOf(tables)).not.toContain(drop.rule);
});

it('finds the ports of its groups by name', async () => {
  const { connection, fake } = await connected();
  const groupsOn = (ports: ReadonlyMap<string, number>) =>
    [...onlyGroup('ask'), ...onlyGroup('observe')].map((group, index) => ({
      ...group,
      id: index + 1,
      clients: [{ inPort: ports.get('inside')! }],
    }));
  await primeBridge(connection, { ...SETTINGS, groupsOn });
  const { groupDns } = PIPELINE.classify.entries;
  const entries = fake.tables.flows.filter(({ cookie }) => ruleOf(cookie) === groupDns.rule);
  expect(entries).toHaveLength(4);
  for (const { match } of entries) expect(match[0]).toEqual({ field: 'in_port', value: 1 });
  // One of them asks: what verdicts made is kept.
  fake.tables.apply(addFlow(allowFlow({ destination: parseAddress('198.51.100.7')! }, 300), 0x1234));
  expect(await primeBridge(connection, { ...SETTINGS, groupsOn })).toMatchObject({ verdictFlows: 1, changed: 0 });
});

it('does without meters and fragment mode where a switch has none, and says so', async () => {
  const { connection, fake } = await connected({ meters: 0, fragmentModes: [FragmentFlag.NORMAL] });
  const result = await primeBridge(connection, SETTINGS);
  expect(result).toMatchObject({ hasMeters: false, showsFragmentPorts: false });
  const instructions = fake.tables.flows.flatMap((flow) => flow.instructions.map(({ type }) => type));
  expect(instructions).not.toContain('meter');
});

it('fails when the switch refuses a flow', async () => {
  const { connection, fake } = await connected({ meters: 0, deafTo: ['barrierRequest'] });
  const primed = primeBridge(connection, SETTINGS).catch((error: unknown) => error);
  const { xid } = await fake.waitFor('barrierRequest');
  // The bundle was opened by the first of them, and filled by the others.
  const added = fake.ofType('experimenter').at(-1)!;
  fake.send({ type: 'error', xid: added.xid, errorType: 5, code: 1, data: Buffer.alloc(0) });
  fake.send({ type: 'barrierReply', xid });
  expect(await primed).toMatchObject({
    code: 'openflow-refused',
    message: 'the switch refused a flow of rule classify.other: OFPFMFC_TABLE_FULL',
  });
  expect(fake.tables.flows).toEqual([]);
});

it('fails when the switch goes away meanwhile', async () => {
  const { connection, fake } = await connected({ deafTo: ['multipartRequest'] });
  const primed = primeBridge(connection, SETTINGS).catch((error: unknown) => error);
  await fake.waitFor('multipartRequest');
  fake.disconnect();
  expect(await primed).toMatchObject({ code: 'openflow-request' });
});
