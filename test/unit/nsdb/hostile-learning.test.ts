import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../src/dns/name.ts';
import { WORD } from '../../../src/dns/observation-layout.ts';
import type { HistoryOptions } from '../../../src/nsdb/history-options.ts';
import type { LearnerOptions } from '../../../src/nsdb/learner-options.ts';
import { learnAt, startLearning } from '../../support/learning.ts';
import { addressOf, nameOf, queryAt, type ResponseFields, responseAt } from '../../support/observations.ts';
import { packObservations } from '../../support/opened-observation.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ROOT_SERVER = '198.51.100.1';
const HOUR_MS = 3_600_000;

function setUp(options: Partial<LearnerOptions> = {}, historyOptions: Partial<HistoryOptions> = {}) {
  const clock = new VirtualClock();
  const { history, learner, observe } = startLearning(clock, options, historyOptions);
  history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), addressOf(ROOT_SERVER));
  const exchange = (fields: ResponseFields) => {
    const at = { server: ROOT_SERVER, ...fields };
    observe(queryAt(clock.nowMs(), at), responseAt(clock.nowMs(), at));
  };
  return { clock, history, learner, observe, exchange };
}

const SPOOFED = {
  server: ROOT_SERVER,
  nameServers: ['example.org 86400 ns.evil.example'],
  additional: ['ns.evil.example 86400 203.0.113.66'],
};

