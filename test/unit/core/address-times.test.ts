import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../../src/core/address.ts';
import { AddressTimes } from '../../../src/core/address-times.ts';

const at = (text: string) => parseAddress(text)!;
const ipv4 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) as fc.Arbitrary<number> as fc.Arbitrary<Address>;
/** Few of them, so that they meet again. */
const address = fc.oneof(
  fc.integer({ min: -3, max: 60 }) as fc.Arbitrary<number> as fc.Arbitrary<Address>,
  ipv4,
  fc.integer({ min: 0, max: 9 }).map((last) => at(`2001:db8::${last}`)),
);
const time = fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.POSITIVE_INFINITY));
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('set' as const), address, time, tag: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), address }) },
);

describe('AddressTimes', () => {
  it('says NaN and 0 of what it does not have', () => {
    const times = new AddressTimes();
    for (const text of ['0.0.0.0', '192.0.2.1', '2001:db8::1']) {
      expect(times.timeOf(at(text))).toBeNaN();
      expect(times.tagOf(at(text))).toBe(0);
      expect(times.delete(at(text))).toBe(false);
    }
  });

  it('keeps what a Map keeps, whatever the seed and the order of changes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.array(step, { maxLength: 400 }), (seed, steps) => {
        const times = new AddressTimes(seed);
        const model = new Map<Address, { time: number; tag: number }>();
        for (const one of steps) {
          if (one.kind === 'set') {
            times.set(one.address, one.time, one.tag);
            model.set(one.address, { time: one.time, tag: one.tag });
          } else {
            expect(times.delete(one.address)).toBe(model.delete(one.address));
          }
        }
        expect(times.size).toBe(model.size);
        for (const [key, { time: timeMs, tag }] of model) {
          expect(times.timeOf(key)).toBe(timeMs);
          expect(times.tagOf(key)).toBe(tag);
        }
        for (const { address: key } of steps) if (!model.has(key)) expect(times.timeOf(key)).toBeNaN();
      }),
    );
  });

  it('holds a great many, and gives each up again', () => {
    const times = new AddressTimes();
    const count = 200_000;
    for (let index = 0; index < count; index++) times.set((index * 7919) as unknown as Address, index);
    for (let index = 0; index < count; index += 2) times.delete((index * 7919) as unknown as Address);
    expect(times.size).toBe(count / 2);
    for (let index = 0; index < count; index++) {
      const timeMs = times.timeOf((index * 7919) as unknown as Address);
      if (index % 2 === 0 ? !Number.isNaN(timeMs) : timeMs !== index) throw new Error(`${index}: ${timeMs}`);
    }
  });
});
