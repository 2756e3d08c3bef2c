import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeStanding,
  ENDED_EARLY,
  type Standing,
  standingOf,
} from '../../../../src/cli/response/quarantine-standing.ts';
import { anyFinding } from '../../../support/findings.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 1, 2, 3, 4);
const changes = (...texts: readonly string[]) => ({ changes: texts.map((text) => ({ atMs: NOW_MS, by: 'x', text })) });
const DNS: Standing = { scope: 'dns', untilMs: NOW_MS, score: 0.91 };

describe('what a finding says of its quarantine', () => {
  it('is in words', () => {
    expect(describeStanding(DNS, 2)).toBe(
      'in quarantine (its DNS) until 2026-11-22T01:02:03.004Z by rule 2, at score 0.9100',
    );
  });

  it('is read back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('dns' as const, 'all' as const),
        fc.integer({ min: 0, max: 253_402_300_799_999 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 1, max: 64 }),
        (scope, untilMs, score, rule) => {
          const standing = { scope, untilMs, score: score / 10_000 };
          expect(standingOf(changes(describeStanding(standing, rule)))).toEqual(standing);
        },
      ),
    );
  });

  it('is the last of it', () => {
    const later = { ...DNS, scope: 'all', score: 0.97 } as const;
    expect(standingOf(changes())).toBeUndefined();
    expect(standingOf(changes(describeStanding(DNS, 1), 'acknowledged', describeStanding(later, 2)))).toEqual(later);
    expect(standingOf(changes(describeStanding(DNS, 1), ENDED_EARLY))).toBe('ended');
    expect(standingOf(changes(describeStanding(DNS, 1), ENDED_EARLY, 'closed as mistake: no', 'reopened: more'))).toBe(
      undefined,
    );
  });

  it('is nothing in other words', () => {
    fc.assert(fc.property(anyFinding, (finding) => standingOf(finding) === undefined));
    const text = describeStanding(DNS, 1);
    for (let end = 0; end < text.length - 6; end++) expect(standingOf(changes(text.slice(0, end)))).toBeUndefined();
  });
});
