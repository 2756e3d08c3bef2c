/** What Open vSwitch counts of drop flows, asked while they stand and told when they end: never more than was dropped. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { baseFlows } from '../../src/controller/base-flows.ts';
import type { DropScope } from '../../src/controller/flow-scope.ts';
import { systemClock } from '../../src/core/clock.ts';
import { DropProofs } from '../../src/firewall/drop-proofs.ts';
import { IP_PROTOCOL } from '../../src/packet/protocol-numbers.ts';
import { ControllerRig } from '../support/controller-rig.ts';
import { onlyGroup } from '../support/default-group.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';
import { addressOf } from '../support/store-rows.ts';
import { verdictEvent } from '../support/verdict-events.ts';
import { VethBridge } from '../support/veth-bridge.ts';

const WAIT_MS = 20_000;
/** Within which Open vSwitch has told its own counters what its datapath has counted. */
const SETTLED_MS = 5000;
const [CLIENT, SERVER] = ['198.51.100.9', '203.0.113.1'];
const QUERY = composeFrame(composeQuery('evil.example'), {
  source: CLIENT,
  destination: SERVER,
  sourcePort: 40_000,
  destinationPort: 53,
});

describeIf(['root', 'namespaces', 'openVswitch'], 'proofs of drops, from Open vSwitch', () => {
  let bridge: VethBridge;
  let rig: ControllerRig;
  let proofs: DropProofs;
  /** Answers are held for a second: each question here comes a second later than the one before. */
  let skewMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + skewMs };

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());
  beforeEach(async () => {
    await bridge.recreate();
    rig = new ControllerRig();
    rig.rates.set(6, 1000);
    rig.base = ({ hasMeters }) =>
      baseFlows({
        groups: onlyGroup('ask'),
        onFailure: 'closed',
        insideNetworks: [],
        trustedResolvers: [],
        outsidePorts: [],
        learns: 'nothing',
        recordsAllowed: true,
        meters: hasMeters,
      });
    proofs = new DropProofs({
      clock,
      ask: (_datapathId, client, destination) => rig.session?.readings.drops(client, destination),
      groupNumber: () => undefined,
    });
    rig.tookFlowRemoved = (removed) => proofs.flowRemoved(rig.session!.datapathId, removed);
    const port = await rig.controller.start();
    await bridge.openVswitch.vsctl('set-controller', bridge.name, `tcp:127.0.0.1:${port}`);
    await rig.telling('ready');
  });
  afterEach(() => rig.controller.stop());

  const fresh = () => {
    const { datapathId } = rig.session!;
    const ends = { client: addressOf(CLIENT), destination: addressOf(SERVER) };
    skewMs += 1000;
    return proofs.proofOf(verdictEvent({ datapathId, ...ends, atMs: clock.nowMs() }));
  };
  const scope: DropScope = { client: addressOf(CLIENT), destination: addressOf(SERVER), ipProtocol: IP_PROTOCOL.UDP };

  it('count up to what was dropped while the flow stands, and keep the last that the switch said of it', async () => {
    expect(await fresh(), 'before there is a flow').toBeUndefined();
    rig.session!.verdicts.addDrop(scope, 600);
    await until('the flow', WAIT_MS, async () => (await fresh())?.isStanding);
    for (let round = 1; round <= 3; round++) {
      await bridge.send([QUERY], 2);
      const settled = await until('all counted', SETTLED_MS, async () => {
        const proof = await fresh();
        expect(proof!.packets, 'never more than came').toBeLessThanOrEqual(2 * round);
        return proof!.packets === 2 * round ? proof : undefined;
      });
      expect(settled).toMatchObject({ isStanding: true, bytes: 2 * round * QUERY.length });
      expect(settled.flow).toBe('from 198.51.100.9, to 203.0.113.1, UDP');
    }
    rig.session!.verdicts.removeDrop(scope);
    const ended = await until('the end', WAIT_MS, async () => {
      const proof = await fresh();
      return proof?.isStanding === false ? proof : undefined;
    });
    expect(ended).toMatchObject({ packets: 6, bytes: 6 * QUERY.length });
  });

  it('are told when a flow ends by itself, of those for all of a client too', async () => {
    rig.session!.verdicts.addDrop(scope, 2);
    rig.session!.verdicts.addClientDrop({ client: addressOf(CLIENT) }, 2);
    await until('the flow', WAIT_MS, async () => (await fresh())?.isStanding);
    await until('both ends', WAIT_MS, () => rig.count('flowRemoved') === 2 || undefined);
    expect(await fresh()).toMatchObject({ isStanding: false, packets: 0 });
  });
});
