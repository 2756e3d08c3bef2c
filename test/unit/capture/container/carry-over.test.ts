import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CarryOver } from '../../../../src/capture/container/carry-over.ts';

describe('CarryOver', () => {
  it('keeps what was appended and not dropped', () => {
    const step = fc.tuple(fc.uint8Array({ maxLength: 9000 }), fc.nat(9000));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const carried = new CarryOver();
        let model = Buffer.alloc(0);
        for (const [octets, count] of steps) {
          carried.append(Buffer.from(octets), octets.length >> 2, octets.length);
          model = Buffer.concat([model, octets.subarray(octets.length >> 2)]);
          const dropped = Math.min(count, model.length);
          carried.drop(dropped);
          model = model.subarray(dropped);
          expect(carried.length).toBe(model.length);
          expect(carried.octets.equals(model)).toBe(true);
        }
      }),
    );
  });
});
