/** What opening connections are refused for, how many there may be, and that no order of segments gets past them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TcpOpening } from '../../../src/firewall/tcp-opening.ts';
import type { TcpWhole } from '../../../src/firewall/tcp-openings.ts';
import { composeFragments, composeSegment, type FrameFields, withTcpLength } from '../../support/frames.ts';
import {
  DATA,
  FIRST,
  type Fields,
  ISN,
  messageOf,
  OpeningsRig,
  over,
  STREAM,
  sequenceOf,
  whole,
} from '../../support/openings-rig.ts';

describe('TcpOpenings refuses', () => {
  it('a segment that says something else than what is held', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 20);
    const other = Buffer.from(STREAM);
    other[15]! ^= 1;
    const outcome = over(rig.data(10, 30, {}, other));
    expect(outcome.reason).toBe('contradiction');
    expect(sequenceOf(outcome.resets!.toServer)).toBe(FIRST);
    expect(rig.openings.held.bytes).toBe(0);
    expect(rig.data(20, STREAM.length)).toEqual({ kind: 'drop' });
  });

  it('the same of the length that was sent on, and of a message that waits for its verdict', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 2);
    const other = Buffer.from(STREAM);
    other[1]! ^= 1;
    const outcome = over(rig.data(0, STREAM.length, {}, other));
    expect(outcome.reason).toBe('contradiction');
    expect(sequenceOf(outcome.resets!.toServer)).toBe(FIRST + 2);
    const second = new OpeningsRig();
    second.open();
    const { opening } = whole(second.data(0, STREAM.length));
    expect(over(second.data(0, STREAM.length, {}, other)).reason).toBe('contradiction');
    expect(second.openings.allow(opening)).toBeUndefined();
  });

  it('a message that says it is longer than 16 KiB, at once', () => {
    const rig = new OpeningsRig();
    rig.open();
    const stream = Buffer.from([0x40, 0x00, 1, 2, 3]);
    expect(over(rig.data(0, 5, {}, stream)).reason).toBe('too long');
    const longest = new OpeningsRig();
    longest.open();
    expect(longest.data(0, 5, {}, Buffer.from([0x3f, 0xfe, 1, 2, 3])).kind).toBe('hold');
  });

  it('more frames than it holds for one connection', () => {
    const rig = new OpeningsRig();
    rig.open();
    const stream = withTcpLength(Buffer.alloc(16_000));
    for (let at = 0; at < 15_000; at += 1000) expect(rig.data(at, at + 1000, {}, stream).kind).toBe('hold');
    expect(over(rig.data(15_000, 16_000, {}, stream)).reason).toBe('too long');
  });

  it('more segments than it holds for one connection', () => {
    const rig = new OpeningsRig();
    rig.open();
    const stream = withTcpLength(Buffer.alloc(1000));
    rig.data(0, 2, {}, stream);
    // Frames of 55 octets each.
    for (let at = 2; at < 257; at++) expect(rig.data(at, at + 1, {}, stream).kind).toBe('hold');
    expect(over(rig.data(257, 258, {}, stream)).reason).toBe('too many segments');
  });

  it('what lies before the beginning or too far behind it', () => {
    for (const sequence of [FIRST - 5, FIRST + 16_384, FIRST + 0x7fff_ffff]) {
      const rig = new OpeningsRig();
      rig.open();
      expect(over(rig.segment({ sequence, data: Buffer.alloc(30) })).reason).toBe('out of window');
    }
  });

  it('fragments, and what is no plain Ethernet, of which nobody can be told', () => {
    const rig = new OpeningsRig();
    rig.open();
    const ends: FrameFields = { transport: 'tcp' };
    const [fragment] = composeFragments(composeSegment(STREAM, ends), [32], ends);
    expect(rig.take(fragment!)).toMatchObject({ kind: 'over', reason: 'unreadable', resets: undefined });
    expect(rig.data(0, 9)).toEqual({ kind: 'drop' });
  });

  it('a message that takes too long, from its first octet on', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.clock.advance(3000);
    rig.data(0, 20);
    rig.clock.advance(3000);
    rig.data(20, 21);
    rig.clock.advance(1999);
    expect(rig.overs).toEqual([]);
    rig.clock.advance(1);
    expect(rig.overs).toMatchObject([{ reason: 'time over', endpoints: { clientPort: 40_000 } }]);
    expect(sequenceOf(rig.overs[0]!.resets!.toServer)).toBe(FIRST);
    expect(sequenceOf(rig.overs[0]!.resets!.toClient)).toBe(9000);
    expect(rig.data(21, STREAM.length)).toEqual({ kind: 'drop' });
    rig.clock.advance(5000);
    expect(rig.openings.held).toEqual({ connections: 0, bytes: 0 });
  });

  it('nothing before its time because others have begun anew', () => {
    const rig = new OpeningsRig();
    rig.open({ sourcePort: 1 });
    rig.clock.advance(1000);
    rig.data(0, 20, { sourcePort: 2 });
    rig.clock.advance(2000);
    rig.data(0, 20, { sourcePort: 1 });
    rig.clock.advance(3000);
    expect(rig.overs.map(({ endpoints }) => endpoints.clientPort)).toEqual([2]);
    rig.clock.advance(2000);
    expect(rig.overs.map(({ endpoints }) => endpoints.clientPort)).toEqual([2, 1]);
  });

  it('no message whose verdict comes in time, however late it was whole', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 20);
    rig.clock.advance(4999);
    const { opening } = whole(rig.data(20, STREAM.length));
    rig.clock.advance(4999);
    expect(rig.overs).toEqual([]);
    rig.allow(opening);
    expect(rig.read()).toEqual(STREAM);
  });

  it('a message whose verdict does not come', () => {
    const rig = new OpeningsRig();
    rig.open();
    const { opening } = whole(rig.data(0, STREAM.length));
    rig.clock.advance(5000);
    expect(rig.overs).toMatchObject([{ reason: 'time over' }]);
    expect(rig.openings.allow(opening)).toBeUndefined();
  });
});

describe('TcpOpenings is bounded', () => {
  const port = (sourcePort: number, inPort = 1): Fields => ({ sourcePort, inPort });

  it('in connections: one without data makes room for the next of its port', () => {
    const rig = new OpeningsRig({ connections: 8 });
    for (let client = 1; client <= 100; client++) rig.syn(port(client));
    expect(rig.openings.held.connections).toBe(4);
    expect(rig.data(0, 2, port(100)), 'known').toMatchObject({ kind: 'release' });
    expect(rig.data(0, STREAM.length, port(1)).kind, 'pushed out, and judged all the same').toBe('whole');
  });

  it('in connections: one with data never makes room, and no port takes what is left for the others', () => {
    const rig = new OpeningsRig({ connections: 8 });
    for (let client = 1; client <= 20; client++) rig.data(0, 20, port(client));
    expect(rig.openings.held.connections).toBe(4);
    expect(rig.openings.counters.get('no room')).toBe(16);
    expect(rig.data(0, STREAM.length, port(20)), 'comes again when there is room').toEqual({ kind: 'drop' });
    expect(rig.syn(port(21))).toMatchObject({ kind: 'release' });
    for (const other of [2, 3, 4, 5, 6, 7]) {
      expect(rig.data(0, 20, port(1, other)).kind).toBe(other < 6 ? 'hold' : 'drop');
    }
    expect(rig.openings.held.connections).toBe(8);
    rig.clock.advance(10_000);
    expect(rig.overs).toHaveLength(8);
    expect(rig.openings.held).toEqual({ connections: 0, bytes: 0 });
    expect(rig.data(0, STREAM.length, port(20)).kind).toBe('whole');
  });

  it('in octets, of which a port has no more than is left for the others', () => {
    const rig = new OpeningsRig({ bytes: 8000 });
    const stream = withTcpLength(Buffer.alloc(9000));
    const give = (client: number, inPort: number) => rig.data(0, 1400, port(client, inPort), stream).kind;
    expect([1, 2, 3].map((client) => give(client, 1))).toEqual(['hold', 'hold', 'drop']);
    expect([1, 2, 3].map((client) => give(client, 2))).toEqual(['hold', 'drop', 'drop']);
    expect(rig.openings.held.bytes).toBeLessThan(8000);
    expect(rig.openings.held.bytes).toBeGreaterThan(3 * 1400);
  });

  it('and stops, twice', () => {
    const rig = new OpeningsRig();
    rig.open();
    rig.data(0, 20);
    rig.openings.stop();
    rig.openings.stop();
    expect(rig.openings.held).toEqual({ connections: 0, bytes: 0 });
    expect(rig.clock.pendingTimers).toBe(0);
    expect(rig.overs).toEqual([]);
  });
});

/** Pieces of a stream that cover it, cut, sent more than once, and in any order. */
const shuffledPieces = fc
  .record({
    messages: fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 3 }),
    cuts: fc.array(fc.nat(200), { maxLength: 12 }),
    again: fc.array(fc.tuple(fc.nat(200), fc.nat(60)), { maxLength: 6 }),
    order: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
    isn: fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: 0xffff_ff00, max: 0xffff_ffff })),
    inOrder: fc.boolean(),
  })
  .map(({ messages, cuts, again, order, isn, inOrder }) => {
    const stream = Buffer.concat(messages.map((message) => withTcpLength(Buffer.from(message))));
    const edges = [0, ...cuts.filter((cut) => cut < stream.length), stream.length].sort((a, b) => a - b);
    const pieces = edges.slice(1).map((end, index) => [edges[index]!, end] as const);
    const repeated = again.map(([start, length]) => [start, Math.min(start + length, stream.length)] as const);
    const all = [...pieces, ...repeated].filter(([start, end]) => start < end);
    const shuffled = all
      .map((piece, index) => ({ piece, rank: order[index % order.length]! }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ piece }) => piece);
    return { first: Buffer.from(messages[0]!), stream, isn, pieces: inOrder ? all : shuffled };
  });

