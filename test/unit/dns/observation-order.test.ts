import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DnsObservation } from '../../../src/dns/observation.ts';
import { inOrderOfTime } from '../../../src/dns/observation-order.ts';
import { BATCH_OCTETS, ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { unpackBatch } from '../../support/collected-observations.ts';
import { queryAt, responseAt } from '../../support/observations.ts';

function pack(observations: readonly DnsObservation[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch));
  for (const observation of observations) writer.write(observation);
  writer.flush();
  return batches;
}

const unpack = (batches: readonly Uint8Array[]) => batches.flatMap(unpackBatch);
const inOrder = (observations: readonly DnsObservation[]) => [...observations].sort((a, b) => a.atMs - b.atMs);

describe('inOrderOfTime', () => {
  it('puts records of one batch in order', () => {
    const observations = [responseAt(3, {}), queryAt(1, { name: 'a.example' }), queryAt(2, { name: 'b.example' })];
    expect(unpack(inOrderOfTime(pack(observations)))).toEqual(inOrder(observations));
  });

  it('puts records of several batches in order, into batches that others take', () => {
    const names = Array.from({ length: 6000 }, (_, index) => `n${index}.${'x'.repeat(60)}.example`);
    const observations = names.map((name, index) => queryAt((index * 7919) % 6000, { name }));
    const batches = pack(observations);
    expect(batches.length).toBeGreaterThan(1);
    const sorted = inOrderOfTime(batches);
    expect(sorted.every(({ length }) => length <= BATCH_OCTETS)).toBe(true);
    expect(unpack(sorted)).toEqual(inOrder(observations));
  });

  it('puts a query before a response of the same time', () => {
    const observations = [responseAt(5, { id: 1 }), queryAt(5, { id: 1 })];
    expect(unpack(inOrderOfTime(pack(observations))).map(({ kind }) => kind)).toEqual(['query', 'response']);
  });

  it('else leaves those of one time as they stand', () => {
    const observations = [queryAt(5, { id: 1 }), queryAt(5, { id: 2 }), queryAt(4, { id: 3 }), queryAt(5, { id: 4 })];
    expect(unpack(inOrderOfTime(pack(observations))).map(({ id }) => id)).toEqual([3, 1, 2, 4]);
  });

  it('gives back what is in order, without a copy', () => {
    const batches = pack([queryAt(1, {}), queryAt(1, {}), responseAt(2, {})]);
    expect(inOrderOfTime(batches)).toBe(batches);
    expect(inOrderOfTime([])).toEqual([]);
  });

  it('loses nothing of any times', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 }), { maxLength: 5 }), (times) => {
        const parts = times.map((part) => part.map((atMs, index) => queryAt(atMs, { id: index })));
        expect(unpack(inOrderOfTime(parts.flatMap(pack)))).toEqual(inOrder(parts.flat()));
      }),
    );
  });
});
