import { describe, expect, it } from 'vitest';
import { Awaited } from '../../../src/correlation/awaited.ts';

describe('Awaited', () => {
  it('waits for what was noted, of its own row, until it has come', () => {
    const awaited = new Awaited();
    awaited.note(3, 77, 0);
    awaited.note(3, 0, 0);
    awaited.note(3, 77, 0);
    expect([awaited.settle(2, 77), awaited.settle(99, 77), awaited.settle(3, 78)]).toEqual([false, false, false]);
    expect([awaited.settle(3, 77), awaited.settle(3, 77)]).toEqual([true, false]);
    expect([awaited.settle(3, 0), awaited.settle(3, 0)]).toEqual([true, false]);
  });

  it('holds the newest, and says when there were more', () => {
    const awaited = new Awaited();
    const atMs = 1.7e12;
    for (let hash = 1; hash <= 32; hash++) awaited.note(0, hash, atMs + hash);
    expect(awaited.isOverrun(0, atMs)).toBe(false);
    awaited.note(0, 33, atMs + 33);
    expect([awaited.settle(0, 1), awaited.settle(0, 2)]).toEqual([false, true]);
    expect([awaited.isOverrun(0, atMs), awaited.isOverrun(0, atMs + 6000), awaited.isOverrun(9, atMs)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is not overrun by what comes slowly', () => {
    const awaited = new Awaited();
    for (let hash = 1; hash <= 500; hash++) awaited.note(0, hash, 1.7e12 + hash * 1000);
    expect(awaited.isOverrun(0, 1.7e12 + 500_000)).toBe(false);
  });

  it('clears a row', () => {
    const awaited = new Awaited();
    for (let hash = 1; hash <= 40; hash++) awaited.note(1, hash, 1.7e12);
    awaited.clear(1);
    awaited.clear(99);
    expect([awaited.settle(1, 40), awaited.isOverrun(1, 1.7e12)]).toEqual([false, false]);
  });
});
