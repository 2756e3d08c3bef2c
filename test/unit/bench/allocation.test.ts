import { describe, expect, it } from 'vitest';
import { allocatedBytes } from '../../../bench/support/allocation.ts';

describe('allocatedBytes', () => {
  it('is the growth where nothing was collected', () => {
    expect(allocatedBytes(100, [], 150)).toBe(50);
  });

  it('adds up the growth between collections, whatever they freed', () => {
    const collections = [
      { before: 300, after: 120 },
      { before: 320, after: 90 },
    ];
    expect(allocatedBytes(100, collections, 95)).toBe(200 + 200 + 5);
  });
});
