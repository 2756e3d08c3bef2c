/** The controller on a real switch: bundles, meters, roles, and what it finds when it comes back. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { allowFlow } from '../../src/controller/verdict-flows.ts';
import { parseAddress } from '../../src/core/address.ts';
import { Meter } from '../../src/openflow/schema/constants.ts';
import { ControllerRig } from '../support/controller-rig.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame } from '../support/frames.ts';
import { gateFlows } from '../support/session-rig.ts';
import { VethBridge } from '../support/veth-bridge.ts';

const WAIT_MS = 10_000;
const query = composeFrame(Buffer.from('a question'), { source: '192.0.2.1', destination: '198.51.100.53' });
const allowed = allowFlow({ destination: parseAddress('198.51.100.1')! }, 300);

describeIf(['root', 'namespaces', 'openVswitch'], 'a controller of Open vSwitch', () => {
  let bridge: VethBridge;
  const rigs: ControllerRig[] = [];

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());
  beforeEach(() => bridge.recreate());
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.controller.stop();
  });

  async function start(
    prepare: (rig: ControllerRig) => void = () => undefined,
  ): Promise<{ rig: ControllerRig; target: string }> {
    const rig = new ControllerRig();
    rigs.push(rig);
    prepare(rig);
    return { rig, target: `tcp:127.0.0.1:${await rig.controller.start()}` };
  }

  const setControllers = (...targets: string[]) => bridge.openVswitch.vsctl('set-controller', bridge.name, ...targets);

  it('changes the standing flows in a bundle and sets all its meters', async () => {
    const { rig, target } = await start();
    await setControllers(target);
    await rig.telling('ready');
    expect(rig.session).toMatchObject({ hasBundles: true, hasMeters: true });
    expect(rig.session!.counters.get('errors')).toBe(0);
    const meters = await bridge.openVswitch.ofctl('dump-meters', bridge.name);
    expect(meters).toMatch(/meter=controller pktps burst stats bands=\s*type=drop rate=5000/);
  });

  it('changes nothing when the switch refuses one flow of the bundle, and says which rule', async () => {
    const { rig, target } = await start((one) => {
      one.base = (session) => {
        const [first, ...rest] = gateFlows(session);
        // An entry cannot lead to a table before its own.
        return [...rest, { ...first!, instructions: [{ type: 'gotoTable', tableId: 0 }] }];
      };
    });
    await setControllers(target);
    await rig.telling('gone');
    expect(rig.log.join('\n')).toMatch(/the switch refused a flow of rule copy\.observed: OFPBIC_BAD_TABLE_ID/);
    expect(await bridge.openVswitch.ofctl('dump-flows', bridge.name)).not.toMatch(/cookie/);
  });

  it('keeps what stands, and its counters, when it comes back', async () => {
    const { rig, target } = await start((one) => {
      one.verdicts = [allowed];
    });
    await setControllers(target);
    await rig.telling('ready');
    await rig.controller.stop();
    rigs.length = 0;
    const again = await start((one) => {
      one.verdicts = [allowed];
    });
    await setControllers(again.target);
    await again.rig.telling('ready');
    expect(again.rig.log.join('\n')).toMatch(/flows in step: \d+ were there, 0 changed/);
  });

  it('drops what is too much in the switch: a meter for all that asks', async () => {
    const { rig, target } = await start((one) => {
      one.rates = new Map([...one.rates, [Meter.CONTROLLER, 10]]);
    });
    await setControllers(target);
    await rig.telling('ready');
    const FRAMES = 500;
    await bridge.send([query], FRAMES);
    await until('drops read', WAIT_MS, () => rig.session!.limits.asksDropped > 0 || undefined);
    const came = rig.session!.counters.get('packet_in');
    // Open vSwitch has a queue of its own in front, which may drop as well.
    expect(came).toBeGreaterThan(0);
    expect(came).toBeLessThan(FRAMES / 2);
  });

  describe('beside another', () => {
    async function twoControllers(): Promise<{ master: ControllerRig; slave: ControllerRig }> {
      const one = await start((rig) => {
        rig.role = { role: 'master', generationId: 1n };
      });
      const other = await start((rig) => {
        rig.role = { role: 'slave', generationId: 1n };
      });
      await setControllers(one.target, other.target);
      await one.rig.telling('ready');
      await until('the slave there', WAIT_MS, () => other.rig.controller.sessions.find(({ role }) => role === 'slave'));
      return { master: one.rig, slave: other.rig };
    }

    it('is sent packets as master and none as slave', async () => {
      const { master, slave } = await twoControllers();
      await bridge.send([query]);
      await master.telling('packetIn');
      expect(slave.told).toEqual([]);
      expect(slave.controller.switches).toEqual([]);
    });

    it('takes over with a later generation; the master before it hears of that when it changes a flow', async () => {
      const { master, slave } = await twoControllers();
      const [standby] = slave.controller.sessions;
      await standby!.assumeRole({ role: 'master', generationId: 2n });
      expect(slave.told).toEqual(['ready']);
      expect(slave.log.join('\n')).toMatch(/flows in step: \d+ were there, 0 changed/);
      master.session!.verdicts.addAllow({ destination: parseAddress('198.51.100.2')! }, 60);
      await master.telling('standby');
      expect(master.session!.role).toBe('slave');
      await bridge.send([query]);
      await slave.telling('packetIn');
    });

    it('is refused a generation from the past, and stays what it is', async () => {
      const { master, slave } = await twoControllers();
      const [standby] = slave.controller.sessions;
      await standby!.assumeRole({ role: 'master', generationId: 2n });
      const late = master.session!.assumeRole({ role: 'master', generationId: 1n });
      await expect(late).rejects.toMatchObject({
        code: 'openflow-role-stale',
        message: expect.stringMatching(/has seen 2$/),
      });
      expect(slave.controller.switches).toHaveLength(1);
    });
  });
});
