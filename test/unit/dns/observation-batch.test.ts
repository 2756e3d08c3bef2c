import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DnsObservation } from '../../../src/dns/observation.ts';
import { MAX_RECORD_OCTETS, MAX_RECORDS } from '../../../src/dns/observation-layout.ts';
import { ObservationReader } from '../../../src/dns/observation-reader.ts';
import { BATCH_OCTETS, ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { queryAt, responseAt } from '../../support/observations.ts';

function pack(...observations: DnsObservation[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch));
  for (const observation of observations) writer.write(observation);
  writer.flush();
  return batches;
}

/** Reads to the end or the first damage. */
function unpack(...batches: Uint8Array[]): { readonly observations: DnsObservation[]; readonly damaged: number } {
  const reader = new ObservationReader();
  const observations: DnsObservation[] = [];
  let damaged = 0;
  for (const batch of batches) {
    reader.open(batch);
    for (let found = reader.next(); found !== 'end'; found = reader.next()) {
      if (found === 'record') observations.push(reader.observation());
      else damaged++;
    }
  }
  return { observations, damaged };
}

const REFERRAL = responseAt(1000.5, {
  authoritative: true,
  nameServers: ['example.org 172800 ns1.example.org', 'example.org 4294967295 ns2.example.net answer'],
  answers: ['www.example.org 60 192.0.2.80'],
  additional: ['ns1.example.org 3600 203.0.113.53', 'ns1.example.org 3600 2001:db8::53'],
});
const QUERY = queryAt(999.25, { name: 'wWw.ExAmPlE.org', transport: 'tcp', type: 28, id: 0xffff, clientPort: 65535 });
const LINKED: DnsObservation = { ...QUERY, link: { mac: 0xfeedfacecafe, vlan: 4094 } };
const UNTAGGED: DnsObservation = { ...QUERY, link: { mac: 1, vlan: undefined } };
const IPV6 = queryAt(1, { client: '2001:db8::1', server: '2001:db8::ff:53' });

