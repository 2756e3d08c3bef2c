import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, isIpv4 } from '../../../src/core/address.ts';
import type { DnsObservation } from '../../../src/dns/observation.ts';
import { FLAG, WORD } from '../../../src/dns/observation-layout.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { CaptureEntries } from '../../../src/querylog/capture-entries.ts';
import { EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import { MAX_ANSWERS } from '../../../src/querylog/log-entry.ts';
import { addressOf, queryAt, responseAt } from '../../support/observations.ts';
import { showEntries, showEntry } from '../../support/read-log.ts';

const AT_MS = Date.UTC(2026, 0, 15, 12);
const RESOLVER = '192.0.2.2';
const ENDS = { client: '192.0.2.10', server: RESOLVER };
const ANSWER = { ...ENDS, answers: ['www.example.org 60 203.0.113.80', 'www.example.org 60 2001:db8::80'] };

/** In one batch. */
function pack(...observations: readonly DnsObservation[]): Uint8Array {
  const [batch, ...more] = packAll(observations);
  expect(more).toEqual([]);
  return batch!;
}

function packAll(observations: readonly DnsObservation[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch));
  for (const observation of observations) writer.write(observation);
  writer.flush();
  return batches;
}

/** One observation whose message had these flags (observation-layout.ts, FLAG). */
function withFlags(observation: DnsObservation, flags: number): Uint8Array {
  const batch = pack(observation);
  const words = new Int32Array(batch.buffer);
  words[WORD.KIND] = words[WORD.KIND]! | (flags << 16);
  return batch;
}

class Rig {
  readonly writer = new EntryBatchWriter();
  readonly captured: CaptureEntries;

  constructor(client = (address: Address) => address) {
    const trustedResolvers = new Set([addressOf(RESOLVER)]);
    this.captured = new CaptureEntries({ entries: this.writer, trustedResolvers, client });
  }

  taking() {
    return [...readEntries(this.writer.take())];
  }

  entries() {
    this.captured.settle();
    return this.taking();
  }
}

function entriesOf(...batches: readonly Uint8Array[]) {
  const rig = new Rig();
  for (const batch of batches) rig.captured.take(batch);
  return rig.entries();
}

