import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, MAX_LINE_OCTETS } from '../../../src/querylog/line-splitter.ts';

class Sink {
  readonly records: string[] = [];
  readonly refused: string[] = [];
  readonly samples: string[] = [];

  readonly sink = {
    record: (octets: Buffer, start: number, end: number) => {
      this.records.push(octets.toString('latin1', start, end));
    },
    refused: (reason: string, octets: Buffer, start: number, end: number) => {
      this.refused.push(reason);
      this.samples.push(octets.toString('latin1', start, end));
    },
  };
}

function split(text: string | Buffer, cuts: readonly number[] = []) {
  const octets = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  const splitter = new LineSplitter();
  const sink = new Sink();
  let at = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), octets.length]) {
    splitter.push(octets.subarray(at, cut), sink.sink);
    at = cut;
  }
  return { splitter, sink };
}

const LONG = 'a line of over 65536 octets';

describe('LineSplitter', () => {
  it('gives lines without their ends, and no empty ones', () => {
    const { splitter, sink } = split('one\ntwo\r\n\n\r\nthr\ree\nfour');
    expect(sink.records).toEqual(['one', 'two', 'thr\ree']);
    expect(splitter.consumed).toBe('one\ntwo\r\n\n\r\nthr\ree\n'.length);
    splitter.end(sink.sink);
    expect(sink.records.at(-1)).toBe('four');
    expect(splitter.consumed).toBe('one\ntwo\r\n\n\r\nthr\ree\nfour'.length);
  });

  it('gives the same whatever the cuts, and never a place within a line', () => {
    const line = fc.string({ unit: fc.constantFrom('a', '\r', '\0', '\xff', ' '), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(300)), (lines, cuts) => {
        const text = lines.map((one) => `${one}\n`).join('');
        const within = cuts.filter((cut) => cut <= text.length);
        const whole = split(text);
        const cut = split(text, within);
        expect(cut.sink.records).toEqual(whole.sink.records);
        expect(cut.splitter.consumed).toBe(text.length);
      }),
    );
  });

  it('can be gone on from at every octet: each line once', () => {
    const text = 'first line\nsecond\r\n\nthird\nlast without end';
    const octets = Buffer.from(text);
    for (let cut = 0; cut <= octets.length; cut++) {
      const sink = new Sink();
      const before = new LineSplitter();
      before.push(octets.subarray(0, cut), sink.sink);
      const after = new LineSplitter(before.consumed, before.state());
      after.push(octets.subarray(before.consumed), sink.sink);
      after.end(sink.sink);
      expect(sink.records, `cut at ${cut}`).toEqual(['first line', 'second', 'third', 'last without end']);
      expect(after.consumed).toBe(octets.length);
    }
  });

  it('takes a line of exactly 65536 octets, and refuses one more once', () => {
    const most = 'x'.repeat(MAX_LINE_OCTETS);
    for (const cuts of [[], [1], [MAX_LINE_OCTETS - 1], [MAX_LINE_OCTETS], [MAX_LINE_OCTETS + 1]]) {
      for (const ending of ['\n', '\r\n']) {
        const fits = split(`${most}${ending}next\n`, cuts);
        expect(fits.sink.records.map(({ length }) => length)).toEqual([MAX_LINE_OCTETS, 4]);
        const { splitter, sink } = split(`${most}y${ending}next\n`, cuts);
        expect(sink.refused, `cut at ${cuts}`).toEqual([LONG]);
        expect(sink.records).toEqual(['next']);
        expect(splitter.consumed).toBe(MAX_LINE_OCTETS + 1 + ending.length + 5);
      }
    }
  });

  it('refuses a line of 10 MB once, in bounded memory, and can be gone on from in the middle of it', () => {
    const piece = Buffer.alloc(100_000, 'z');
    const sink = new Sink();
    let splitter = new LineSplitter();
    splitter.push(Buffer.from('before\n'), sink.sink);
    for (let count = 0; count < 100; count++) {
      splitter.push(piece, sink.sink);
      expect(splitter.consumed).toBe(7 + (count + 1) * piece.length);
      if (count === 50) splitter = new LineSplitter(splitter.consumed, splitter.state());
    }
    splitter.push(Buffer.from('z\nbehind\n'), sink.sink);
    expect(sink.records).toEqual(['before', 'behind']);
    expect(sink.refused).toEqual([LONG]);
    expect(sink.samples).toEqual(['z'.repeat(MAX_LINE_OCTETS)]);
    expect(splitter.consumed).toBe(7 + 100 * piece.length + 9);
  });

  it('leaves out the hole that a truncation makes in front of a line', () => {
    const hole = Buffer.alloc(300_000);
    const text = Buffer.concat([hole, Buffer.from('behind the hole\n')]);
    for (const cuts of [[], [1], [150_000], [300_000], [300_004]]) {
      const { splitter, sink } = split(text, cuts);
      expect(sink.records).toEqual(['behind the hole']);
      expect(sink.refused).toEqual([]);
      expect(splitter.consumed).toBe(text.length);
    }
  });
});
