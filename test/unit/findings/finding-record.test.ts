import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeFinding, MAX_RECORD_OCTETS, readFinding } from '../../../src/findings/finding-record.ts';
import { anyFinding, findingOf } from '../../support/findings.ts';

const CLOSED = { atMs: 5, by: 'alice', as: 'mistake', reason: 'no' } as const;

describe('the record of a finding', () => {
  it('gives back any finding', () => {
    fc.assert(
      fc.property(anyFinding, (finding) => {
        expect(readFinding(composeFinding(finding))).toStrictEqual(finding);
      }),
    );
  });

  it('gives back what was found with it', () => {
    const finding = findingOf('F-1', { detail: { hosts: [-5, 'two'], none: null } });
    expect(readFinding(composeFinding(finding))).toStrictEqual(finding);
  });

  it('is none when it is cut anywhere', () => {
    const text = composeFinding(findingOf('F-1', { state: 'closed', closed: CLOSED }));
    for (let end = 0; end < text.length; end++) expect(readFinding(text.slice(0, end))).toBeUndefined();
  });

  it('with any one octet changed is a finding that can be shown, or none', () => {
    const text = composeFinding(findingOf('F-1', { comments: [{ atMs: 5, by: 'alice', text: 'a word' }] }));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        const finding = readFinding(text.slice(0, at) + letter + text.slice(at + 1));
        if (finding === undefined) return;
        const { openedAtMs, updatedAtMs, firstAtMs, lastAtMs } = finding;
        for (const atMs of [openedAtMs, updatedAtMs, firstAtMs, lastAtMs]) new Date(atMs).toISOString();
        expect(finding.score).toBeGreaterThanOrEqual(0);
        expect(finding.score).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['no JSON', 'F-1'],
    ['no object', '[]'],
    ['null', 'null'],
    ['closed without a reason', composeFinding(findingOf('F-1', { state: 'closed' }))],
    ['open with one', composeFinding(findingOf('F-1', { closed: CLOSED }))],
    ['a score that is none', composeFinding(findingOf('F-1', { score: 1.5 }))],
    ['a time that is none', composeFinding(findingOf('F-1', { lastAtMs: 1e16 }))],
    ['an unknown key', composeFinding(findingOf('F-1')).replace('{', '{"__proto__":{"x":1},"more":1,')],
    ['too many hosts', composeFinding(findingOf('F-1', { hosts: Array.from({ length: 1001 }, () => 'x') }))],
  ])('is none with %s', (_, text) => {
    expect(readFinding(text)).toBeUndefined();
  });

  it('of the longest finding fits into the store', () => {
    const long = '€'.repeat(1000);
    const words = Array.from({ length: 100 }, () => ({ atMs: 1, by: 'x'.repeat(64), text: '€'.repeat(2000) }));
    const sample = { atMs: 1, text: long };
    const reason = { kind: 'x', weight: 1, line: long, events: 1, firstAtMs: 1, lastAtMs: 1 };
    const finding = findingOf('F-1', {
      reasons: Array.from({ length: 32 }, () => ({ ...reason, samples: Array.from({ length: 5 }, () => sample) })),
      hosts: Array.from({ length: 1000 }, () => 'x'.repeat(64)),
      comments: words,
      changes: words,
      cases: Array.from({ length: 100 }, () => 'x'.repeat(64)),
      detail: '€'.repeat(512 * 1024 - 2),
    });
    expect(readFinding(composeFinding(finding))).toStrictEqual(finding);
    expect(Buffer.byteLength(composeFinding(finding))).toBeLessThan(MAX_RECORD_OCTETS);
  });
});
