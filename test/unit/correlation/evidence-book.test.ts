import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { DEFAULT_CORRELATION } from '../../../src/correlation/correlation-options.ts';
import { EVIDENCE_KINDS } from '../../../src/correlation/detector.ts';
import { EvidenceBook } from '../../../src/correlation/evidence-book.ts';
import type { HostEvent } from '../../../src/correlation/host-event.ts';
import type { Name } from '../../../src/dns/name.ts';
import { RECORD_TYPE } from '../../../src/dns/registry.ts';
import {
  address,
  answer,
  BEGIN_MS,
  directQuery,
  HOST,
  name,
  OUTSIDE,
  outside,
  query,
  RESOLVER,
  syn,
  synAck,
  verdict,
} from '../../support/host-events.ts';
import { bookOf, SITE, series, watch } from '../../support/watched-host.ts';

const HOUR_MS = 3_600_000;
const TXT = RECORD_TYPE.TXT;
const scan = series(400, 1000, (atMs, index) => syn(atMs, { destination: outside(index), port: 445 }));

/** All that users with a resolver set by hand do: browse by it, and be blocked. */
const byHand = series(600, 60_000, (atMs, index) => {
  const asked = { name: name(`www.site${index % 80}.example`), type: index % 3 === 0 ? 28 : 1 };
  return [
    directQuery(atMs, asked),
    verdict(atMs + 1, asked),
    directQuery(atMs + 2500, asked),
    verdict(atMs + 2501, asked),
  ];
});

function lastOf<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

