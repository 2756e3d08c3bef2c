/** Where packets of groups go, on the model switch; test/switch/group-pipeline.test.ts asks Open vSwitch the same. */
import { describe, expect, it } from 'vitest';
import { GROUP_MASK } from '../../../src/controller/pipeline.ts';
import type { FlowMod } from '../../../src/openflow/flow-mod.ts';
import {
  ALL_BYPASS_CASES,
  ALL_BYPASSED,
  GROUP_CASES,
  GROUP_PIPELINE,
  type GroupCase,
  LAB_BYPASS_CASES,
  LAB_BYPASSED,
} from '../../support/group-pipeline.ts';
import { ModelRig } from '../model-switch/model-rig.ts';

function switchWith(mods: readonly FlowMod[]): ModelRig {
  const rig = new ModelRig({ ports: { one: 1, two: 2, three: 3 } });
  rig.take(...mods);
  return rig;
}

const rulesOf = (rig: ModelRig, { frame, inPort }: GroupCase) =>
  rig.model.forward(frame, inPort).passed.map(({ cookie }) => Number(cookie & 0xffffffffn));

describe.each([
  ['groups', GROUP_PIPELINE, GROUP_CASES],
  ['a bypassed group', LAB_BYPASSED, LAB_BYPASS_CASES],
  ['a bypass of all', ALL_BYPASSED, ALL_BYPASS_CASES],
] as const)('%s', (_name, mods, cases) => {
  const rig = switchWith(mods);

  it.each(cases)('$what', (one) => {
    expect(rulesOf(rig, one)).toEqual(one.rules);
  });
});

it('a packet that asks, and a copy, say which group their client is of', () => {
  const rig = switchWith(GROUP_PIPELINE);
  const groupsOf = ({ frame, inPort }: GroupCase) => {
    rig.sent.length = 0;
    rig.model.forward(frame, inPort);
    return rig.sent.flatMap((message) => {
      const metadata =
        message.type === 'packetIn' ? message.match.find(({ field }) => field === 'metadata') : undefined;
      return metadata === undefined ? [] : [Number((metadata as { readonly value: bigint }).value & GROUP_MASK)];
    });
  };
  const caseOf = (what: string) => GROUP_CASES.find((one) => one.what === what)!;
  expect(groupsOf(caseOf('anybody else, who has not either'))).toEqual([1]);
  expect(groupsOf(caseOf('a guest'))).toEqual([300]);
  expect(groupsOf(caseOf('a lab port'))).toEqual([7]);
});

it('a bypass ends by itself', () => {
  const rig = switchWith(ALL_BYPASSED);
  const asking = GROUP_CASES.find(({ what }) => what === 'anybody else, who has not either')!;
  expect(rulesOf(rig, asking)).not.toEqual(asking.rules);
  rig.clock.advance(300_000);
  expect(rulesOf(rig, asking)).toEqual(asking.rules);
});
