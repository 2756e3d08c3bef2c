import { describe, expect, it } from 'vitest';
import { GroupBook } from '../../../../src/correlation/groups/group-book.ts';
import type { FreshGroup } from '../../../../src/correlation/groups/group-hosts.ts';
import { addressOf } from '../../../support/observations.ts';

const HOUR_MS = 3_600_000;

function group(...hosts: number[]): FreshGroup {
  return {
    sinceMs: 1000 + hosts[0]!,
    lastAtMs: 5000,
    score: 0.9,
    hosts: hosts.map((host) => ({ host: addressOf(`198.18.0.${host}`), score: 0.8, matches: 3 })),
    features: [],
    matches: [],
    candidates: [],
    victims: [],
  };
}

function book(): GroupBook {
  let drawn = 0;
  return new GroupBook((below) => drawn++ % below);
}

describe('GroupBook', () => {
  it('keeps ids while most hosts stay, in whatever order groups come', () => {
    const groups = book();
    const [one, two] = groups.follow([group(1, 2, 3, 4), group(11, 12, 13)], 0);
    const next = groups.follow([group(12, 13, 14), group(1, 2, 3, 5, 6)], 1);
    expect(next.map(({ id }) => id)).toEqual([two!.id, one!.id]);
    expect(next[1]!.changes.map(({ what }) => what)).toEqual(['began', 'grew']);
    expect(groups.follow([group(1, 2, 3, 5)], 2)[0]!.changes.at(-1)!.what).toBe('shrank');
  });

  it('records a merge: the id of the larger one stays, of equal ones the older', () => {
    const groups = book();
    const [one, two] = groups.follow([group(1, 2), group(11, 12)], 0);
    const [merged, ...rest] = groups.follow([group(1, 2, 11, 12)], 1);
    expect(rest).toEqual([]);
    expect(merged!.id).toBe(one!.id);
    expect(merged!.changes.at(-1)).toEqual({ atMs: 1, what: 'merged', with: [two!.id] });
    expect(groups.past.map(({ id, changes }) => [id, changes.at(-1)])).toEqual([
      [two!.id, { atMs: 1, what: 'ended', with: [one!.id] }],
    ]);
  });

  it('records a split on both sides', () => {
    const groups = book();
    const [whole] = groups.follow([group(1, 2, 3, 4, 5)], 0);
    const [small, large] = groups.follow([group(4, 5), group(1, 2, 3)], 1);
    expect(large!.id).toBe(whole!.id);
    expect(large!.changes.at(-1)).toEqual({ atMs: 1, what: 'split', with: [small!.id] });
    expect(small!.changes).toEqual([{ atMs: 1, what: 'split', with: [whole!.id] }]);
  });

  it('keeps a group that is not found for an hour, then ends it, and knows it again', () => {
    const groups = book();
    const [one] = groups.follow([group(1, 2, 3)], 0);
    expect(groups.follow([], HOUR_MS - 1)).toHaveLength(1);
    expect(groups.follow([], HOUR_MS)).toEqual([]);
    expect(groups.past.at(-1)!.changes.at(-1)!.what).toBe('ended');
    expect(groups.follow([group(2, 3)], 2 * HOUR_MS)[0]!.id).toBe(one!.id);
  });

  it('keeps ids over a restart', () => {
    const before = book().follow([group(1, 2, 3)], 0);
    const groups = book();
    groups.restore(before);
    expect(groups.follow([group(1, 2, 3, 4)], 1)[0]).toMatchObject({ id: before[0]!.id, sinceMs: 1001 });
  });
});
