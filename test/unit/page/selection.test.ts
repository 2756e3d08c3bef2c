import { describe, expect, it } from 'vitest';
import {
  allOf,
  cursorAfter,
  extended,
  MAX_SELECTED,
  NO_SELECTION,
  narrowed,
  stepped,
  toggled,
} from '../../../page/src/inbox/selection.ts';

const ORDER = [50, 40, 30, 20, 10];
const chosen = (...ids: number[]) => ({ ids: new Set(ids), anchor: ids.at(-1) });

describe('the selection', () => {
  it('takes one in and out', () => {
    const one = toggled(NO_SELECTION, 30);
    expect([...one.ids]).toEqual([30]);
    expect(toggled(one, 30).ids.size).toBe(0);
  });

  it.each([
    ['down', 40, 20, [40, 30, 20]],
    ['up', 20, 40, [20, 40, 30]],
    ['by nothing', 30, 30, [30]],
  ])('goes %s to a range', (_name, from, to, ids) => {
    expect([...extended(chosen(from), to, ORDER).ids]).toEqual(ids);
  });

  it('begins a range where it ends when its beginning is gone', () => {
    expect([...extended(chosen(99), 30, ORDER).ids]).toEqual([99, 30]);
    expect([...extended(NO_SELECTION, 30, ORDER).ids]).toEqual([30]);
  });

  it('is no larger than a request may be', () => {
    const many = Array.from({ length: MAX_SELECTED + 5 }, (_, index) => index);
    expect(allOf(many).ids.size).toBe(MAX_SELECTED);
    expect(toggled(allOf(many), MAX_SELECTED + 1).ids.size).toBe(MAX_SELECTED);
    expect(extended(allOf(many), MAX_SELECTED + 4, many).ids.size).toBe(MAX_SELECTED);
  });

  it('drops what left the list', () => {
    expect([...narrowed(chosen(50, 99), ORDER).ids]).toEqual([50]);
    const whole = chosen(50, 40);
    expect(narrowed(whole, ORDER)).toBe(whole);
  });
});

describe('the cursor', () => {
  it('begins at the first, goes by one, and stays at the ends', () => {
    expect(stepped(undefined, 1, ORDER)).toBe(50);
    expect(stepped(50, 1, ORDER)).toBe(40);
    expect(stepped(50, -1, ORDER)).toBe(50);
    expect(stepped(10, 1, ORDER)).toBe(10);
    expect(stepped(99, 1, ORDER)).toBe(50);
    expect(stepped(50, 1, [])).toBeUndefined();
  });

  it('goes to the next entry that stays, else to the one before', () => {
    expect(cursorAfter(40, new Set([40, 30]), ORDER)).toBe(20);
    expect(cursorAfter(10, new Set([10]), ORDER)).toBe(20);
    expect(cursorAfter(40, new Set([30]), ORDER)).toBe(40);
    expect(cursorAfter(40, new Set(ORDER), ORDER)).toBeUndefined();
  });
});
