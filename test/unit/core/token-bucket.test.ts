import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/core/token-bucket.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function taken(bucket: TokenBucket, tries: number): number {
  return Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;
}

describe('TokenBucket', () => {
  it('lets the burst through at once and no more', () => {
    expect(taken(new TokenBucket(new VirtualClock(), 10, 3), 10)).toBe(3);
  });

  it('fills at its rate, up to the burst', () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket(clock, 10, 3);
    taken(bucket, 3);
    clock.advance(99);
    expect(taken(bucket, 10)).toBe(0);
    clock.advance(101);
    expect(taken(bucket, 10)).toBe(2);
    clock.advance(60_000);
    expect(taken(bucket, 10)).toBe(3);
  });

  it('lets its rate through when asked more often than it fills', () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket(clock, 100, 5);
    let passed = 0;
    for (let ms = 0; ms < 10_000; ms++) {
      passed += taken(bucket, 1);
      clock.advance(1);
    }
    expect(passed).toBeGreaterThanOrEqual(1000);
    expect(passed).toBeLessThanOrEqual(1005);
  });

  it('says how long it takes until one more may pass, and when all has come back', () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket(clock, 3 / 60, 3);
    expect([bucket.isFull, bucket.waitMs]).toEqual([true, 0]);
    taken(bucket, 3);
    expect([bucket.isFull, bucket.waitMs]).toEqual([false, 20_001]);
    clock.advance(bucket.waitMs - 2);
    expect(taken(bucket, 2)).toBe(0);
    clock.advance(bucket.waitMs);
    expect(taken(bucket, 2)).toBe(1);
    clock.advance(60_000);
    expect(bucket.isFull).toBe(true);
    expect(new TokenBucket(clock, 0, 0).waitMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('lets many through at once, or none of them', () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket(clock, 1000, 8000);
    expect([bucket.take(8001), bucket.take(8000), bucket.take(1), bucket.take(0)]).toEqual([false, true, false, true]);
    clock.advance(1000);
    expect([bucket.take(1001), bucket.take(1000)]).toEqual([false, true]);
  });
});