describe('hostile traffic', () => {
  it('a million spoofed responses teach nothing and take no memory', { timeout: 30_000 }, () => {
    const { clock, history, learner } = setUp({ pending: { timeMs: 5000, size: 1000 } });
    const batch = packObservations(...Array.from({ length: 500 }, () => responseAt(clock.nowMs(), SPOOFED)));
    const words = new Int32Array(batch.buffer);
    const recordWords = words[WORD.LENGTH]! / 4;
    const storm = (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        for (let at = 0, record = 0; record < 500; at += recordWords, record++) {
          words[at + WORD.ID] = (round * 500 + record) & 0xffff;
          words[at + WORD.SERVER] = Math.imul(round * 500 + record, 0x9e3779b1);
        }
        learner.take(batch);
      }
    };
    storm(200);
    const beforeOctets = process.memoryUsage().rss;
    storm(1800);
    expect(learner.counters.get('responses unmatched')).toBe(1_000_000);
    expect(learner.counters.get('refused: response answers no query that left')).toBe(1_000_000);
    expect([history.rows.size, history.rows.names.size, history.rows.addresses.size]).toEqual([1, 2, 1]);
    expect(process.memoryUsage().rss - beforeOctets).toBeLessThan(64 * 1024 * 1024);
  });

  it('a flood of queries takes the places of older ones, and no more', () => {
    const { clock, learner, observe } = setUp({ teach: 'chain', pending: { timeMs: 5000, size: 100 } });
    for (let index = 0; index < 20_000; index++) {
      observe(queryAt(clock.nowMs(), { id: index & 0xffff, name: `${'x'.repeat(63)}.${index}.example` }));
    }
    expect(learner.statistics().pending).toEqual({ size: 100, evicted: 19_900 });
  });

  it('a delegation of thousands of addresses teaches 13 of a name server, 20 name servers, 100 triples', () => {
    const { history, learner, exchange } = setUp();
    const nameServers = Array.from({ length: 400 }, (_, index) => `org 86400 ns${index}.org`);
    const additional = Array.from({ length: 4000 }, (_, index) => {
      return `ns${Math.floor(index / 20)}.org 86400 198.18.${index >> 8}.${index & 255}`;
    });
    exchange({ nameServers, additional });
    // 15 name servers with 20 addresses each come in one observation: 13 of each are looked at, 100 in all with those without.
    expect(history.size + history.gluelessCount).toBe(100 + 1);
    expect(learner.counters.get('refused: more name servers than one delegation may have')).toBe(300 - 20);
    expect(learner.counters.get('refused: more addresses than one name server may have')).toBe(15 * 7);
    expect(learner.counters.get('refused: more triples than one response may teach')).toBe(15 * 13 + 5 - 100);
    expect(learner.counters.get('refused: more records than one observation carries')).toBe(100 + 3700);
  });

  it('a zone seen with 100,000 name servers has 280 rows, and its names and addresses do not pile up', () => {
    const { clock, history } = setUp({}, { size: 1000 });
    let refused = 0;
    for (let index = 0; index < 100_000; index++) {
      const address = `198.18.${(index >> 8) & 255}.${index & 255}`;
      const taking = learnAt(history, clock.nowMs(), { nameServer: `ns${index}.example.org`, address });
      if (taking === 'zone is full') refused++;
    }
    expect([history.size - 1, refused]).toEqual([280, 100_000 - 280]);
    expect(history.rows.names.size).toBe(280 + 2 + 2);
  });

  it('100,000 zones that share one name server are joined 256 at a time', { timeout: 20_000 }, () => {
    const { clock, history, learner, exchange } = setUp({ teach: 'chain' }, { size: 120_000 });
    for (let index = 0; index < 100_000; index++) {
      learnAt(history, clock.nowMs(), { zone: `z${index}.example`, nameServer: 'ns.example', address: 'none' });
    }
    expect(history.gluelessCount).toBe(100_000);
    const startedAtMs = performance.now();
    exchange({ name: 'ns.example', authoritative: true, answers: ['ns.example 3600 203.0.113.7'] });
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    expect(history.zoneCountOf(addressOf('203.0.113.7'))).toBe(256);
    expect(learner.counters.get('refused: more zones wait for one name server than are joined at once')).toBe(1);
    clock.advance(HOUR_MS);
    for (let rounds = 0; !history.expire(10_000); rounds++) expect(rounds).toBeLessThan(100);
    expect([history.gluelessCount, history.size]).toEqual([0, 1]);
  });

  it('names of 255 octets and of 127 labels are names as any other', () => {
    const { history, exchange } = setUp();
    const long = [63, 63, 63, 57].map((length) => 'x'.repeat(length)).join('.');
    const deep = Array.from({ length: 125 }, () => 'a').join('.');
    for (const name of [`${long}.org`, `${deep}.org`]) {
      exchange({ name, nameServers: [`${name} 3600 ${name}`], additional: [`${name} 3600 203.0.113.9`] });
      expect([...history.ofZone(nameOf(name))]).toHaveLength(1);
    }
  });

  it.each([-HOUR_MS, HOUR_MS])(
    'a capture whose clock is %i ms beside ours is shifted, and prolongs nothing',
    (offMs) => {
      const { clock, history, learner } = setUp();
      const referral = {
        server: ROOT_SERVER,
        nameServers: ['org 7200 ns.org'],
        additional: ['ns.org 7200 203.0.113.5'],
      };
      const capturedMs = clock.nowMs() + offMs;
      const batch = packObservations(queryAt(capturedMs, referral), responseAt(capturedMs + 10, referral));
      clock.advance(10);
      learner.take(batch, -offMs);
      expect(history.standing(addressOf('203.0.113.5'))?.untilMs).toBe(clock.nowMs() + 2 * HOUR_MS);
      // Not shifted, what is of the past counts from then, and what is of the future from now.
      learner.take(batch);
      expect(history.standing(addressOf('203.0.113.5'))?.untilMs).toBe(clock.nowMs() + 2 * HOUR_MS);
      expect(learner.counters.get('responses matched')).toBe(2);
    },
  );

  it('a batch of anything throws nothing', () => {
    const { history, learner } = setUp({ teach: 'matched', trustUnmatched: true }, { size: 100 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        learner.take(octets);
      }),
      { numRuns: 2000 },
    );
    expect(learner.counters.get('damaged batches')).toBeGreaterThan(1000);
    expect(history.size).toBe(1);
  });

  it('a batch with octets changed is read, or is damaged, and leaves the history whole', () => {
    const fields = { ...SPOOFED, answers: ['ns.example 60 203.0.113.1'], name: 'ns.example' };
    const sound = packObservations(queryAt(0, fields), responseAt(0, fields), queryAt(1), responseAt(1, SPOOFED));
    const change = fc.tuple(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.nat({ max: sound.length }), (changes, cut) => {
        const options = { size: 10, ttlCapSeconds: 3600 };
        const { clock, history, learner } = setUp({ teach: 'matched', trustUnmatched: true }, options);
        const octets = sound.slice(0, cut > 100 ? sound.length : sound.length - cut);
        for (const [at, value] of changes) if (at < octets.length) octets[at] = value;
        learner.take(octets, clock.nowMs());
        expect([...history.triples()].length).toBe(history.size);
        clock.advance(40 * 86_400_000);
        for (let rounds = 0; !history.expire(100); rounds++) expect(rounds).toBeLessThan(100);
        expect([history.rows.size, history.rows.names.size, history.rows.addresses.size]).toEqual([1, 2, 1]);
      }),
      { numRuns: 500 },
    );
  });

  it('a storm of random responses leaves nothing behind', () => {
    const name = fc.constantFrom('.', 'org', 'example.org', 'a.example.org', 'ns.example.org', 'co.uk', 'x.co.uk');
    const address = fc.constantFrom('203.0.113.1', '203.0.113.2', '2001:db8::1', '127.0.0.1', '198.51.100.1');
    const ttl = fc.constantFrom(0, 60, 400, 86_400, 2 ** 31, 2 ** 32 - 1);
    const record = <T>(data: fc.Arbitrary<T>) => fc.tuple(name, ttl, data).map((fields) => fields.join(' '));
    const ns = fc.tuple(record(name), fc.boolean()).map(([text, isAnswer]) => (isAnswer ? `${text} answer` : text));
    const response = fc.record({
      name,
      server: fc
        .constantFrom(ROOT_SERVER, '203.0.113.1', '203.0.113.2', '2001:db8::1')
        .filter((text) => !text.includes(':')),
      authoritative: fc.boolean(),
      nameServers: fc.array(ns, { maxLength: 6 }),
      answers: fc.array(record(address), { maxLength: 4 }),
      additional: fc.array(record(address), { maxLength: 6 }),
    });
    const teach = fc.constantFrom('resolvers', 'chain', 'matched');
    fc.assert(
      fc.property(fc.array(fc.tuple(response, fc.nat({ max: 200_000 })), { maxLength: 40 }), teach, (storm, mode) => {
        const { clock, history, exchange } = setUp({ teach: mode }, { size: 12, keepMs: 100_000, ttlCapSeconds: 3600 });
        for (const [fields, waitMs] of storm) {
          clock.advance(waitMs);
          history.expire(3);
          exchange(fields);
          expect(history.rows.size).toBeLessThanOrEqual(12);
          expect(history.size + history.gluelessCount + history.pastCount).toBe(history.rows.size);
        }
        clock.advance(10 * HOUR_MS);
        for (let rounds = 0; !history.expire(100); rounds++) expect(rounds).toBeLessThan(100);
        expect([history.rows.size, history.rows.names.size, history.rows.addresses.size]).toEqual([1, 2, 1]);
        expect([history.size, history.addressCount]).toEqual([1, 1]);
      }),
      { numRuns: 500 },
    );
  });
});