describe('EvidenceBook', () => {
  it('is not sure of honest hosts', () => {
    const poller = series(200, 10 * 60_000, (atMs) => [
      query(atMs, { name: name('mail.example') }),
      answer(atMs + 2, { name: name('mail.example'), addresses: [OUTSIDE] }),
      syn(atMs + 5),
      synAck(atMs + 9),
    ]);
    const browser = series(3000, 5000, (atMs, index) => [
      query(atMs, { name: name(`d${index % 700}.cdn${index % 40}.example`) }),
      answer(atMs + 1, { name: name(`d${index % 700}.cdn${index % 40}.example`), addresses: [outside(index % 900)] }),
      syn(atMs + 20, { destination: outside(index % 900) }),
    ]);
    for (const events of [byHand, poller, browser, [...byHand, ...poller].sort((a, b) => a.atMs - b.atMs)]) {
      expect(watch(events).score).toBeLessThan(0.8);
    }
    expect(watch(browser).score).toBeLessThan(0.1);
  });

  it('is sure of Feederbot and of Morto, with the gate and without', () => {
    const feederbot = series(60, 300_000, (atMs, index) => {
      const asked = { type: TXT, name: name(`mfzwizltoq2gk3tu${index}aaxy.feed.example`), server: outside(index % 3) };
      return [directQuery(atMs, asked), verdict(atMs + 1, asked)];
    });
    const morto = series(30, 600_000, (atMs) => [
      answer(atMs, { addresses: [OUTSIDE], name: name('ms.example') }),
      directQuery(atMs + 200, { type: TXT, name: name('ms.example') }),
      verdict(atMs + 201, { type: TXT, name: name('ms.example') }),
    ]);
    for (const events of [feederbot, morto]) {
      expect(watch(events).score).toBeGreaterThan(0.9);
      expect(watch(events.filter(({ kind }) => kind !== 'verdict')).score).toBeGreaterThan(0.8);
      expect(watch(events.filter(({ kind }) => kind === 'verdict')).score).toBeGreaterThan(0.8);
    }
  });

  it('takes answers for nothing, but for a flood of them, that nobody had asked for', () => {
    const drawn = (atMs: number, index: number) => ({ atMs, name: name(`xkqzr${index}wvtbn.example`) });
    const forged = series(60, 100, (atMs, index) => answer(atMs, { ...drawn(atMs, index), responseCode: 3 }));
    const own = forged.map((event, index) => query(event.atMs - BEGIN_MS - 20, drawn(0, index)));
    const before = query(0, { host: address('192.0.2.9') });
    const after = (events: readonly HostEvent[]) => {
      const book = bookOf();
      const host = events.map((event) => book.observe(event)).at(-1)!;
      return { book, kinds: book.evidence(host, events.at(-1)!.atMs).map(({ kind }) => kind) };
    };
    expect(after(forged).kinds).toEqual([]);
    expect(after(forged.flatMap((event, index) => [own[index]!, event])).kinds).toEqual([
      'unresolvable-names',
      'odd-names',
    ]);
    expect(after([before, ...series(6000, 1, (atMs) => answer(atMs))]).kinds).toEqual(['answer-flood']);
    expect(after([query(0), answer(1), answer(2, { addresses: [OUTSIDE] })]).book.unasked).toBe(1);
  });

  it('adds reasons up so that one more never lowers the score', () => {
    const { score, evidence } = watch([...scan, ...series(50, 1000, (atMs) => verdict(atMs + 400_000, { type: TXT }))]);
    const weights = [...evidence.values()].map(({ weight }) => weight);
    expect(weights.length).toBeGreaterThan(2);
    expect(score).toBeCloseTo(1 - weights.reduce((doubt, weight) => doubt * (1 - weight), 1));
    expect(score).toBeGreaterThan(Math.max(...weights));
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
  });

  it('halves evidence in the half-life', () => {
    const book = bookOf();
    let host = 0;
    for (const event of scan) host = book.observe(event);
    const atMs = scan.at(-1)!.atMs;
    const weightAt = (nowMs: number) => book.evidence(host, nowMs)[0]?.weight ?? 0;
    expect(weightAt(atMs + 6 * HOUR_MS)).toBeCloseTo(weightAt(atMs) / 2);
    expect(weightAt(atMs + 12 * HOUR_MS)).toBeCloseTo(weightAt(atMs) / 4);
    expect(weightAt(atMs - 50 * HOUR_MS)).toBe(weightAt(atMs));
    expect(book.evidence(host, atMs + 40 * 6 * HOUR_MS)).toEqual([]);
    expect(book.score(host, atMs + 40 * 6 * HOUR_MS)).toBe(0);
  });

  it('keeps what one MAC address did from the next that has the address, and a neighbour out of it', () => {
    const book = bookOf();
    for (const event of scan) book.observe({ ...event, mac: 1 });
    const nextOwner = book.observe(query(500_000, { mac: 2 }));
    const neighbour = book.observe(query(500_001, { host: address('192.0.2.9') }));
    const [seenLast, before] = book.hosts.numbersOf(HOST);
    expect(seenLast).toBe(nextOwner);
    const nowMs = BEGIN_MS + 500_000;
    expect([book.score(nextOwner, nowMs), book.score(neighbour, nowMs)]).toEqual([0, 0]);
    expect(book.score(before!, nowMs)).toBeGreaterThan(0.8);
  });

  it('forgets a host that goes, so that its number begins clean', () => {
    const forgotten: number[] = [];
    const options = { ...DEFAULT_CORRELATION, hosts: 1 };
    const book = new EvidenceBook(options, SITE, (host) => forgotten.push(host), 1);
    let host = 0;
    for (const event of [answer(0), ...scan, ...byHand]) host = book.observe(event);
    const next = book.observe(query(99 * HOUR_MS, { host: address('2001:db8::9') }));
    expect(next).toBe(host);
    expect(forgotten).toEqual([host]);
    expect(book.evidence(next, BEGIN_MS)).toEqual([]);
    expect(book.usesForeignResolver(next)).toBe(false);
  });

  it('looks only at connections of a trusted resolver, and takes up another site', () => {
    const events = series(300, 1000, (atMs, index) =>
      directQuery(atMs, { host: RESOLVER, type: TXT, server: outside(index) }),
    );
    expect(watch(events).score).toBe(0);
    expect(watch(scan.map((event) => ({ ...event, host: RESOLVER }))).score).toBeGreaterThan(0.8);
    const book = bookOf();
    book.configure({ ...SITE, trustedResolvers: [] });
    const host = events.map((event) => book.observe(event)).at(-1)!;
    expect(book.score(host, events.at(-1)!.atMs)).toBeGreaterThan(0.5);
  });

  it('does not look for what is not all seen', () => {
    const book = bookOf({ unseen: ['scanning', 'direct-queries'] });
    let host = 0;
    for (const event of [...scan, ...byHand]) host = book.observe(event);
    const kinds = book.evidence(host, scan.at(-1)!.atMs).map(({ kind }) => kind);
    expect(kinds).toContain('blocked-queries');
    expect(kinds).not.toContain('scanning');
    expect(kinds).not.toContain('direct-queries');
  });

  it('lists suspects, the most suspect first, and lets others run between', () => {
    const book = bookOf();
    for (let index = 0; index < 2000; index++) book.observe(query(0, { host: outside(index) }));
    const infected = scan.map((event) => book.observe({ ...event, host: outside(1500) })).at(-1)!;
    const odd = byHand.map((event) => book.observe({ ...event, host: outside(3) })).at(-1)!;
    const steps = book.suspects(byHand.at(-1)!.atMs, 0.1);
    expect(steps.next().done).toBe(false);
    const suspects = lastOf(steps);
    expect(suspects.map(({ host }) => host).sort()).toEqual([infected, odd].sort());
    expect(suspects[0]!.score).toBeGreaterThanOrEqual(suspects[1]!.score);
    expect(lastOf(book.suspects(byHand.at(-1)!.atMs, 1.1))).toEqual([]);
  });

  it('holds a host with hundreds of thousands of destinations, names and servers', () => {
    const book = bookOf();
    let host = 0;
    for (let index = 0; index < 300_000; index++) {
      const destination = (index * 2_654_435_761) | 0;
      const asked = {
        name: `\x08${String(index).padStart(8, '0')}\x07example\0` as Name,
        server: destination as Address,
      };
      const atMs = index * 10;
      if (index % 4 === 0)
        host = book.observe(syn(atMs, { destination: destination as Address, port: index & 0xffff }));
      else if (index % 4 === 1) book.observe(directQuery(atMs, asked));
      else if (index % 4 === 2)
        book.observe(answer(atMs, { ...asked, responseCode: 3, addresses: [destination as Address] }));
      else book.observe(verdict(atMs, asked));
    }
    const evidence = book.evidence(host, BEGIN_MS + 3_000_000);
    expect(book.hosts.size).toBe(1);
    expect(evidence.length).toBeGreaterThan(3);
    for (const { weight, line, samples } of evidence) {
      expect(weight).toBeLessThanOrEqual(1);
      expect(line).not.toMatch(/NaN|Infinity|undefined/);
      expect(samples.length).toBeLessThanOrEqual(5);
    }
  }, 60_000);

  it('says sensible things after any events, whatever the clock does', () => {
    const atMs = fc.oneof(
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: -1e13, max: 1e13 }),
      fc.integer({ min: 0, max: 1e8 }),
    );
    const anyAddress = fc.oneof(
      fc.integer({ min: 0, max: 40 }).map(outside),
      fc.constantFrom(address('2001:db8::1'), HOST, RESOLVER),
    );
    const anyName = fc.constantFrom(
      ...[
        '.',
        'example',
        'xkqzvbwmkq.example',
        '\\000\\255.\\027[1m.example',
        'www.example.co.uk',
        `${'a1b2c3d4e5'.repeat(5)}.t.example`,
      ].map(name),
    );
    const parts = fc.record({
      host: anyAddress,
      mac: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      name: anyName,
      type: fc.constantFrom(1, 12, 15, 16, 10, 65_535),
      destination: anyAddress,
      port: fc.constantFrom(0, 22, 25, 53, 80, 139, 443, 445, 3389, 65_535),
      isDirect: fc.boolean(),
      recursionDesired: fc.constantFrom(true, false, undefined),
      responseCode: fc.constantFrom(0, 2, 3, 4095),
      addresses: fc.array(anyAddress, { maxLength: 4 }),
      packets: fc.integer({ min: -1, max: 1e9 }),
    });
    const kinds = [query, answer, syn, synAck, verdict] as const;
    const anyEvent = fc.record({ make: fc.nat(4), atMs, parts, repeat: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), atMs, (stream, most, now) => {
        const book = bookOf({ hosts: most });
        const seen = new Set<number>();
        for (const one of stream) {
          for (let index = 0; index < one.repeat; index++) {
            const event: HostEvent = kinds[one.make]!(one.atMs + index * 700, {
              ...one.parts,
              server: one.parts.destination,
            });
            seen.add(book.observe(event));
          }
        }
        for (const host of seen) {
          const evidence = book.evidence(host, BEGIN_MS + now);
          for (const { kind, weight, line, events, firstAtMs, lastAtMs, samples } of evidence) {
            expect(EVIDENCE_KINDS).toContain(kind);
            expect(weight).toBeGreaterThan(0);
            expect(weight).toBeLessThanOrEqual(1);
            expect(line).not.toMatch(/NaN|Infinity|undefined|[^ -~]/);
            expect(events).toBeGreaterThan(0);
            expect(Number.isFinite(firstAtMs) && Number.isFinite(lastAtMs)).toBe(true);
            for (const { text } of samples) expect(text).not.toMatch(/undefined|[^ -~]/);
          }
          const score = book.score(host, BEGIN_MS + now);
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
        expect(book.hosts.size).toBeLessThanOrEqual(most);
      }),
      { numRuns: 60 },
    );
  });
});
