/** Complaints of other controllers' users that only a real switch can answer: docs/decisions/9-complaints.md. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { type Flow, PIPELINE } from '../../src/controller/pipeline.ts';
import { allowFlow } from '../../src/controller/verdict-flows.ts';
import { type Address, parseAddress } from '../../src/core/address.ts';
import { ControllerRig } from '../support/controller-rig.ts';
import { describeIf } from '../support/describe-if.ts';
import { VethBridge } from '../support/veth-bridge.ts';

const WAIT_MS = 10_000;
const { allow } = PIPELINE.verdict.entries;
const address = (host: number): Address => parseAddress(`198.51.100.${host}`)!;
const allowed = (count: number): readonly Flow[] =>
  Array.from({ length: count }, (_, index) => allowFlow({ destination: address(index + 1) }, 300));

describeIf(['root', 'namespaces', 'openVswitch'], 'lessons, on Open vSwitch', () => {
  let bridge: VethBridge;
  let rig: ControllerRig;

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());
  beforeEach(async () => {
    await bridge.recreate();
    rig = new ControllerRig();
  });
  afterEach(() => rig.controller.stop());

  async function connect(): Promise<void> {
    const port = await rig.controller.start();
    await bridge.openVswitch.vsctl('set-controller', bridge.name, `tcp:127.0.0.1:${port}`);
  }

  const dumpFlows = () => bridge.openVswitch.ofctl('dump-flows', bridge.name);

  /** So many entries and no more in the table of verdicts. */
  const limitVerdicts = (count: number) =>
    bridge.openVswitch.vsctl(
      ...['--', '--id=@t', 'create', 'Flow_Table', `flow_limit=${count}`, 'overflow_policy=refuse'],
      ...['--', 'set', 'bridge', bridge.name, `flow_tables:${PIPELINE.verdict.id}=@t`],
    );

  it('a full table is told for each verdict that it has no room for, and the session lives (faucet#4448)', async () => {
    // Two entries of the table always stand.
    await limitVerdicts(10);
    await connect();
    await rig.telling('ready');
    for (let host = 1; host <= 40; host++) rig.session!.verdicts.addAllow({ destination: address(host) }, 60);
    await rig.telling(`tableFull ${allow.rule}`, 32);
    expect(rig.count(`tableFull ${allow.rule}`)).toBe(32);
    expect((await dumpFlows()).match(/nw_dst=198\.51\.100\./g)).toHaveLength(8);
    rig.session!.verdicts.removeAllow({ destination: address(1) });
    rig.session!.verdicts.addAllow({ destination: address(99) }, 60);
    await until('room again', WAIT_MS, async () => (await dumpFlows()).includes('198.51.100.99') || undefined);
    expect(rig.controller.switches).toHaveLength(1);
    expect(rig.log.filter((line) => /^(warn|error): /.test(line))).toEqual([]);
  });

  it('a table that is full when the flows are brought in step takes what it can, and the rest is told', async () => {
    await limitVerdicts(10);
    rig.verdicts = allowed(20);
    await connect();
    await rig.telling('ready');
    expect(rig.count(`tableFull ${allow.rule}`)).toBe(12);
    expect((await dumpFlows()).match(/nw_dst=198\.51\.100\./g)).toHaveLength(8);
    expect(rig.controller.switches).toHaveLength(1);
  });

  it('a table too small for what must stand is said with the rule, and nothing is changed', async () => {
    await limitVerdicts(1);
    await connect();
    await rig.telling('gone');
    expect(rig.log.join('\n')).toMatch(/the switch refused a flow of rule verdict\.\w+: OFPFMFC_TABLE_FULL/);
    expect(await dumpFlows()).not.toMatch(/cookie/);
  });

  it('a match without its prerequisites is refused by the switch, and leads back to its rule (gofc#21, faucet PR#3196)', async () => {
    const [first] = allowed(1);
    // What `flow` would never make.
    const bad = { ...first!, match: first!.match.filter(({ field }) => field !== 'eth_type') };
    rig.verdicts = [bad, ...allowed(1)];
    await connect();
    await rig.telling('ready');
    expect(rig.log.join('\n')).toMatch(
      /error: the switch refused a message of rule verdict\.allow: .*OFPBMC_BAD_PREREQ/,
    );
    expect(await dumpFlows()).toMatch(/nw_dst=198\.51\.100\.1\b/);
    expect(rig.session!.counters.get('errors of flow_mod')).toBe(1);
  });

  it('meters that stand are no trouble to a controller that comes back, nor is a changed rate (antrea PR#2215, faucet PR#3453)', async () => {
    await connect();
    await rig.telling('ready');
    await rig.controller.stop();
    rig = new ControllerRig();
    rig.rates = new Map([...rig.rates, [2, 50]]);
    await connect();
    await rig.telling('ready');
    expect(rig.session!.counters.get('errors')).toBe(0);
    const meters = await bridge.openVswitch.ofctl('dump-meters', bridge.name);
    expect(meters).toMatch(/meter=2 pktps burst stats bands=\s*type=drop rate=50 /);
    expect(meters.match(/meter=/g)).toHaveLength(3);
  });

  it('flows and meters come back by themselves after vswitchd has restarted (antrea#274, antrea#475)', async () => {
    rig.verdicts = allowed(3);
    await connect();
    await rig.telling('ready');
    await bridge.openVswitch.restartVswitchd();
    await rig.telling('ready', 2);
    expect((await dumpFlows()).match(/nw_dst=198\.51\.100\./g)).toHaveLength(3);
    expect(await bridge.openVswitch.ofctl('dump-meters', bridge.name)).toMatch(/meter=controller/);
    expect(rig.session!.counters.get('errors')).toBe(0);
  });

  it('a small change sends that change alone, and counters of the rest go on (faucet#4669, faucet#3345)', async () => {
    rig.verdicts = allowed(5);
    await connect();
    await rig.telling('ready');
    rig.verdicts = allowed(6);
    rig.session!.desireChanged();
    await rig.inStep(2);
    expect(rig.log.at(-1)).toMatch(/flows in step: \d+ were there, 1 changed/);
  });

  it('a flow of ours that nobody wants any more goes, flows of others stay (antrea#311, antrea PR#313)', async () => {
    await connect();
    await rig.telling('ready');
    await bridge.addFlows('table=1,priority=301,cookie=0x6757000100000010,ip,nw_dst=203.0.113.1,actions=drop');
    await bridge.addFlows('table=1,priority=301,cookie=0x1234,ip,nw_dst=203.0.113.2,actions=drop');
    rig.session!.desireChanged();
    await rig.inStep(2);
    const flows = await dumpFlows();
    expect(flows).not.toContain('203.0.113.1');
    expect(flows).toContain('203.0.113.2');
  });
});
