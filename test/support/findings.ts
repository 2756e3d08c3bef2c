import fc from 'fast-check';
import {
  CLOSED_AS,
  FINDING_KINDS,
  FINDING_STATES,
  type Finding,
  type Found,
  MAX_REASONS,
  type Reason,
} from '../../src/findings/finding.ts';

export const FOUND_AT_MS = Date.UTC(2026, 0, 15, 11, 30);

export function reasonOf(changes: Partial<Reason> = {}): Reason {
  return {
    kind: 'beaconing',
    weight: 0.6,
    line: 'asked 198.51.100.7 every 300 s, 40 times',
    events: 40,
    firstAtMs: FOUND_AT_MS - 3_600_000,
    lastAtMs: FOUND_AT_MS,
    samples: [{ atMs: FOUND_AT_MS, text: 'asked 198.51.100.7 for TXT k3.example: blocked, unknown' }],
    ...changes,
  };
}

/** A host that is infected. */
export function foundOf(subject: string, changes: Partial<Found> = {}): Found {
  return {
    kind: 'infected-host',
    subject,
    score: 0.85,
    reasons: [reasonOf()],
    hosts: [subject],
    firstAtMs: FOUND_AT_MS - 3_600_000,
    lastAtMs: FOUND_AT_MS,
    ...changes,
  };
}

export function findingOf(id: string, changes: Partial<Finding> = {}): Finding {
  return {
    ...foundOf('192.0.2.66'),
    id,
    openedAtMs: FOUND_AT_MS,
    updatedAtMs: FOUND_AT_MS,
    state: 'new',
    closed: undefined,
    comments: [],
    changes: [],
    cases: [],
    ...changes,
  };
}

const plain = <T>(parts: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(parts, { noNullPrototype: true });
const text = fc.string({ unit: 'binary', maxLength: 40 });
const instant = fc.integer({ min: 0, max: 2e12 });
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const words = fc.array(plain({ atMs: instant, by: text, text }), { maxLength: 3 });
const reason = plain({
  kind: fc.constantFrom('beaconing', 'scanning', 'traceback'),
  weight: share,
  line: text,
  events: fc.nat(),
  firstAtMs: instant,
  lastAtMs: instant,
  samples: fc.array(plain({ atMs: instant, text }), { maxLength: 3 }),
});

/** Any finding that a store may hold. */
export const anyFinding: fc.Arbitrary<Finding> = plain({
  id: fc.stringMatching(/^F-[0-9a-z]{1,8}$/),
  kind: fc.constantFrom(...FINDING_KINDS),
  subject: fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
  score: share,
  reasons: fc.array(reason, { maxLength: MAX_REASONS }),
  hosts: fc.array(fc.ipV4(), { maxLength: 5 }),
  firstAtMs: instant,
  lastAtMs: instant,
  openedAtMs: instant,
  updatedAtMs: instant,
  state: fc.constantFrom(...FINDING_STATES),
  closed: plain({ atMs: instant, by: text, as: fc.constantFrom(...CLOSED_AS), reason: text }),
  comments: words,
  changes: words,
  cases: fc.array(fc.uuid(), { maxLength: 3 }),
}).map((finding) => ({ ...finding, closed: finding.state === 'closed' ? finding.closed : undefined }));
