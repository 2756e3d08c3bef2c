import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameLink, FrameView } from '../../../src/packet/frame.ts';
import { TcpStreams, type TcpStreamsOptions } from '../../../src/packet/tcp-streams.ts';
import { composeFrame, type FrameFields, withTcpLength } from '../../support/frames.ts';

const OPTIONS: TcpStreamsOptions = {
  streams: 8,
  bytes: 4_000_000,
  waitingBytes: 1_000_000,
  gapMs: 3000,
  idleMs: 60_000,
};
const SYN = 0x02;
/** What every message of these tests begins with. */
const MARK = Buffer.from('d5d5d5d5', 'hex');

function messageOf(text: string): Buffer {
  return Buffer.concat([MARK, Buffer.from(text, 'latin1')]);
}

const wireOf = (texts: readonly string[]) => Buffer.concat(texts.map((text) => withTcpLength(messageOf(text))));

/** Streams that are fed with segments. */
class Rig {
  readonly messages: string[] = [];
  readonly times: number[] = [];
  readonly ways: string[] = [];
  readonly links: (FrameLink | undefined)[] = [];
  readonly counted: string[] = [];
  readonly streams: TcpStreams<string>;
  readonly #frame = new FrameView();

  constructor(options: Partial<TcpStreamsOptions> = {}) {
    this.streams = new TcpStreams<string>(
      { ...OPTIONS, ...options },
      {
        isPlausible: (octets, start, end, isWhole) =>
          MARK.equals(octets.subarray(start, Math.min(end, start + MARK.length))) || (!isWhole && start === end),
        onMessage: (endpoints, way, octets, start, end, atMs) => {
          this.messages.push(octets.toString('latin1', start + MARK.length, end));
          this.times.push(atMs);
          this.links.push(endpoints.link);
          this.ways.push(`${way} ${endpoints.sourcePort} ${endpoints.destinationPort}`);
        },
        onCount: (what) => this.counted.push(what),
      },
    );
  }

  segment(
    sequence: number,
    payload: Buffer,
    fields: FrameFields & { atMs?: number; way?: string; station?: string } = {},
  ): void {
    const { atMs = 0, way = 'inbound', station = '', ...rest } = fields;
    const octets = composeFrame(payload, { transport: 'tcp', tcpFlags: 0x10, tcpSequence: sequence >>> 0, ...rest });
    expect(this.#frame.parse(octets, 0, octets.length)).toBeUndefined();
    this.streams.add(this.#frame, octets, atMs, way, station);
    octets.fill(0xee);
  }

  syn(
    sequence: number,
    payload = Buffer.alloc(0),
    fields: FrameFields & { atMs?: number; station?: string } = {},
  ): void {
    this.segment(sequence, payload, { ...fields, tcpFlags: SYN });
  }
}

const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ maxLength: 30 }).map((value) => Buffer.from(value).toString('latin1')) },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 5000 }).map((length) => 'x'.repeat(length)) },
);
const texts = fc.array(text, { minLength: 1, maxLength: 12 });
const initial = fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: 0xffff_ff00, max: 0xffff_ffff }));

/** Messages, the segments of their stream from left to right, and others that carry parts of it again. */
const cutStream = fc
  .tuple(texts, fc.array(fc.nat(), { maxLength: 20 }), fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }))
  .map(([sent, places, ranges]) => {
    const stream = wireOf(sent);
    const inStream = (place: number) => place % (stream.length + 1);
    const edges = [0, ...places.map(inStream).sort((a, b) => a - b), stream.length];
    const segments = edges.slice(1).map((end, index) => [edges[index]!, end] as const);
    const again = ranges.map(
      ([a, b]) => [Math.min(inStream(a), inStream(b)), Math.max(inStream(a), inStream(b))] as const,
    );
    return { sent, stream, segments, again };
  });
const shuffled = <T>(items: readonly T[]) =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

