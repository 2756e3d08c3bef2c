import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageFramer } from '../../../src/packet/message-framer.ts';
import { withTcpLength } from '../../support/frames.ts';

/** Pushes `stream` cut at `cuts`, each piece somewhere in a buffer that is overwritten afterwards. */
function frame(framer: MessageFramer, stream: Buffer, cuts: readonly number[]): string[] {
  const messages: string[] = [];
  const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
  for (const [index, end] of edges.slice(1).entries()) {
    const piece = Buffer.concat([Buffer.alloc(3, 0xff), stream.subarray(edges[index]!, end), Buffer.alloc(70, 0xff)]);
    framer.push(piece, 3, piece.length - 70, (octets, from, to) => messages.push(octets.toString('hex', from, to)));
    piece.fill(0xee);
  }
  return messages;
}

const message = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 65_535 }).map((length) => new Uint8Array(length).fill(length)) },
);

describe('MessageFramer', () => {
  it('gives the messages however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (messages, places) => {
        const wire = messages.map((octets) => withTcpLength(Buffer.from(octets)));
        const stream = Buffer.concat(wire);
        const framer = new MessageFramer();
        const cuts = places.map((place) => place % (stream.length + 1));
        expect(frame(framer, stream, cuts)).toEqual(messages.map((octets) => Buffer.from(octets).toString('hex')));
        expect(framer.heldBytes).toBe(0);
      }),
    );
  });

  it('gives the messages at every cut, and octet by octet', () => {
    const stream = Buffer.concat(['one', '', 'three', ''].map((text) => withTcpLength(Buffer.from(text))));
    const expected = ['one', '', 'three', ''].map((text) => Buffer.from(text).toString('hex'));
    for (let cut = 0; cut <= stream.length; cut++) expect(frame(new MessageFramer(), stream, [cut])).toEqual(expected);
    const everywhere = Array.from({ length: stream.length }, (_, index) => index);
    expect(frame(new MessageFramer(), stream, everywhere)).toEqual(expected);
  });

  it('gives nothing of a message that is cut off, at every place', () => {
    const stream = withTcpLength(Buffer.from('message'));
    for (let end = 0; end < stream.length; end++) {
      expect(frame(new MessageFramer(), stream.subarray(0, end), [])).toEqual([]);
    }
  });

  it('holds about what has come of a message, not what its length claims', () => {
    const framer = new MessageFramer();
    frame(framer, Buffer.from([0xff, 0xff]), []);
    expect(framer.heldBytes).toBeLessThanOrEqual(512);
    for (let total = 2; total < 65_537; total++) {
      expect(framer.heldBytes).toBeLessThanOrEqual(Math.max(512, 2 * total));
      framer.push(Buffer.from([1]), 0, 1, () => {});
    }
    expect(framer.heldBytes).toBe(0);
  });

  it('forgets what it holds when told to', () => {
    const framer = new MessageFramer();
    frame(framer, Buffer.from([0, 9, 1, 2]), []);
    framer.reset();
    expect(framer.heldBytes).toBe(0);
    expect(frame(framer, withTcpLength(Buffer.from('x')), [])).toEqual(['78']);
  });
});
