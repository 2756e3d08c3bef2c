import { describe, expect, it } from 'vitest';
import { RECORD_TYPE } from '../../../../src/dns/registry.ts';
import { answer, BEGIN_MS, directQuery, name, OUTSIDE, outside, query, verdict } from '../../../support/host-events.ts';
import { bookOf, series, watch } from '../../../support/watched-host.ts';

const KIND = 'direct-queries';
const TXT = RECORD_TYPE.TXT;

const byHand = series(300, 60_000, (atMs, index) =>
  directQuery(atMs, { name: name(`www.site${index % 40}.example`), type: index % 3 === 0 ? 28 : 1 }),
);

describe('DirectQueries', () => {
  it('says nothing of queries to the resolver of the site', () => {
    expect(watch(series(100, 1000, (atMs) => query(atMs))).evidence.has(KIND)).toBe(false);
  });

  it('knows a resolver that was set by hand, and weighs it little', () => {
    const { weight, evidence } = watch(byHand);
    expect(weight(KIND)).toBeLessThanOrEqual(0.2);
    expect(evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(
        /^sent 300 queries straight to 1 server outside \(198\.51\.100\.7\), for names of about [34]\d domains, 100 % asking to recurse$/,
      ),
    );
    const book = bookOf();
    const host = byHand.map((event) => book.observe(event)).at(-1)!;
    expect(book.usesForeignResolver(host)).toBe(true);
  });

  it.each([
    ['few domains', series(100, 1000, (atMs) => directQuery(atMs))],
    ['RD clear', byHand.map((event) => ({ ...event, recursionDesired: false }))],
    ['TXT', byHand.map((event) => ({ ...event, type: TXT }))],
    ['MX', byHand.map((event) => ({ ...event, type: RECORD_TYPE.MX }))],
    ['many servers', byHand.map((event, index) => ({ ...event, server: outside(index) }))],
  ])('takes no host for one with a resolver set by hand: %s', (_, events) => {
    const book = bookOf();
    const host = events.map((event) => book.observe(event)).at(-1)!;
    expect(book.usesForeignResolver(host)).toBe(false);
  });

  it('weighs TXT of one domain to hard-coded addresses much', () => {
    const feederbot = series(60, 300_000, (atMs, index) =>
      directQuery(atMs, { type: TXT, name: name(`x${index}q.feed.example`), server: outside(index % 3) }),
    );
    expect(watch(feederbot).weight(KIND)).toBeGreaterThan(0.65);
  });

  it('weighs it no less for ordinary queries beside it, and takes nobody with it for a user of a resolver', () => {
    const beside = (ordinary: number) =>
      series(60, 300_000, (atMs, index) => [
        directQuery(atMs, { type: TXT, name: name(`x${index}q.feed.example`) }),
        ...series(ordinary, 5000, (laterMs, other) =>
          directQuery(atMs + 5000 + laterMs, { name: name(`www.site${(index * 7 + other) % 60}.example`) }),
        ),
      ]);
    const alone = watch(beside(0)).weight(KIND);
    for (const ordinary of [1, 10, 40]) expect(watch(beside(ordinary)).weight(KIND)).toBeGreaterThan(alone - 0.02);
    const book = bookOf();
    const host = beside(10)
      .map((event) => book.observe(event))
      .at(-1)!;
    expect(book.usesForeignResolver(host)).toBe(false);
  });

  it('weighs TXT to an address that was just resolved still more', () => {
    const asks = (isResolved: boolean) =>
      series(12, 600_000, (atMs) => [
        answer(atMs, { addresses: isResolved ? [OUTSIDE] : [], name: name('ms.example') }),
        directQuery(atMs + 200, { type: TXT, name: name('ms.example') }),
      ]);
    const plain = watch(asks(false));
    const morto = watch(asks(true));
    expect(morto.weight(KIND)).toBeGreaterThan(plain.weight(KIND) + 0.15);
    expect(morto.evidence.get(KIND)!.line).toEqual(expect.stringContaining('an address it had just resolved'));
  });

  it('weighs mostly MX through a resolver of its own choice much', () => {
    const events = series(80, 30_000, (atMs, index) =>
      directQuery(atMs, { type: index % 2 === 0 ? RECORD_TYPE.MX : 1, name: name(`d${index}.example`) }),
    );
    expect(watch(events).weight(KIND)).toBeGreaterThan(0.7);
    expect(watch(events, { mailServers: [events[0]!.host] }).weight(KIND)).toBe(0);
  });

  it('takes the verdict of the gate on a query for the same query', () => {
    const { evidence } = watch(series(10, 10_000, (atMs) => [directQuery(atMs), verdict(atMs + 3)]));
    expect(evidence.get(KIND)!.events).toBe(10);
    expect(evidence.get(KIND)!.line).toEqual(expect.stringContaining('blocked'));
    expect(watch(series(10, 10_000, (atMs) => verdict(atMs))).evidence.get(KIND)!.events).toBe(10);
  });

  it('halves in the half-life, and vanishes', () => {
    const book = bookOf({ halfLifeMs: 1000 });
    const host = book.observe(directQuery(0, { type: TXT }));
    const now = book.score(host, BEGIN_MS);
    expect(book.score(host, BEGIN_MS + 1000)).toBeLessThan(now * 0.6);
    expect(book.evidence(host, BEGIN_MS + 100_000)).toEqual([]);
  });
});
