import { describe, expect, it } from 'vitest';
import { PacketInLimits } from '../../../src/controller/packet-in-limits.ts';
import { cookieOf, PIPELINE } from '../../../src/controller/pipeline.ts';
import { encodeMessage } from '../../../src/openflow/message.ts';
import { PacketInView } from '../../../src/openflow/packet-in.ts';
import { Meter } from '../../../src/openflow/schema/constants.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const RATES = new Map([
  [1, 5],
  [2, 3],
  [Meter.CONTROLLER, 100],
]);

/** Copies to learn from, which nobody asked for here. */
const NOT_LEARNING = { query: 0, response: 0, fragment: 0, allowed: 0 };

function packetOf(cookie: bigint): PacketInView {
  const view = new PacketInView();
  const fields = { bufferId: 0xffffffff, totalLen: 14, reason: 1, tableId: 3, data: Buffer.alloc(14) };
  const match = [{ field: 'in_port', value: 1 } as const];
  expect(view.set(encodeMessage({ type: 'packetIn', xid: 0, cookie, match, ...fields }))).toBe(true);
  return view;
}

const observed = packetOf(cookieOf(7, PIPELINE.copy.entries.observed.rule));
const blocked = packetOf(cookieOf(7, PIPELINE.copy.entries.blocked.rule));
const asks = packetOf(cookieOf(7, PIPELINE.verdict.entries.ask.rule));
const foreign = packetOf(BigInt(PIPELINE.copy.entries.observed.rule));

describe('the limits on copies of a switch without meters', () => {
  it('are the rates of the meters, apart for each reason', () => {
    const clock = new VirtualClock();
    const limits = new PacketInLimits(clock, RATES);
    const passed = (packet: PacketInView) =>
      Array.from({ length: 10 }, () => limits.passes(packet)).filter(Boolean).length;
    expect([passed(observed), passed(blocked)]).toEqual([5, 3]);
    expect(limits.copiesDropped).toEqual({ ...NOT_LEARNING, observed: 5, blocked: 7 });
    clock.advance(1000);
    expect([passed(observed), passed(blocked)]).toEqual([5, 3]);
  });

  it('hold for copies to learn from as well, where those have a rate', () => {
    const limits = new PacketInLimits(new VirtualClock(), new Map([...RATES, [3, 2], [4, 1]]));
    const { query, response, fragment } = PIPELINE.copy.entries;
    const passed = ({ rule }: { readonly rule: number }) =>
      Array.from({ length: 4 }, () => limits.passes(packetOf(cookieOf(7, rule)))).filter(Boolean).length;
    expect([query, response, fragment].map(passed)).toEqual([2, 1, 0]);
    expect(limits.copiesDropped).toEqual({ observed: 0, blocked: 0, query: 2, response: 3, fragment: 4, allowed: 0 });
  });

  it('do not touch packets that wait for a verdict, nor those that others asked for', () => {
    const limits = new PacketInLimits(new VirtualClock(), RATES);
    for (let count = 0; count < 1000; count++) {
      expect(limits.passes(asks)).toBe(true);
      expect(limits.passes(foreign)).toBe(true);
    }
    expect(limits.copiesDropped).toEqual({ ...NOT_LEARNING, observed: 0, blocked: 0 });
  });
});

describe('the drops of a switch with meters', () => {
  it('are taken from the first band of each meter; those it does not tell stay', () => {
    const limits = new PacketInLimits(new VirtualClock(), RATES);
    const entry = (meterId: number, dropped: bigint) => ({
      meterId,
      flowCount: 1,
      packetInCount: 0n,
      byteInCount: 0n,
      durationSec: 1,
      durationNsec: 0,
      bandStats: [{ packetBandCount: dropped, byteBandCount: 0n }],
    });
    limits.countMeters([{ type: 'meter', entries: [entry(1, 4n), entry(Meter.CONTROLLER, 9n)] }]);
    limits.countMeters([{ type: 'meter', entries: [entry(2, 6n)] }]);
    expect(limits.copiesDropped).toEqual({ ...NOT_LEARNING, observed: 4, blocked: 6 });
    expect(limits.asksDropped).toBe(9);
  });
});
