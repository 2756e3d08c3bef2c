/** Where Open vSwitch sends the packets of groups: the flows and cases of test/support/group-pipeline.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLOW_MOD_DEFAULTS, type FlowMod } from '../../src/openflow/flow-mod.ts';
import { FragmentFlag, Table } from '../../src/openflow/schema/constants.ts';
import { describeIf } from '../support/describe-if.ts';
import {
  ALL_BYPASS_CASES,
  ALL_BYPASSED,
  GROUP_CASES,
  GROUP_PIPELINE,
  LAB_BYPASS_CASES,
  LAB_BYPASSED,
} from '../support/group-pipeline.ts';
import { readFrameFields } from '../support/model-switch/frame-fields.ts';
import { readTrace } from '../support/model-switch/trace-reading.ts';
import { TracedBridge } from '../support/model-switch/traced-bridge.ts';

describeIf(['root', 'namespaces', 'openVswitch'], 'groups, on Open vSwitch', () => {
  let bridge: TracedBridge;

  beforeAll(async () => {
    bridge = await TracedBridge.start();
  });
  afterAll(() => bridge?.stop());

  async function take(mods: readonly FlowMod[]): Promise<void> {
    bridge.client.received.length = 0;
    bridge.client.send({ ...FLOW_MOD_DEFAULTS, command: 'delete', tableId: Table.ALL });
    bridge.client.send({ type: 'setConfig', xid: 0, flags: FragmentFlag.NX_MATCH, missSendLen: 0 });
    for (const mod of mods) bridge.client.send(mod);
    await bridge.client.barrier();
    expect(bridge.client.ofType('error')).toEqual([]);
  }

  describe.each([
    ['groups', GROUP_PIPELINE, GROUP_CASES],
    ['a bypassed group', LAB_BYPASSED, LAB_BYPASS_CASES],
    ['a bypass of all', ALL_BYPASSED, ALL_BYPASS_CASES],
  ] as const)('%s', (_name, mods, cases) => {
    beforeAll(() => take(mods));

    it.each(cases)('$what', async ({ frame, inPort, rules }) => {
      const text = await bridge.trace(frame, inPort);
      const { passed } = readTrace(text, readFrameFields(frame).numbers, bridge.ports);
      expect(
        passed.map(({ cookie }) => Number(cookie & 0xffffffffn)),
        text,
      ).toEqual(rules);
    });
  });
});