describe('TcpStreams', () => {
  it('keeps what another station sends under the same addresses apart', () => {
    const rig = new Rig();
    const stream = wireOf(['one', 'two']);
    const stations = [
      { station: 'a' },
      { station: 'b', macs: '0200000000010200000000ff' },
      { station: 'c', tags: [0x8100] },
    ] as const;
    for (const fields of stations) rig.syn(99, Buffer.alloc(0), fields);
    for (const fields of stations) rig.segment(100, stream.subarray(0, 5), fields);
    for (const fields of stations.toReversed()) rig.segment(105, stream.subarray(5), fields);
    expect(rig.messages).toEqual(['one', 'two', 'one', 'two', 'one', 'two']);
    const twice = (link: unknown) => [link, link];
    expect(rig.links.map((link) => [link?.sourceMac, link?.vlan])).toEqual([
      ...twice([0x020000000002, 10]),
      ...twice([0x0200000000ff, undefined]),
      ...twice([0x020000000002, undefined]),
    ]);
  });

  it('gives exactly the messages, however the stream was cut, in whatever order and how often segments come', () => {
    const input = cutStream.chain((cut) =>
      fc.tuple(fc.constant(cut), shuffled([...cut.segments, ...cut.again, ...cut.segments])),
    );
    fc.assert(
      fc.property(input, initial, ([{ sent, stream }, order], isn) => {
        const rig = new Rig();
        rig.syn(isn);
        for (const [start, end] of order) rig.segment(isn + 1 + start, stream.subarray(start, end));
        rig.segment(isn + 1 + stream.length, Buffer.alloc(0), { tcpFlags: 0x11 });
        for (const [start, end] of order) rig.segment(isn + 1 + start, stream.subarray(start, end));
        rig.streams.finish();
        expect(rig.messages).toEqual(sent);
        expect(rig.counted).toEqual([]);
        expect([rig.streams.size, rig.streams.heldBytes]).toEqual([0, 0]);
      }),
      { numRuns: 500 },
    );
  });

  it('gives exactly the messages of a stream whose SYN was not seen, each segment once or more often', () => {
    fc.assert(
      fc.property(cutStream, initial, fc.nat(3), ({ sent, stream, segments }, isn, repeats) => {
        // What cannot be told is a beginning of which too little is there.
        fc.pre(segments.find(([start, end]) => end > start)![1] >= 6);
        const rig = new Rig();
        for (const [start, end] of segments) {
          for (let round = 0; round <= repeats; round++) rig.segment(isn + start, stream.subarray(start, end));
        }
        rig.streams.finish();
        expect(rig.messages).toEqual(sent);
        expect(rig.counted).toEqual([]);
      }),
    );
  });

  it('begins at the first message of a stream that it sees from the middle', () => {
    const stream = wireOf(['one', 'two', 'three']);
    const second = wireOf(['one']).length;
    const rig = new Rig();
    rig.segment(1000, stream.subarray(4, second));
    rig.segment(1000 + second - 4, stream.subarray(second));
    expect(rig.messages).toEqual(['two', 'three']);
    expect(rig.counted).toEqual(['unsynchronised']);
  });

  it('takes data in the SYN, also when it is sent again behind it', () => {
    const stream = wireOf(['one', 'two']);
    const rig = new Rig();
    rig.syn(0xffff_fffe, stream.subarray(0, 10));
    rig.syn(0xffff_fffe, stream.subarray(0, 10));
    rig.segment(0xffff_ffff, stream);
    expect(rig.messages).toEqual(['one', 'two']);
  });

  it('gives what is behind a lost segment when the gap is too old, with its own time', () => {
    const stream = [wireOf(['one']), wireOf(['lost', 'lost too']), wireOf(['four']), wireOf(['five'])] as const;
    const at = (index: number) => 1 + stream.slice(0, index).reduce((sum, { length }) => sum + length, 0);
    const rig = new Rig();
    rig.syn(0);
    rig.segment(at(0), stream[0], { atMs: 10 });
    rig.segment(at(3), stream[3], { atMs: 20 });
    rig.segment(at(2), stream[2], { atMs: 30 });
    rig.streams.passTime(3020);
    expect(rig.messages).toEqual(['one']);
    rig.streams.passTime(3021);
    expect(rig.messages).toEqual(['one', 'four', 'five']);
    expect(rig.times).toEqual([10, 30, 20]);
    expect(rig.counted).toEqual(['gaps']);
    rig.segment(at(1), stream[1], { atMs: 4000 });
    expect(rig.messages.length).toBe(3);
  });

  it('gives what is behind a gap when a segment of another stream shows the time, or the time jumps back', () => {
    for (const atMs of [9000, -9000]) {
      const rig = new Rig();
      rig.syn(0);
      rig.segment(100, wireOf(['behind']));
      rig.segment(0, Buffer.from('x'), { atMs, sourcePort: 9 });
      expect(rig.messages).toEqual(['behind']);
    }
  });

  it('waits no longer for one gap because segments go on coming behind another', () => {
    const rig = new Rig();
    for (const sourcePort of [1, 2]) rig.syn(0, Buffer.alloc(0), { sourcePort });
    rig.segment(100_000, Buffer.from('x'), { sourcePort: 1 });
    rig.segment(500, wireOf(['behind']), { sourcePort: 2, atMs: 1 });
    for (const atMs of [1500, 3000]) rig.segment(100_000 - atMs, Buffer.from('x'), { sourcePort: 1, atMs });
    expect(rig.messages).toEqual([]);
    rig.segment(90_000, Buffer.from('x'), { sourcePort: 1, atMs: 3002 });
    expect(rig.messages).toEqual(['behind']);
  });

  it('begins to wait anew where a second gap opens behind a first that was closed', () => {
    const stream = wireOf(['one', 'two']);
    const rig = new Rig();
    rig.syn(0);
    rig.segment(5, stream.subarray(4), { atMs: 0 });
    rig.segment(900, wireOf(['behind']), { atMs: 1000 });
    rig.segment(1, stream.subarray(0, 4), { atMs: 2500 });
    expect(rig.messages).toEqual(['one', 'two']);
    rig.streams.passTime(5500);
    expect(rig.messages.length).toBe(2);
    rig.streams.passTime(5501);
    expect(rig.messages).toEqual(['one', 'two', 'behind']);
  });

  it('gives what is behind every gap at the end', () => {
    const rig = new Rig();
    rig.syn(0);
    for (let index = 1; index <= 5; index++) rig.segment(index * 1000, wireOf([`m${index}`]));
    rig.segment(6000, Buffer.from('middle of something'));
    rig.streams.finish();
    expect(rig.messages).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    expect(rig.streams.heldBytes).toBe(0);
  });

  it('does not give a message of which the middle is missing', () => {
    const stream = wireOf(['x'.repeat(3000), 'next']);
    const rig = new Rig();
    rig.syn(0);
    rig.segment(1, stream.subarray(0, 1000));
    rig.segment(2001, stream.subarray(2000));
    rig.streams.finish();
    expect(rig.messages).toEqual([]);
  });

  it('takes a new SYN for a new connection, and gives what waited in the old one', () => {
    const rig = new Rig();
    rig.syn(5000);
    rig.segment(5001, wireOf(['old']));
    rig.segment(6000, wireOf(['behind a gap']));
    rig.segment(8000, wireOf(['half']).subarray(0, 8));
    rig.syn(5050);
    rig.segment(5051, wireOf(['new']));
    expect(rig.messages).toEqual(['old', 'behind a gap', 'new']);
    expect(rig.streams.size).toBe(1);
  });

  it('takes a sequence number far away for a connection whose SYN was not seen', () => {
    const rig = new Rig();
    rig.syn(0);
    rig.segment(1, wireOf(['old']));
    rig.segment(0x7000_0000, wireOf(['new']));
    rig.segment(0x7000_0000 + wireOf(['new']).length, wireOf(['newer']));
    expect(rig.messages).toEqual(['old', 'new', 'newer']);
  });

  it.each([0x11, 0x14, 0x04])('reads on behind FIN and RST, and nothing twice (flags %s)', (tcpFlags) => {
    const stream = wireOf(['one', 'two']);
    const rig = new Rig();
    rig.syn(0);
    rig.segment(1 + stream.length, Buffer.alloc(0), { tcpFlags });
    rig.segment(1, stream);
    rig.segment(1, stream, { tcpFlags });
    rig.segment(1, stream, { tcpFlags });
    expect(rig.messages).toEqual(['one', 'two']);
  });

  it('passes over keep-alive octets', () => {
    const rig = new Rig();
    rig.syn(0);
    rig.segment(1, wireOf(['one']));
    const next = 1 + wireOf(['one']).length;
    rig.segment(next - 1, Buffer.alloc(1));
    rig.segment(next, wireOf(['two']));
    expect(rig.messages).toEqual(['one', 'two']);
  });

  it('keeps the directions of a connection, other connections and other ways apart', () => {
    const rig = new Rig();
    const half = wireOf(['whole']).subarray(0, 8);
    const rest = wireOf(['whole']).subarray(8);
    const others = [
      { source: '198.51.100.53', destination: '192.0.2.1', sourcePort: 53, destinationPort: 40000 },
      { sourcePort: 40001 },
      { destination: '198.51.100.54' },
      { way: 'outbound' },
    ];
    rig.segment(1, half);
    for (const other of others) rig.segment(9, rest, other);
    expect(rig.messages).toEqual([]);
    rig.segment(9, rest);
    expect(rig.ways).toEqual(['inbound 40000 53']);
  });

  it('opens nothing for a segment without payload', () => {
    const rig = new Rig();
    for (const tcpFlags of [0x10, 0x11, 0x04]) rig.segment(1, Buffer.alloc(0), { tcpFlags });
    expect([rig.streams.size, rig.streams.heldBytes]).toEqual([0, 0]);
  });

  it('ends a stream that is silent', () => {
    const rig = new Rig();
    rig.syn(0);
    rig.segment(1, wireOf(['cut off']).subarray(0, 7), { atMs: 1000 });
    expect(rig.streams.heldBytes).toBeGreaterThan(0);
    rig.streams.passTime(60_999);
    expect(rig.streams.size).toBe(1);
    rig.streams.passTime(61_000);
    expect([rig.streams.size, rig.streams.heldBytes]).toEqual([0, 0]);
    expect(rig.counted).toEqual([]);
  });
});

