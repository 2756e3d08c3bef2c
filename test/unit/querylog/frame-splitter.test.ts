import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DNSTAP_CONTENT_TYPE, MAX_DNSTAP_OCTETS } from '../../../src/dnstap/dnstap-message.ts';
import { composeControl } from '../../../src/dnstap/frame-streams.ts';
import { FrameSplitter } from '../../../src/querylog/frame-splitter.ts';
import { composeData } from '../../support/dnstap-frames.ts';

const FOLDER = join(import.meta.dirname, '../../vectors/dnslog/dnstap');
const NO_START = 'no Frame Streams: a file of dnstap begins with a START frame';
const START = composeControl('start', DNSTAP_CONTENT_TYPE);
const PAYLOADS = ['one', 'another', '', 'x'.repeat(300)].filter((text) => text !== '');
const FRAMES = PAYLOADS.map((text) => composeData(Buffer.from(text)));
const FILE = Buffer.concat([START, ...FRAMES, composeControl('stop')]);
/** Behind which octets a frame ends, and how many payloads have come by then. */
const ENDS = new Map<number, number>([[0, 0]]);
for (let at = START.length, count = 0; count <= FRAMES.length; at += FRAMES[count]?.length ?? 0, count++)
  ENDS.set(at, count);
ENDS.set(FILE.length, FRAMES.length);

interface Split {
  readonly payloads: string[];
  readonly refused: string[];
  /** What `consumed` was while each frame was taken. */
  readonly consumed: number[];
}

function split(splitter: FrameSplitter, ...chunks: readonly Buffer[]): Split {
  const found: Split = { payloads: [], refused: [], consumed: [] };
  for (const chunk of chunks) {
    splitter.push(chunk, {
      record: (octets, start, end) => {
        found.payloads.push(octets.toString('latin1', start, end));
        found.consumed.push(splitter.consumed);
      },
      refused: (reason) => found.refused.push(reason),
    });
  }
  splitter.end();
  return found;
}

describe('FrameSplitter', () => {
  it('gives the frames of a file, and says behind which octet each ends', () => {
    const splitter = new FrameSplitter();
    const { payloads, refused, consumed } = split(splitter, FILE);
    expect([payloads, refused]).toEqual([PAYLOADS, []]);
    for (const [index, end] of consumed.entries()) expect(ENDS.get(end)).toBe(index + 1);
    expect(splitter.consumed).toBe(FILE.length);
  });

  it('does so however the file is cut, and goes on from the last whole frame', () => {
    for (let cut = 0; cut <= FILE.length; cut++) {
      const first = new FrameSplitter();
      const before = split(first, FILE.subarray(0, cut));
      const { consumed } = first;
      const state = first.state();
      expect(ENDS.get(consumed), `cut at ${cut}`).toBe(before.payloads.length);
      expect(split(first, FILE.subarray(cut)).payloads, `cut at ${cut}`).toEqual(
        PAYLOADS.slice(before.payloads.length),
      );

      const second = new FrameSplitter(consumed, state);
      const resumed = new FrameSplitter(consumed, undefined);
      const rest = split(second, FILE.subarray(consumed));
      expect(rest.refused).toEqual([]);
      expect(rest.payloads).toEqual(PAYLOADS.slice(before.payloads.length));
      expect(split(resumed, FILE.subarray(consumed)).payloads).toEqual(rest.payloads);
      expect(second.consumed).toBe(FILE.length);
    }
  });

  it('gives the same octet by octet', () => {
    const octets = Array.from(FILE, (_, at) => FILE.subarray(at, at + 1));
    expect(split(new FrameSplitter(), ...octets)).toMatchObject({ payloads: PAYLOADS, refused: [] });
  });

  it('goes on with the stream that a server begins behind the end of another, with STOP or without', () => {
    const unended = FILE.subarray(0, FILE.length - composeControl('stop').length);
    for (const first of [FILE, unended]) {
      const { payloads, refused } = split(new FrameSplitter(), Buffer.concat([first, FILE]));
      expect([payloads, refused]).toEqual([[...PAYLOADS, ...PAYLOADS], []]);
    }
  });

  it('reads over what a recorded socket has of a handshake', () => {
    const handshake = [composeControl('ready', DNSTAP_CONTENT_TYPE), composeControl('accept', DNSTAP_CONTENT_TYPE)];
    const { payloads, refused } = split(new FrameSplitter(), ...handshake, FILE, composeControl('finish'));
    expect([payloads, refused]).toEqual([PAYLOADS, []]);
  });

  it.each([
    ['a bare message', readFileSync(join(FOLDER, 'bind9-correct_query_nanosec.dnstap')), NO_START],
    ['text', readFileSync(join(FOLDER, 'bind9-dnstap.text')), NO_START],
    ['data without START', FRAMES[0]!, NO_START],
    ['data behind STOP', Buffer.concat([FILE, FRAMES[0]!]), NO_START],
    [
      'another content type',
      Buffer.concat([composeControl('start', 'protobuf:other'), ...FRAMES]),
      'Frame Streams whose content type is not protobuf:dnstap.Dnstap',
    ],
    [
      'a frame that is too long',
      Buffer.concat([START, FRAMES[0]!, words(MAX_DNSTAP_OCTETS + 1)]),
      `a frame of ${MAX_DNSTAP_OCTETS + 1} octets: more than ${MAX_DNSTAP_OCTETS} are none of dnstap`,
    ],
    ['an unknown control frame', Buffer.concat([START, words(0, 4, 9)]), 'a control frame of type 9'],
  ])('refuses %s once, and leaves out all behind it', (_, octets, reason) => {
    const splitter = new FrameSplitter();
    const { refused } = split(splitter, octets, FILE, FILE);
    expect(refused).toEqual([reason]);
    expect(splitter.consumed).toBe(octets.length + 2 * FILE.length);
    const next = new FrameSplitter(splitter.consumed, splitter.state());
    expect(split(next, FILE)).toEqual({ payloads: [], refused: [], consumed: [] });
  });

  it('takes START without a content type for any', () => {
    const { payloads, refused } = split(new FrameSplitter(), composeControl('start'), ...FRAMES);
    expect([payloads, refused]).toEqual([PAYLOADS, []]);
  });

  it('bears every change of an octet, and counts each octet', () => {
    for (let at = 0; at < FILE.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff, FILE[at]! ^ 1]) {
        const changed = Buffer.from(FILE);
        changed[at] = value;
        const splitter = new FrameSplitter();
        expect(split(splitter, changed).refused.length).toBeLessThanOrEqual(1);
        expect(splitter.consumed).toBeLessThanOrEqual(FILE.length);
      }
    }
  });

  it('bears garbage in any pieces', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.boolean(), (chunks, isStarted) => {
        const splitter = isStarted ? new FrameSplitter(START.length) : new FrameSplitter();
        const all = chunks.map((chunk) => Buffer.from(chunk));
        const { consumed, refused } = split(splitter, ...all);
        const pushed = Buffer.concat(all).length + (isStarted ? START.length : 0);
        expect(splitter.consumed).toBeLessThanOrEqual(pushed);
        expect(refused.length).toBeLessThanOrEqual(1);
        if (refused.length === 1) expect(splitter.consumed).toBe(pushed);
        expect(consumed).toEqual([...consumed].sort((a, b) => a - b));
      }),
    );
  });
});

function words(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) octets.writeUInt32BE(value, 4 * index);
  return octets;
}
