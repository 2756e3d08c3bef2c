import { describe, expect, it } from 'vitest';
import { groupsOf } from '../../../../src/cli/behaviour/known-groups.ts';
import { GroupBook } from '../../../../src/correlation/groups/group-book.ts';
import { findingOf } from '../../../support/findings.ts';

function groupFinding(number: number, state: 'new' | 'closed' = 'new') {
  const hosts = [1, 2, 3].map((last) => `198.18.${number >> 8}.${(((number & 255) << 2) % 256) + last}`);
  return findingOf(`F-${number}`, { kind: 'bot-group', subject: `G-${number}`, lastAtMs: number, state, hosts });
}

describe('groupsOf', () => {
  it('gives the newest groups, and leaves out what is about something else', () => {
    const findings = Array.from({ length: 3000 }, (_, index) => groupFinding(index));
    const groups = groupsOf([findingOf('F-host'), ...findings.reverse()]);
    expect([groups.length, groups[0]!.id, groups.at(-1)!.id]).toEqual([1000, 'G-2000', 'G-2999']);
  });

  it('lets a closed one stand no more, and yet be known again by its hosts', () => {
    const book = new GroupBook();
    const findings = [groupFinding(1), groupFinding(2, 'closed')];
    book.restore(groupsOf(findings));
    expect(book.follow([], 1000).map(({ id }) => id)).toEqual(['G-1']);
    const again = groupsOf(findings)[1]!;
    expect(book.follow([again], 2000).map(({ id }) => id)).toContain('G-2');
  });
});
