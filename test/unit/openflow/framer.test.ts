import { describe, expect, it } from 'vitest';
import { Framer } from '../../../src/openflow/framer.ts';
import { readable } from './vectors.ts';

const messages = readable.map(({ bytes }) => bytes).filter((bytes) => bytes.length <= 200);
const stream = Buffer.concat(messages);
const wanted = messages.map((bytes) => bytes.toString('hex'));

/** What a framer hands over when the stream comes in these pieces. */
function framed(pieces: Iterable<Buffer>, framer = new Framer()): string[] {
  const seen: string[] = [];
  for (const piece of pieces)
    expect(framer.push(piece, (message) => seen.push(message.toString('hex')))).toBeUndefined();
  return seen;
}

function* cut(bytes: Buffer, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

function header(version: number, lengthBytes: number): Buffer {
  return Buffer.from([version, 2, lengthBytes >> 8, lengthBytes & 255, 0, 0, 0, 1]);
}

describe('Framer', () => {
  it('cuts one chunk into its messages', () => {
    expect(messages.length).toBeGreaterThan(100);
    expect(framed([stream])).toEqual(wanted);
  });

  it('gives the same messages wherever a stream is cut in two', () => {
    const short = Buffer.concat(messages.slice(0, 12));
    for (let at = 0; at <= short.length; at++) {
      expect(framed([short.subarray(0, at), short.subarray(at)])).toEqual(wanted.slice(0, 12));
    }
  });

  it.each([1, 2, 3, 5, 7, 8, 9, 13, 16, 31, 64, 255, 1000])(
    'gives the same messages in pieces of %i octets',
    (size) => {
      expect(framed(cut(stream, size))).toEqual(wanted);
    },
  );

  it('takes empty chunks', () => {
    expect(framed([Buffer.alloc(0), stream.subarray(0, 5), Buffer.alloc(0), stream.subarray(5)])).toEqual(wanted);
  });

  it('hands over views on the chunk, and a copy only of what spans two', () => {
    const framer = new Framer();
    const seen: Buffer[] = [];
    const chunk = Buffer.alloc(24);
    for (const [index, lengthBytes] of [8, 8, 12].entries()) header(4, lengthBytes).copy(chunk, index * 8);
    framer.push(chunk, (message) => seen.push(message));
    framer.push(Buffer.from([1, 2, 3, 4]), (message) => seen.push(message));
    expect(seen.map(({ length }) => length)).toEqual([8, 8, 12]);
    expect(seen.map((message) => message.buffer === chunk.buffer)).toEqual([true, true, false]);
  });

  it('takes a message of 65,535 octets, one octet at a time', () => {
    const long = Buffer.alloc(0xffff, 7);
    header(4, 0xffff).copy(long);
    const pieces = [...cut(long, 1)];
    expect(framed(pieces)).toEqual([long.toString('hex')]);
  });

  it.each([0, 1, 4, 7])('refuses a header that says %i octets, after the messages before it and for ever', (length) => {
    for (const size of [1, 3, 8, 100]) {
      const framer = new Framer();
      const seen: Buffer[] = [];
      let error: unknown;
      for (const piece of cut(Buffer.concat([header(4, 8), header(4, length), header(4, 8)]), size)) {
        error = framer.push(piece, (message) => seen.push(message));
      }
      expect(error).toMatchObject({ codeName: 'OFPBRC_BAD_LEN', code: 'openflow-decode' });
      expect(seen.length).toBe(1);
      expect(framer.push(header(4, 8), (message) => seen.push(message))).toBe(error);
      expect(seen.length).toBe(1);
    }
  });

  it('refuses a message over its maximum before it is there', () => {
    const framer = new Framer(100);
    expect(framer.push(header(4, 100), () => undefined)).toBeUndefined();
    expect(framer.push(Buffer.alloc(92), () => undefined)).toBeUndefined();
    expect(framer.push(header(4, 101), () => undefined)?.codeName).toBe('OFPBRC_BAD_LEN');
  });

  it('passes any version through until 1.3 is agreed, then no other', () => {
    const framer = new Framer();
    expect(framed([header(6, 8), header(1, 8)], framer).length).toBe(2);
    framer.expectVersion13();
    expect(framed([header(4, 8)], framer).length).toBe(1);
    expect(framer.push(header(6, 8), () => expect.fail('must not be handed over'))?.codeName).toBe(
      'OFPBRC_BAD_VERSION',
    );
  });

  it('heeds an agreement made while it hands over a chunk', () => {
    const framer = new Framer();
    const seen: Buffer[] = [];
    const error = framer.push(Buffer.concat([header(6, 8), header(6, 8)]), (message) => {
      seen.push(message);
      framer.expectVersion13();
    });
    expect(seen.length).toBe(1);
    expect(error?.codeName).toBe('OFPBRC_BAD_VERSION');
  });
});
