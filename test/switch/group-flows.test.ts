/** Flows of groups and of verdicts of every scope, kept in step with Open vSwitch, and a bypass that nobody ends. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { type BaseSettings, baseFlows } from '../../src/controller/base-flows.ts';
import type { FlowScope } from '../../src/controller/flow-scope.ts';
import { type Flow, PIPELINE } from '../../src/controller/pipeline.ts';
import {
  allowFlow,
  bypassFlow,
  dropClientFlow,
  dropFlow,
  readVerdictFlow,
  type VerdictFlow,
} from '../../src/controller/verdict-flows.ts';
import { parseNetwork } from '../../src/core/address.ts';
import { ControllerRig } from '../support/controller-rig.ts';
import { onlyGroup } from '../support/default-group.ts';
import { describeIf } from '../support/describe-if.ts';
import { allowScope, clientScope, dropScope } from '../support/flow-scopes.ts';
import { composeFrame } from '../support/frames.ts';
import { PASS_MARKER, VethBridge } from '../support/veth-bridge.ts';

const WAIT_MS = 20_000;
const BYPASS_SECONDS = 4;
const network = (text: string) => ({ network: parseNetwork(text)! });

const SETTINGS: Omit<BaseSettings, 'meters'> = {
  groups: [
    { id: 7, clients: [{ inPort: 2 }, { mac: 0x02000000000a }, { mac: 0x02000000000a }], treatment: 'ask' },
    {
      id: 0xffff,
      clients: ['192.0.2.64/26', '192.0.2.7/32', '0.0.0.0/0', '2001:db8:0:1::/64', '2001:db8::7/128'].map(network),
      treatment: 'observe',
    },
    ...onlyGroup('ask'),
  ],
  onFailure: 'closed',
  insideNetworks: [],
  trustedResolvers: [],
  outsidePorts: [],
  learns: 'nothing',
  recordsAllowed: true,
};

describeIf(['root', 'namespaces', 'openVswitch'], 'flows of groups, kept in step with Open vSwitch', () => {
  let bridge: VethBridge;
  let rig: ControllerRig;

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());
  beforeEach(async () => {
    await bridge.recreate();
    rig = new ControllerRig();
    rig.rates.set(6, 1000);
    rig.base = ({ hasMeters }) => baseFlows({ ...SETTINGS, meters: hasMeters });
  });
  afterEach(() => rig.controller.stop());

  async function connect(): Promise<void> {
    const port = await rig.controller.start();
    await bridge.openVswitch.vsctl('set-controller', bridge.name, `tcp:127.0.0.1:${port}`);
    await rig.telling('ready');
  }

  const changes = () => rig.log.flatMap((line) => /flows in step: .*, (\d+) changed/.exec(line)?.[1] ?? []);

  it('stands as it was told, and is found in step', async () => {
    const seed = Number(process.env.GLUEWALL_SEED ?? Date.now() % 2 ** 31);
    const lasting = 30_000;
    const made = fc.oneof(
      allowScope
        .map(onOpenVswitch)
        .map((scope): readonly [Flow, VerdictFlow] => [
          allowFlow(scope, lasting),
          { kind: 'allow', scope, secondsLeft: lasting },
        ]),
      dropScope
        .map(onOpenVswitch)
        .map((scope): readonly [Flow, VerdictFlow] => [
          dropFlow(scope, lasting),
          { kind: 'drop', scope, secondsLeft: lasting },
        ]),
      clientScope.map((scope): readonly [Flow, VerdictFlow] => [
        dropClientFlow(scope, lasting),
        { kind: 'dropClient', scope, secondsLeft: lasting },
      ]),
      fc
        .constantFrom(undefined, 7)
        .map((group): readonly [Flow, VerdictFlow] => [
          bypassFlow(group, lasting),
          { kind: 'bypass', group, secondsLeft: lasting },
        ]),
    );
    const samples = fc.sample(made, { seed, numRuns: 400 });
    rig.verdicts = samples.map(([flow]) => flow);
    await connect();
    expect(rig.session!.counters.get('errors'), `seed ${seed}`).toBe(0);
    const client = await bridge.connect();
    const textOf = (verdict: object) => JSON.stringify(Object.entries({ ...verdict, secondsLeft: 0 }).sort(), sorted);
    const held = (await client.flows()).flatMap((stats) => readVerdictFlow(stats) ?? []);
    const wanted = new Set(samples.map(([, verdict]) => textOf(verdict)));
    expect(new Set(held.map(textOf)), `seed ${seed}`).toEqual(wanted);
    client.close();
    rig.controller.reconcileAll();
    await rig.telling('ready');
    await until('looked at again', WAIT_MS, () => changes().length >= 2 || undefined);
    expect(changes()[1], `seed ${seed}`).toBe('0');
  });

  it('groups that change are changed, and nothing else is', async () => {
    await connect();
    const [lab, guests, rest] = SETTINGS.groups;
    const groups = [lab!, { ...guests!, treatment: 'ask' } as const, rest!];
    rig.base = ({ hasMeters }) => baseFlows({ ...SETTINGS, groups, meters: hasMeters });
    rig.controller.reconcileAll();
    await until('in step', WAIT_MS, () => changes().length >= 2 || undefined);
    const flows = await bridge.openVswitch.ofctl('dump-flows', bridge.name, `table=${PIPELINE.verdict.id}`);
    expect(flows.match(/metadata=\S+ actions=CONTROLLER/g)).toHaveLength(3);
    rig.controller.reconcileAll();
    await until('in step again', WAIT_MS, () => changes().length >= 3 || undefined);
    expect(changes()[2]).toBe('0');
  });

  const allAsk = ({ hasMeters }: { readonly hasMeters: boolean }) =>
    baseFlows({ ...SETTINGS, groups: onlyGroup('ask'), meters: hasMeters });

  it('a bypass is over when its time is, although the controller is gone', async () => {
    const query = composeFrame(Buffer.alloc(20), { source: '198.51.100.9', destination: '203.0.113.1' });
    rig.base = allAsk;
    await connect();
    await bridge.addFlows(PASS_MARKER);
    expect(await bridge.through([query]), 'it asks').toHaveLength(0);
    rig.session!.verdicts.addBypass(undefined, BYPASS_SECONDS);
    await until('the bypass', WAIT_MS, async () => (await bridge.through([query])).length === 1 || undefined);
    await rig.controller.stop();
    expect(await bridge.through([query]), 'without a controller').toHaveLength(1);
    await until('the end', WAIT_MS, async () => (await bridge.through([query])).length === 0 || undefined);
  });

  it('a bypass that is ended is over at once, and reconciliation keeps one that is not', async () => {
    const query = composeFrame(Buffer.alloc(20), { source: '198.51.100.9', destination: '203.0.113.1' });
    rig.base = allAsk;
    rig.verdicts = [bypassFlow(undefined, 600)];
    await connect();
    await bridge.addFlows(PASS_MARKER);
    expect(await bridge.through([query])).toHaveLength(1);
    rig.controller.reconcileAll();
    await until('in step again', WAIT_MS, () => changes().length >= 2 || undefined);
    expect(changes()[1]).toBe('0');
    rig.session!.verdicts.removeBypass(undefined);
    await until('the end', WAIT_MS, async () => (await bridge.through([query])).length === 0 || undefined);
  });
});

/** Open vSwitch has 16 bits for the number of a port (OpenFlow 1.0), the last 256 of which are no ports. */
function onOpenVswitch<S extends FlowScope>(scope: S): S {
  return scope.inPort === undefined ? scope : { ...scope, inPort: 1 + (scope.inPort % 0xfeff) };
}

function sorted(_key: string, value: unknown): unknown {
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isPlain ? Object.entries(value).sort() : value;
}
