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
});
