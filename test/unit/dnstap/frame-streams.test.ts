import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ControlType, composeControl, FrameStreamReader } from '../../../src/dnstap/frame-streams.ts';
import { composeData } from '../../support/dnstap-frames.ts';

const MAX_OCTETS = 300;

interface Heard {
  readonly frames: (string | Buffer)[];
  readonly problem: string | undefined;
  readonly heldOctets: number;
}

/** What a reader makes of a stream that comes in these pieces. */
function read(...pieces: readonly Buffer[]): Heard {
  const frames: (string | Buffer)[] = [];
  const reader = new FrameStreamReader(MAX_OCTETS, {
    onData: (octets, start, end) => frames.push(Buffer.from(octets.subarray(start, end))),
    onControl: ({ type, contentTypes }) => frames.push([type, ...contentTypes].join(' ')),
  });
  let problem: string | undefined;
  for (const piece of pieces) problem ??= reader.push(piece);
  return { frames, problem, heldOctets: reader.heldOctets };
}

const STREAM = Buffer.concat([
  composeControl('ready', 'protobuf:dnstap.Dnstap', 'x'),
  composeControl('start', 'protobuf:dnstap.Dnstap'),
  composeData(Buffer.from('first')),
  composeData(Buffer.alloc(MAX_OCTETS, 7)),
  composeControl('stop'),
]);
const FRAMES = [
  'ready protobuf:dnstap.Dnstap x',
  'start protobuf:dnstap.Dnstap',
  Buffer.from('first'),
  Buffer.alloc(MAX_OCTETS, 7),
  'stop',
];

const words = (...values: readonly number[]) =>
  Buffer.concat(
    values.map((value) => {
      const octets = Buffer.alloc(4);
      octets.writeUInt32BE(value);
      return octets;
    }),
  );

describe('FrameStreamReader', () => {
  it('reads data and control frames', () => {
    expect(read(STREAM)).toEqual({ frames: FRAMES, problem: undefined, heldOctets: 0 });
  });

  it('reads the same from two pieces, wherever it is cut', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      expect(read(STREAM.subarray(0, cut), STREAM.subarray(cut)).frames, `cut at ${cut}`).toEqual(FRAMES);
    }
  });

  it('reads the same octet by octet', () => {
    expect(read(...Array.from(STREAM, (octet) => Buffer.from([octet]))).frames).toEqual(FRAMES);
  });

  it('reads any stream of frames from any pieces', () => {
    const frame = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((octets) => Buffer.from(octets));
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat({ max: 60 })), (frames, sizes) => {
        const stream = Buffer.concat(frames.map(composeData));
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(read(...pieces, stream.subarray(at))).toEqual({ frames, problem: undefined, heldOctets: 0 });
      }),
    );
  });

  it('knows a stream that was cut', () => {
    const ends = new Set([0]);
    for (let at = 0; at < STREAM.length; ) {
      const length = STREAM.readUInt32BE(at);
      at += length > 0 ? 4 + length : 8 + STREAM.readUInt32BE(at + 4);
      ends.add(at);
    }
    for (let cut = 0; cut <= STREAM.length; cut++) {
      expect(read(STREAM.subarray(0, cut)).heldOctets === 0, `cut at ${cut}`).toBe(ends.has(cut));
    }
  });

  it.each([
    ['a data frame that is too long', words(MAX_OCTETS + 1), '301 octets'],
    ['a control frame that is too short', words(0, 3), 'control frame of 3 octets'],
    ['a control frame that is too long', words(0, 513), 'control frame of 513 octets'],
    ['an unknown control frame', words(0, 4, 6), 'type 6'],
    ['a field cut short', words(0, 8, 2, 1), 'cut short'],
    ['an unknown field', words(0, 12, 2, 2, 0), 'field of type 2'],
    ['a field longer than its frame', words(0, 12, 2, 1, 1), 'too long'],
    ['a content type that is too long', Buffer.concat([words(0, 269, 2, 1, 257), Buffer.alloc(257)]), 'too long'],
  ])('refuses %s', (_, octets, said) => {
    expect(read(octets)).toMatchObject({ frames: [], problem: expect.stringContaining(said) });
    expect(read(...Array.from(octets, (octet) => Buffer.from([octet]))).problem).toContain(said);
  });

  it('never throws, whatever comes', () => {
    for (let at = 0; at < 120; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const changed = Buffer.from(STREAM);
        changed[at] = value;
        read(changed);
      }
    }
    fc.assert(fc.property(fc.array(fc.uint8Array()), (pieces) => void read(...pieces.map((one) => Buffer.from(one)))));
  });
});

describe('composeControl', () => {
  it.each<ControlType>(['accept', 'start', 'stop', 'ready', 'finish'])('%s is read back', (type) => {
    expect(read(composeControl(type, 'a', 'b')).frames).toEqual([`${type} a b`]);
  });

  it('is the octets that fstrm writes', () => {
    expect(composeControl('finish')).toEqual(words(0, 4, 5));
    expect(composeControl('accept', 'ab')).toEqual(Buffer.concat([words(0, 14, 1, 1, 2), Buffer.from('ab')]));
  });
});