describe('a batch of observations', () => {
  it('gives back what was written', () => {
    const written = [QUERY, REFERRAL, LINKED, UNTAGGED, IPV6, queryAt(0, { name: '.' })];
    expect(unpack(...pack(...written))).toEqual({ observations: written, damaged: 0 });
  });

  it('is closed before it would overflow', () => {
    const batches = pack(...Array.from({ length: 5000 }, () => REFERRAL));
    expect(batches.length).toBeGreaterThan(1);
    expect(unpack(...batches).observations).toHaveLength(5000);
  });

  it('counts the records that a response has beyond the maximum', () => {
    const many = Array.from({ length: MAX_RECORDS + 7 }, (_, index) => `n${index}.example.org 60 203.0.113.1`);
    const [batch] = pack(responseAt(0, { additional: many }));
    const reader = new ObservationReader();
    reader.open(batch!);
    reader.next();
    expect([reader.additionalCount, reader.leftOut]).toEqual([MAX_RECORDS, 7]);
  });

  it('may lie anywhere in memory', () => {
    const [batch] = pack(REFERRAL);
    const moved = new Uint8Array(batch!.length + 3).subarray(3);
    moved.set(batch!);
    expect(unpack(moved).observations).toEqual([REFERRAL]);
  });

  it('shows no more than its whole records wherever it is cut', () => {
    const [batch] = pack(QUERY, REFERRAL);
    for (let length = 0; length < batch!.length; length++) {
      const { observations } = unpack(batch!.slice(0, length));
      expect(observations.length, `cut at ${length}`).toBeLessThan(2);
    }
  });

  it('is read within its bounds whatever one octet says', () => {
    const [batch] = pack(REFERRAL, LINKED);
    for (let at = 0; at < batch!.length; at++) {
      for (const value of [0, 1, 63, 64, 192, 255, batch![at]! ^ 0x80, batch![at]! ^ 4]) {
        const changed = batch!.slice();
        changed[at] = value;
        const { observations, damaged } = unpack(changed);
        expect(observations.length + damaged).toBeLessThanOrEqual(3);
      }
    }
  });

  it('is read within its bounds whatever it holds', () => {
    const garbage = fc.uint8Array({ maxLength: 600, size: 'max' }).map((octets) => {
      const batch = Uint8Array.from(octets);
      // A length that fits leads further in than a random one.
      if (batch.length >= 4) new DataView(batch.buffer).setInt32(0, batch.length & ~7, true);
      return batch;
    });
    fc.assert(
      fc.property(garbage, (batch) => {
        const { observations, damaged } = unpack(batch);
        expect(observations.length + damaged).toBeLessThanOrEqual(1 + batch.length / 84);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the memory of batches', () => {
  it('has room for the longest record', () => {
    expect(MAX_RECORD_OCTETS).toBeLessThanOrEqual(BATCH_OCTETS);
    const name = (first: string, index: number) =>
      `${first}${index}.${'n'.repeat(63)}.${'o'.repeat(63)}.${'p'.repeat(63)}.${'q'.repeat(50)}`;
    const rows = (first: string, data: (index: number) => string) =>
      Array.from({ length: MAX_RECORDS }, (_, index) => `${name(first, index)} 60 ${data(index)}`);
    const address = () => '2001:db8::1';
    const most = responseAt(0, {
      name: name('question', 0),
      nameServers: rows('zone', (index) => name('server', index)),
      answers: rows('answer', address),
      additional: rows('glue', address),
    });
    const batches = pack(QUERY, most, most);
    expect(batches.map(({ length }) => length > BATCH_OCTETS)).toEqual(batches.map(() => false));
    expect(unpack(...batches)).toEqual({ observations: [QUERY, most, most], damaged: 0 });
    expect(batches[1]!.length).toBeLessThanOrEqual(MAX_RECORD_OCTETS);
  });

  const LARGE = 600;
  const many = Array.from({ length: LARGE }, () => REFERRAL);

  it('of one that has gone out is not written to', () => {
    const batches: Uint8Array[] = [];
    const writer = new ObservationWriter((batch) => batches.push(batch));
    for (const observations of [[QUERY], [LINKED], many, many, [QUERY]]) {
      for (const observation of observations) writer.write(observation);
      writer.flush();
    }
    expect(batches.map((batch) => unpack(batch).observations.length)).toEqual([1, 1, LARGE, LARGE, 1]);
    expect(new Set(batches.map(({ buffer }) => buffer)).size).toBe(5);
    expect(unpack(batches[0]!, batches[1]!).observations).toEqual([QUERY, LINKED]);
  });

  it('is used again when it is given back, and gives what was written last', () => {
    const memories = new Set<ArrayBufferLike>();
    const lengths: number[] = [];
    const writer = new ObservationWriter((batch) => {
      memories.add(batch.buffer);
      lengths.push(unpack(batch).observations.length);
      writer.takeBack(batch.buffer);
    });
    for (let round = 0; round < 20; round++) {
      for (const observation of round % 2 === 0 ? many : [...many, QUERY]) writer.write(observation);
      writer.flush();
    }
    expect(lengths).toEqual(Array.from({ length: 20 }, (_, round) => LARGE + (round % 2)));
    expect(memories.size).toBe(2);
  });

  it('is not taken back when it is of another size, and no more than a few', () => {
    const memories = new Set<ArrayBufferLike>();
    const writer = new ObservationWriter((batch) => memories.add(batch.buffer));
    const given = Array.from({ length: 20 }, () => new ArrayBuffer(BATCH_OCTETS));
    writer.takeBack(new ArrayBuffer(8));
    for (const memory of given) writer.takeBack(memory);
    for (let round = 0; round < 20; round++) {
      for (const observation of many) writer.write(observation);
      writer.flush();
    }
    expect(given.filter((memory) => memories.has(memory)).length).toBe(8);
    expect(memories.size).toBe(20);
  });

  it('is shared where that is asked for', () => {
    for (const isShared of [false, true]) {
      const batches: Uint8Array[] = [];
      const writer = new ObservationWriter((batch) => batches.push(batch), isShared);
      for (const observations of [[QUERY], many]) {
        for (const observation of observations) writer.write(observation);
        writer.flush();
      }
      expect(batches.map(({ buffer }) => buffer instanceof SharedArrayBuffer)).toEqual([isShared, isShared]);
      expect(batches.map((batch) => unpack(batch).observations.length)).toEqual([1, LARGE]);
    }
  });
});
