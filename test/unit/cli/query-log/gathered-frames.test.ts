import { beforeEach, describe, expect, it } from 'vitest';
import { GatheredFrames } from '../../../../src/cli/query-log/gathered-frames.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const frame = (octet: number) => new Uint8Array([0, 0, 0, 1, octet]);

describe('GatheredFrames', () => {
  let clock: VirtualClock;
  let taken: { readonly frames: readonly number[]; readonly count: number; readonly writer: string }[];
  let gathered: GatheredFrames;
  beforeEach(() => {
    clock = new VirtualClock();
    taken = [];
    gathered = new GatheredFrames(clock, (frames, count, writer) => taken.push({ frames: [...frames], count, writer }));
  });

  it('gives what came in 50 ms at once, of each writer by itself, in the order in which it came', () => {
    gathered.add(frame(1), 1, 'a');
    gathered.add(frame(2), 1, 'b');
    clock.advance(49);
    gathered.add(new Uint8Array([...frame(3), ...frame(4)]), 2, 'a');
    expect(taken).toEqual([]);
    clock.advance(1);
    expect(taken).toEqual([
      { frames: [...frame(1), ...frame(3), ...frame(4)], count: 3, writer: 'a' },
      { frames: [...frame(2)], count: 1, writer: 'b' },
    ]);
    gathered.add(frame(5), 1, 'b');
    clock.advance(50);
    expect(taken.slice(2)).toEqual([{ frames: [...frame(5)], count: 1, writer: 'b' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes copies, with memory of their own that can be given away', () => {
    const memory = new Set<ArrayBufferLike>();
    gathered = new GatheredFrames(clock, (frames) => memory.add(frames.buffer));
    const shared = Buffer.from([9, 9, ...frame(7), 9, 9]);
    gathered.add(shared.subarray(2, 7), 1, 'a');
    shared.fill(0);
    gathered.flush();
    expect([...memory].map((buffer) => [...new Uint8Array(buffer)])).toEqual([[...frame(7)]]);
  });

  it('gives all at once when much waits, many small ones too', () => {
    gathered.add(new Uint8Array(70_000), 9, 'a');
    expect(taken.map(({ count, frames }) => [count, frames.length])).toEqual([[9, 70_000]]);
    for (let index = 0; index < 1000; index++) gathered.add(frame(1), 1, String(index % 3));
    const count = taken.slice(1).reduce((sum, one) => sum + one.count, 0);
    expect(count).toBeGreaterThan(400);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(50);
    expect(taken.slice(1).reduce((sum, one) => sum + one.count, 0)).toBe(1000);
  });

  it('gives nothing where there is nothing', () => {
    gathered.flush();
    clock.advance(1000);
    expect(taken).toEqual([]);
  });
});