describe('TcpStreams under floods', () => {
  it('takes any segments within its bounds, and holds nothing at the end', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((octets) => Buffer.from(octets)),
      fc.constantFrom(wireOf(['one']), wireOf(['one', 'two']).subarray(0, 12), Buffer.from('ffff', 'hex')),
    );
    const sequence = fc.oneof(fc.nat(200), fc.nat(0xffff_ffff), fc.constantFrom(0xffff_ffff, 0x8000_0000, 0x7fff_ffff));
    const step = fc.record({
      sequence,
      piece,
      tcpFlags: fc.nat(255),
      sourcePort: fc.integer({ min: 1, max: 5 }),
      atMs: fc.integer({ min: -100_000, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rig = new Rig({ streams: 3, bytes: 6000, waitingBytes: 2000 });
        for (const { sequence: at, piece: payload, ...fields } of steps) {
          rig.segment(at, payload, fields);
          expect(rig.streams.heldBytes).toBeLessThanOrEqual(6000);
          expect(rig.streams.size).toBeLessThanOrEqual(3);
        }
        rig.streams.finish();
        expect([rig.streams.size, rig.streams.heldBytes]).toEqual([0, 0]);
      }),
      { numRuns: 500 },
    );
  });

  it('holds so many streams, those that spoke last, and counts only those that held something', () => {
    const rig = new Rig({ streams: 3 });
    for (let port = 1; port <= 3; port++) rig.syn(0, Buffer.alloc(0), { sourcePort: port });
    rig.segment(1, wireOf(['half of it']).subarray(0, 9), { sourcePort: 1 });
    for (let port = 4; port <= 5; port++) rig.syn(0, Buffer.alloc(0), { sourcePort: port });
    expect(rig.streams.size).toBe(3);
    rig.segment(10, wireOf(['half of it']).subarray(9), { sourcePort: 1 });
    expect(rig.messages).toEqual(['half of it']);
    expect(rig.counted).toEqual([]);
    rig.segment(1, wireOf(['x']).subarray(0, 5), { sourcePort: 5 });
    for (let port = 6; port <= 8; port++) rig.syn(0, Buffer.alloc(0), { sourcePort: port });
    expect(rig.counted).toEqual(['pushed out']);
  });

  it('holds no more for a stream than before, once its gap is closed', () => {
    const stream = wireOf(['x'.repeat(3000)]);
    const rig = new Rig({ waitingBytes: 10_000 });
    for (let sequence = 1; sequence < 10 * stream.length; sequence += stream.length) {
      if (sequence === 1) rig.syn(0);
      const heldBytes = rig.streams.heldBytes;
      rig.segment(sequence + 1500, stream.subarray(1500));
      rig.segment(sequence, stream.subarray(0, 1500));
      expect(rig.streams.heldBytes).toBe(heldBytes);
    }
    expect([rig.messages.length, ...rig.counted]).toEqual([10]);
  });

  it('holds a segment once that comes again and again behind a gap', () => {
    const rig = new Rig({ waitingBytes: 10_000 });
    rig.syn(0);
    rig.segment(1000, wireOf(['waits']));
    const { heldBytes } = rig.streams;
    for (let round = 0; round < 100; round++) rig.segment(1000, wireOf(['waits']));
    expect([rig.streams.heldBytes, ...rig.messages, ...rig.counted]).toEqual([heldBytes]);
  });

  it('forgets the gaps of streams that have ended', () => {
    const rig = new Rig();
    rig.syn(0);
    rig.segment(50, wireOf(['waits']));
    rig.streams.finish();
    rig.streams.passTime(10_000);
    expect([rig.streams.size, rig.streams.heldBytes]).toEqual([0, 0]);
  });

  it('gives what waits in a stream that is pushed out', () => {
    const rig = new Rig({ streams: 1 });
    rig.syn(0);
    rig.segment(50, wireOf(['waits']));
    rig.syn(0, Buffer.alloc(0), { sourcePort: 9 });
    expect(rig.messages).toEqual(['waits']);
  });

  it('holds so many octets in all', () => {
    const rig = new Rig({ streams: 10_000, bytes: 100_000 });
    for (let port = 1; port <= 500; port++) {
      rig.syn(0, Buffer.alloc(0), { sourcePort: port });
      rig.segment(1, wireOf(['x'.repeat(2000)]).subarray(0, 1000), { sourcePort: port });
      expect(rig.streams.heldBytes).toBeLessThanOrEqual(100_000);
    }
    rig.streams.finish();
    expect([rig.streams.size, rig.streams.heldBytes]).toEqual([0, 0]);
  });

  it('holds so many octets of segments that wait in one stream', () => {
    const rig = new Rig({ waitingBytes: 20_000 });
    rig.syn(0);
    for (let index = 1; index <= 500; index++) {
      rig.segment(index * 2000, wireOf([`m${index}`]));
      expect(rig.streams.heldBytes).toBeLessThan(22_000);
    }
    rig.streams.finish();
    expect(rig.messages).toEqual(Array.from({ length: 500 }, (_, index) => `m${index + 1}`));
  });

  it.each<[string, (rig: Rig, index: number) => void]>([
    ['half-open streams', (rig, index) => rig.syn(index, Buffer.alloc(0), { sourcePort: index & 0xffff })],
    ['segments in reverse order', (rig, index) => rig.segment(4_000_000 - 2 * index, Buffer.from('x'))],
    ['segments in order behind a gap', (rig, index) => rig.segment(100 + 2 * index, Buffer.from('x'))],
    ['the same segment behind a gap', (rig) => rig.segment(100, Buffer.from('x'))],
    [
      'beginnings of large messages',
      (rig, index) => rig.segment(1, Buffer.from('ffffd5d5d5d5', 'hex'), { sourcePort: index & 0xffff }),
    ],
    ['messages behind gaps', (rig, index) => rig.segment(100 + 50 * index, wireOf(['m']), { atMs: index })],
  ])('stays quick and small under a flood of %s', (_, send) => {
    const rig = new Rig({ streams: 4096, bytes: 8_000_000, waitingBytes: 256 * 1024 });
    rig.syn(0);
    const startMs = performance.now();
    for (let index = 0; index < 20_000; index++) send(rig, index);
    expect((performance.now() - startMs) / 20_000).toBeLessThan(0.2);
    expect(rig.streams.heldBytes).toBeLessThanOrEqual(8_000_000);
    expect(rig.streams.size).toBeLessThanOrEqual(4096);
  });
});