describe('TcpOpenings, whatever the order', () => {
  it('hands the first message over once, before the server has more than its length, and then gives the server all', () => {
    fc.assert(
      fc.property(shuffledPieces, ({ first, stream, isn, pieces }) => {
        const rig = new OpeningsRig();
        const start = (isn + 1) >>> 0;
        rig.syn({ sequence: isn });
        let judged: TcpWhole | undefined;
        for (const [from, to] of pieces) {
          const outcome = rig.segment({ sequence: start + from, flags: DATA, data: stream.subarray(from, to) });
          expect(['release', 'hold', 'whole']).toContain(outcome.kind);
          if (outcome.kind !== 'whole') continue;
          expect(judged).toBeUndefined();
          judged = outcome;
          expect(messageOf(outcome)).toEqual(first);
        }
        expect(rig.read(start).length).toBeLessThanOrEqual(2);
        rig.allow(judged!.opening);
        expect(rig.read(start)).toEqual(stream);
      }),
    );
  });

  it('never throws and stays within its bounds, whatever comes', () => {
    const fields = fc.record({
      sequence: fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: ISN - 4, max: ISN + 40 })),
      flags: fc.nat(255),
      data: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
      sourcePort: fc.integer({ min: 1, max: 4 }),
      inPort: fc.integer({ min: 1, max: 3 }),
      wait: fc.constantFrom(0, 0, 0, 1, 2500, 5000),
    });
    fc.assert(
      fc.property(fc.array(fields, { maxLength: 60 }), (segments) => {
        const rig = new OpeningsRig({ connections: 6, bytes: 4000 });
        const judged: TcpOpening[] = [];
        for (const { wait, ...segment } of segments) {
          rig.clock.advance(wait);
          const outcome = rig.segment(segment);
          if (outcome.kind === 'whole') judged.push(outcome.opening);
          if (judged.length > 2) rig.openings.allow(judged.shift()!);
          const { connections, bytes } = rig.openings.held;
          expect(connections).toBeLessThanOrEqual(6);
          expect(bytes).toBeLessThanOrEqual(4000);
        }
        rig.clock.advance(10_000);
        expect(rig.openings.held).toEqual({ connections: 0, bytes: 0 });
        expect(rig.clock.pendingTimers).toBe(0);
      }),
    );
  });
});