describe('CaptureEntries', () => {
  it('makes one entry of a query and its response, at once', () => {
    const rig = new Rig();
    rig.captured.take(pack(queryAt(AT_MS, { ...ENDS, name: 'wWw.example.org' })));
    expect([rig.taking(), rig.captured.waiting]).toEqual([[], 1]);
    rig.captured.take(pack(responseAt(AT_MS + 30, ANSWER)));
    expect(rig.captured.waiting).toBe(0);
    expect(showEntries(rig.taking())).toEqual([
      '2026-01-15T12:00:00.000Z 192.0.2.10#40000 > 192.0.2.2 authoritative wWw.example.org 1 1 0 203.0.113.80,2001:db8::80',
    ]);
    expect(rig.captured.counters.snapshot()).toEqual({ queries: 1, responses: 1 });
  });

  it('does so when the response is seen before its query, as with two sessions for an interface', () => {
    const [entry, ...others] = entriesOf(pack(responseAt(AT_MS + 30, ANSWER), queryAt(AT_MS, ENDS)));
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ atMs: AT_MS, responseCode: 0 });
  });

  it('has an entry for each half that stays alone', () => {
    expect(entriesOf(pack(queryAt(AT_MS, ENDS)))).toMatchObject([{ responseCode: undefined, answers: [] }]);
    expect(entriesOf(pack(responseAt(AT_MS, { ...ENDS, rcode: 3 })))).toMatchObject([{ atMs: AT_MS, responseCode: 3 }]);
  });

  it('lets go of a query 5 s later', () => {
    const rig = new Rig();
    rig.captured.take(pack(queryAt(AT_MS, ENDS), queryAt(AT_MS + 5001, { ...ENDS, id: 2 })));
    expect(rig.taking()).toMatchObject([{ atMs: AT_MS }]);
    expect(rig.captured.waiting).toBe(1);
  });

  it.each([
    ['client', { client: '192.0.2.11' }],
    ['port', { clientPort: 40_001 }],
    ['server', { server: '192.0.2.3' }],
    ['id', { id: 1 }],
    ['name', { name: 'www.example.com' }],
    ['type', { type: 28 }],
    ['class', { class: 3 }],
    ['transport', { transport: 'tcp' as const }],
  ])('does not join what is of another %s', (_, change) => {
    expect(entriesOf(pack(queryAt(AT_MS, ENDS), responseAt(AT_MS, { ...ANSWER, ...change })))).toHaveLength(2);
  });

  it('moves times as it is told', () => {
    const rig = new Rig();
    rig.captured.take(pack(queryAt(AT_MS, ENDS)), 250);
    rig.captured.take(pack(queryAt(AT_MS, { ...ENDS, id: 2 })), -AT_MS - 7);
    expect(rig.entries().map(({ atMs }) => atMs)).toEqual([AT_MS + 250, -7]);
  });

  it.each([
    ['a client', '192.0.2.10', FLAG.RD, 0, 'recursive'],
    ['a client that gets a recursive answer', '192.0.2.10', FLAG.RD, FLAG.RD | FLAG.RA | FLAG.AA, 'recursive'],
    ['a client of a server of zones', '192.0.2.10', FLAG.RD, FLAG.RD | FLAG.AA, 'authoritative'],
    ['a resolver', RESOLVER, 0, 0, 'authoritative'],
    ['a resolver that forwards', RESOLVER, FLAG.RD, FLAG.RD | FLAG.RA, 'forwarded'],
  ])('knows the role of a server for %s', (_, client, queryFlags, responseFlags, role) => {
    const ends = { client, server: '198.51.100.53' };
    const query = withFlags(queryAt(AT_MS, ends), queryFlags);
    const response = withFlags(responseAt(AT_MS, ends), responseFlags);
    if (responseFlags !== 0) expect(entriesOf(query, response)).toMatchObject([{ role }]);
    else expect(entriesOf(query)).toMatchObject([{ role }]);
  });

  it('asks for the pseudonym of a client, and looks for resolvers by their address', () => {
    const asked: Address[] = [];
    const rig = new Rig((address) => {
      asked.push(address);
      return addressOf('10.0.0.1');
    });
    rig.captured.take(withFlags(queryAt(AT_MS, { client: RESOLVER, server: '198.51.100.53' }), FLAG.RD));
    expect(rig.entries().map(showEntry)[0]).toContain(' 10.0.0.1#40000 > 198.51.100.53 forwarded ');
    expect(asked).toEqual([addressOf(RESOLVER)]);
  });

  it('keeps the first addresses of a long answer', () => {
    const answers = Array.from({ length: 200 }, (_, index) => `www.example.org 60 203.0.113.${index}`);
    const [entry] = entriesOf(pack(responseAt(AT_MS, { ...ENDS, answers })));
    expect(entry!.answers).toHaveLength(MAX_ANSWERS);
    expect(entry!.answers.every(isIpv4)).toBe(true);
  });

  it.each([
    ['different', (index: number) => ({ ...ENDS, id: index })],
    ['the same', () => ENDS],
  ])('holds a bounded number of queries: %s', (_, fieldsOf) => {
    const rig = new Rig();
    const queries = Array.from({ length: 40_000 }, (_query, index) => queryAt(AT_MS, fieldsOf(index)));
    for (const batch of packAll(queries)) rig.captured.take(batch);
    expect(rig.captured.waiting).toBeLessThanOrEqual(16_384);
    expect(rig.entries()).toHaveLength(40_000);
  });

  it('counts times that are none, and batches that are damaged', () => {
    const rig = new Rig();
    rig.captured.take(pack(queryAt(Number.NaN, ENDS), queryAt(1e300, ENDS), queryAt(AT_MS, ENDS)));
    const damaged = pack(queryAt(AT_MS, ENDS), queryAt(AT_MS, ENDS));
    new Int32Array(damaged.buffer)[0] = 12;
    rig.captured.take(damaged);
    expect(rig.captured.counters.snapshot()).toEqual({ 'damaged batches': 1, queries: 1, times: 2 });
    expect(rig.entries()).toHaveLength(1);
  });

  it('bears batches of any octets', () => {
    const batch = pack(queryAt(AT_MS, ENDS), responseAt(AT_MS, ANSWER));
    const change = fc.tuple(fc.nat(batch.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const changed = new Uint8Array(batch);
        for (const [at, value] of changes) changed[at] = value;
        const rig = new Rig();
        rig.captured.take(changed);
        rig.captured.take(changed.subarray(0, changes[0]![0]));
        rig.captured.settle();
        const { count } = rig.writer;
        expect(rig.taking()).toHaveLength(count);
      }),
    );
  });
});
