import { describe, expect, it } from 'vitest';
import { type HostSightings, suspectBits } from '../../../../src/traceback/command-and-control/suspect-score.ts';
import { addressOf } from '../../../support/store-rows.ts';

const SEEN: HostSightings = { host: addressOf('192.0.2.1'), activeSlots: 100, slotsWithName: 0, seen: 1, missed: 0 };
const bits = (share: number, ...hosts: Partial<HostSightings>[]) =>
  suspectBits(
    hosts.map((host) => ({ ...SEEN, ...host })),
    share,
  );

describe('suspectBits', () => {
  it('is log2(0.75 / chance) for one sighting: 7.58 bits where nobody else asks, whatever the number of clients', () => {
    expect(bits(0, {})).toBeCloseTo(Math.log2(0.75 * 256), 9);
    expect(bits(1e-9, {})).toBe(bits(0, {}));
    expect(bits(0.1, {})).toBeCloseTo(Math.log2(7.5), 9);
  });

  it('grows with each attack and each host', () => {
    const one = bits(0, {});
    const again = bits(0, { seen: 2 });
    expect(again).toBeGreaterThan(one + 4);
    // A host that has asked once may do so again: of another host it says more.
    expect(bits(0, {}, {})).toBeCloseTo(2 * one, 9);
    expect(again).toBeLessThan(2 * one);
  });

  it('falls with popularity, with what the host asks for anyway, and with each attack that it was not asked for before', () => {
    for (const [less, more] of [
      [bits(0.2, {}), bits(0.1, {})],
      [bits(0, { slotsWithName: 20 }), bits(0, { slotsWithName: 10 })],
      [bits(0, { seen: 2, missed: 2 }), bits(0, { seen: 2, missed: 1 })],
    ]) {
      expect(less).toBeLessThan(more!);
    }
    expect(bits(1, {})).toBe(0);
    expect(bits(0, { slotsWithName: 100 })).toBe(0);
  });

  it('knows a popular name by what others do where the host has no history', () => {
    const fresh = { activeSlots: 0 };
    expect(bits(0.5, fresh)).toBeCloseTo(Math.log2(1.5), 9);
    expect(bits(0, fresh)).toBe(bits(0, {}));
  });

  it('lets no host speak against what others say', () => {
    expect(bits(0, {}, { seen: 1, missed: 9 })).toBe(bits(0, {}));
  });

  it('is a number, whatever is counted', () => {
    for (const share of [0, 1e-12, 0.5, 1]) {
      for (const activeSlots of [0, 1, 1e6]) {
        const score = bits(share, { activeSlots, slotsWithName: activeSlots, seen: 512 });
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThan(1e6);
      }
    }
  });
});
