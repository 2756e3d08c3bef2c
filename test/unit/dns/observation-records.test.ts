import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DnsObservation } from '../../../src/dns/observation.ts';
import { boundTimes, countRecords } from '../../../src/dns/observation-records.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { unpackBatch } from '../../support/collected-observations.ts';
import { queryAt, responseAt } from '../../support/observations.ts';

function pack(observations: readonly DnsObservation[]): Uint8Array {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch));
  for (const observation of observations) writer.write(observation);
  writer.flush();
  return batches[0] ?? new Uint8Array();
}

const boundedTimes = (times: readonly number[], earliestMs: number, latestMs: number) => {
  const batch = pack(times.map((atMs) => queryAt(atMs, {})));
  boundTimes(batch, earliestMs, latestMs);
  return unpackBatch(batch).map(({ atMs }) => atMs);
};

describe('countRecords', () => {
  it('counts', () => {
    expect(countRecords(new Uint8Array())).toBe(0);
    expect(countRecords(pack([queryAt(1, {}), responseAt(2, {}), queryAt(3, {})]))).toBe(3);
  });

  it('ends on any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
        expect(countRecords(octets)).toBeLessThanOrEqual(50);
      }),
    );
    // Lengths of nothing, of less than nothing and beyond the end.
    for (const length of [0, -8, 7, 84, 0x7ffffff8]) {
      const batch = new Uint8Array(Int32Array.from({ length: 100 }, () => length).buffer);
      expect(countRecords(batch)).toBeLessThanOrEqual(5);
    }
  });
});

describe('boundTimes', () => {
  it('moves what lies outside to the nearer end', () => {
    expect(boundedTimes([5, 10, 15, 20, 25], 10, 20)).toEqual([10, 10, 15, 20, 20]);
    expect(boundedTimes([Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -0], 10, 20)).toEqual([
      20, 10, 20, 10,
    ]);
  });

  it('ends on any octets, and leaves no time outside in what can be read', () => {
    const good = pack([queryAt(1, {}), responseAt(1e300, { nameServers: ['example.org 60 ns.example.org'] })]);
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const batch = new Uint8Array(good);
        batch[at] = value;
        boundTimes(batch, 10, 20);
        boundTimes(batch.slice(0, at), 10, 20);
      }
    }
    boundTimes(good, 10, 20);
    expect(unpackBatch(good).map(({ atMs }) => atMs)).toEqual([10, 20]);
  });
});
