import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NsTriple } from '../../../src/nsdb/ns-triple.ts';
import {
  countTriples,
  joinTriples,
  readTriple,
  readTriples,
  TripleBatchWriter,
  unpackTriples,
} from '../../../src/nsdb/triple-batch.ts';
import { addressOf, anyTriple, HOSTILE_NAMES, lessonOf, packed, tripleOf } from '../../support/store-rows.ts';

/** All triples of a batch, and whether it was whole. */
function read(batch: Uint8Array): { readonly triples: NsTriple[]; readonly isWhole: boolean } {
  const reader = readTriples(batch);
  const triples: NsTriple[] = [];
  for (;;) {
    const { done, value } = reader.next();
    if (done === true) return { triples, isWhole: value };
    triples.push(value);
  }
}

const SOME = [
  tripleOf(1),
  tripleOf(2, { lesson: undefined, teachers: [], address: addressOf('2001:db8::1') }),
  tripleOf(3, { expiresAtMs: Number.POSITIVE_INFINITY, teachers: [addressOf('192.0.2.1'), addressOf('2001:db8::2')] }),
  tripleOf(4, { lesson: { ...lessonOf(), queryAtMs: undefined }, sightings: 0xffffffff }),
];

describe('a batch of triples', () => {
  it('gives back any triples, in their order', () => {
    fc.assert(
      fc.property(fc.array(anyTriple, { maxLength: 20 }), (triples) => {
        const batch = packed(triples);
        expect(countTriples(batch)).toBe(triples.length);
        expect(read(batch)).toStrictEqual({ triples, isWhole: true });
      }),
      { numRuns: 300 },
    );
  });

  it.each(HOSTILE_NAMES.map((name, index) => [index, name] as const))(
    'keeps hostile name %i octet by octet',
    (_, name) => {
      const triple = tripleOf(1, { lesson: { ...lessonOf(), queryName: name } });
      expect(read(packed([triple])).triples[0]?.lesson?.queryName).toBe(name);
    },
  );

  it('leaves out what was not learned, and cuts what has no room', () => {
    expect(countTriples(packed([tripleOf(1, { origin: 'seed' }), tripleOf(2, { origin: 'rootHints' })]))).toBe(0);
    const many = tripleOf(1, { sightings: 2 ** 40, teachers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(addressOf) });
    const [triple] = read(packed([many])).triples;
    expect(triple).toMatchObject({ sightings: 0xffffffff, teachers: many.teachers.slice(0, 2) });
  });

  it('has memory of its own, and its writer begins anew', () => {
    const writer = new TripleBatchWriter();
    writer.add(tripleOf(1));
    expect(writer.size).toBe(1);
    const batch = writer.take();
    expect(batch.length).toBe(batch.buffer.byteLength);
    expect(writer.size).toBe(0);
    writer.add(tripleOf(2));
    expect(read(batch).triples).toStrictEqual([tripleOf(1)]);
    expect(read(writer.take()).triples).toStrictEqual([tripleOf(2)]);
  });

  it('grows with what it is given', () => {
    const triples = Array.from({ length: 5000 }, (_, number) => tripleOf(number));
    expect(read(packed(triples))).toStrictEqual({ triples, isWhole: true });
  });

  it('can be taken apart, put together, and joined', () => {
    const writer = new TripleBatchWriter();
    for (const row of unpackTriples(packed(SOME))) expect(writer.addPacked(row)).toBe(true);
    expect(read(writer.take()).triples).toStrictEqual(SOME);
    const joined = joinTriples([packed(SOME.slice(0, 1)), new Uint8Array(3), packed([]), packed(SOME.slice(1))]);
    expect(read(joined)).toStrictEqual({ triples: SOME, isWhole: true });
    expect(read(joinTriples([]))).toStrictEqual({ triples: [], isWhole: true });
  });

  it('takes no row that is too long to be one', () => {
    const [row] = [...unpackTriples(packed([tripleOf(1)]))];
    const writer = new TripleBatchWriter();
    expect(writer.addPacked({ ...row!, facts: Buffer.alloc(1024) })).toBe(false);
    expect(writer.addPacked({ ...row!, zone: Buffer.alloc(256) })).toBe(false);
    expect(writer.size).toBe(0);
  });
});

describe('octets from a disk', () => {
  it('are never whole when they are cut, and give only rows that were there', () => {
    const batch = packed(SOME);
    for (let length = 0; length < batch.length; length++) {
      const { triples, isWhole } = read(batch.subarray(0, length));
      expect(isWhole, `cut at ${length}`).toBe(false);
      expect(triples).toStrictEqual(SOME.slice(0, triples.length));
    }
    expect(read(Buffer.concat([batch, Buffer.alloc(1)])).isWhole).toBe(false);
  });

  it('never make it throw, whichever octet is changed', () => {
    const batch = packed(SOME);
    for (let at = 0; at < batch.length; at++) {
      for (const change of [1, 0x80, 0xff]) {
        const changed = batch.slice();
        changed[at]! ^= change;
        const { triples, isWhole } = read(changed);
        expect(triples.length).toBeLessThanOrEqual(SOME.length);
        // What is read can be written again.
        if (isWhole) expect(read(packed(triples)).triples).toStrictEqual(triples);
      }
    }
  });

  it('are read within bounds, whatever they are', () => {
    const header = Buffer.from(packed([]).subarray(0, 4));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (octets, hasHeader) => {
        const { triples } = read(hasHeader ? Buffer.concat([header, octets]) : octets);
        expect(triples.length).toBeLessThanOrEqual(300);
      }),
      { numRuns: 3000 },
    );
  });

  it('are refused in another version', () => {
    const batch = packed(SOME);
    batch[2] = 2;
    expect(countTriples(batch)).toBeUndefined();
    expect(read(batch)).toEqual({ triples: [], isWhole: false });
  });

  it('are no triple where a name, an address or a time is none', () => {
    const [row] = [...unpackTriples(packed([tripleOf(1)]))];
    expect(readTriple(row!)).toStrictEqual(tripleOf(1));
    for (const change of [
      { zone: Buffer.from([1, 97]) },
      { zone: Buffer.from([0, 0]) },
      { nameServer: Buffer.from([64, ...Buffer.alloc(64), 0]) },
      { address: Buffer.alloc(5) },
      { expiresAtMs: Number.NaN },
      { facts: Buffer.alloc(3) },
    ]) {
      expect(readTriple({ ...row!, ...change }), JSON.stringify(change)).toBeUndefined();
    }
  });
});
