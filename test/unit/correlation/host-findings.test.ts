import { describe, expect, it } from 'vitest';
import { type EvidenceBook, SUSPECT_SCORE } from '../../../src/correlation/evidence-book.ts';
import { isAlone } from '../../../src/correlation/host-detail.ts';
import type { HostEvent } from '../../../src/correlation/host-event.ts';
import { hostFindings } from '../../../src/correlation/host-findings.ts';
import type { Found, Reason } from '../../../src/findings/finding.ts';
import { answer, BEGIN_MS, directQuery, name, outside, query, syn } from '../../support/host-events.ts';
import { bookOf, series } from '../../support/watched-host.ts';

const scan = series(400, 1000, (atMs, index) => syn(atMs, { destination: outside(index), port: 445 }));
const byHand = series(100, 4000, (atMs, index) => directQuery(atMs, { name: name(`www.site${index % 30}.example`) }));
const flood = [query(0), ...series(4000, 1, (atMs) => answer(atMs))];
const beacon = series(30, 600_000, (atMs) => syn(atMs, { port: 8080 }));

function lastOf<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function bookAfter(events: readonly HostEvent[]): { book: EvidenceBook; host: number; nowMs: number } {
  const book = bookOf();
  const host = events.map((event) => book.observe(event)).at(-1)!;
  return { book, host, nowMs: events.at(-1)!.atMs };
}

function findingsOf(
  book: EvidenceBook,
  nowMs: number,
  extra?: ReadonlyMap<number, readonly Reason[]>,
): readonly Found[] {
  return lastOf(hostFindings(book, nowMs, lastOf(book.suspects(nowMs, SUSPECT_SCORE)), extra));
}

const groupReason = (weight: number): Reason => ({
  kind: 'group',
  weight,
  line: 'one of 7 hosts of group G-4c7q',
  events: 3,
  firstAtMs: BEGIN_MS - 1000,
  lastAtMs: BEGIN_MS,
  samples: [],
});

describe('hostFindings', () => {
  it('tells an infected host with its reasons, the heaviest first', () => {
    const { book, nowMs } = bookAfter(scan);
    const [one, ...others] = findingsOf(book, nowMs);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ kind: 'infected-host', subject: '192.0.2.7', hosts: ['192.0.2.7'] });
    expect(one!.score).toBeGreaterThanOrEqual(0.8);
    expect(one!.reasons.map(({ kind }) => kind)).toEqual(['scanning']);
    expect([one!.firstAtMs, one!.lastAtMs]).toEqual([BEGIN_MS, nowMs]);
  });

  it('says of a resolver set by hand only that, until more speaks against the host', () => {
    const { book, host, nowMs } = bookAfter(byHand);
    expect(findingsOf(book, nowMs).map(({ kind }) => kind)).toEqual(['foreign-resolver']);
    for (const event of scan) book.observe(event);
    expect(findingsOf(book, nowMs).map(({ kind }) => kind)).toEqual(['infected-host']);
    expect(host).toBe(0);
  });

  it('makes an infected host of a weak one by the reason of its group', () => {
    const { book, host, nowMs } = bookAfter(beacon);
    expect(findingsOf(book, nowMs)).toEqual([]);
    const [one] = findingsOf(book, nowMs, new Map([[host, [groupReason(0.75)]]]));
    expect(one!.kind).toBe('infected-host');
    expect(one!.reasons.map(({ kind }) => kind)).toEqual(['group', 'beaconing']);
    expect(one!.firstAtMs).toBe(BEGIN_MS - 1000);
    expect(findingsOf(book, nowMs, new Map([[host, [groupReason(0.2)]]]))).toEqual([]);
  });

  it('was last seen when the host did something, whatever its group went on to do', () => {
    const { book, host, nowMs } = bookAfter(scan);
    const reason = { ...groupReason(0.75), lastAtMs: nowMs + 3_600_000 };
    const [one] = findingsOf(book, nowMs, new Map([[host, [reason]]]));
    expect(one!.reasons.map(({ kind }) => kind)).toContain('group');
    expect(one!.lastAtMs).toBe(nowMs);
  });

  it('tells a flood of answers as what it is, and not as an infection', () => {
    const { book, nowMs } = bookAfter(flood);
    const found = findingsOf(book, nowMs);
    expect(found.map(({ kind }) => kind)).toEqual(['answer-flood']);
    expect(found[0]!.score).toBeGreaterThan(0.9);
    expect(found[0]!.reasons[0]!.line).toEqual(expect.stringContaining('DNS responses within 10 s'));
  });

  it('tells one finding of an address that two hosts had, and which of them it is', () => {
    const book = bookOf();
    for (const event of scan) book.observe({ ...event, mac: 0x020000000001 });
    for (const event of byHand) book.observe({ ...event, mac: 0x020000000002 });
    const found = findingsOf(book, scan.at(-1)!.atMs);
    expect(found.map(({ kind }) => kind).sort()).toEqual(['foreign-resolver', 'infected-host']);
    const infected = found.find(({ kind }) => kind === 'infected-host')!;
    expect(infected.reasons[0]!.line).toEqual(expect.stringMatching(/^as 02:00:00:00:00:01: scans/));
    expect(infected.detail).toEqual({ mac: '02:00:00:00:00:01', others: ['02:00:00:00:00:02'] });
    expect([isAlone(infected.detail), isAlone({ mac: 'x', others: [] }), isAlone(undefined)]).toEqual([
      false,
      true,
      true,
    ]);
    for (const event of scan) book.observe({ ...event, atMs: event.atMs + 86_400_000, mac: 0x020000000001 });
    const [later] = findingsOf(book, scan.at(-1)!.atMs + 86_400_000);
    expect(later!.detail).toEqual({ mac: '02:00:00:00:00:01', others: [] });
  });

  it('passes over hosts that have gone since they were listed', () => {
    const { book, nowMs } = bookAfter(scan);
    expect(lastOf(hostFindings(book, nowMs, [{ host: 77, score: 0.9 }]))).toEqual([]);
  });

  it('holds the least score of the options', () => {
    const book = bookOf({ minScore: 0.99 });
    for (const event of scan) book.observe(event);
    expect(findingsOf(book, scan.at(-1)!.atMs)).toEqual([]);
  });
});
