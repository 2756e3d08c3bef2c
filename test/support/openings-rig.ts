/** A book of opening TCP connections, and clients that send to it. */
import { expect } from 'vitest';
import type { TcpOpening } from '../../src/firewall/tcp-opening.ts';
import type { TcpOpeningsOptions } from '../../src/firewall/tcp-opening-book.ts';
import { TcpOpenings, type TcpOutcome, type TcpOver, type TcpWhole } from '../../src/firewall/tcp-openings.ts';
import { FrameView } from '../../src/packet/frame.ts';
import { composeQuery } from './dns-messages.ts';
import { withTcpLength } from './frames.ts';
import { composeSegmentFrame, FLAG, type SegmentFields } from './tcp-segments.ts';
import { VirtualClock } from './virtual-clock.ts';

export const QUERY = composeQuery('www.example.org', 0xbeef);
export const STREAM = withTcpLength(QUERY);
export const ISN = 0x1000;
export const FIRST = ISN + 1;
export const DATA = FLAG.ACK | FLAG.PSH;
const OPTIONS: TcpOpeningsOptions = { connections: 64, bytes: 1 << 20, timeMs: 5000 };

export type Fields = Partial<SegmentFields> & { readonly inPort?: number };

/** A book that is fed with the segments of clients; what it lets through is what the server gets. */
export class OpeningsRig {
  readonly clock = new VirtualClock(0);
  readonly overs: TcpOver[] = [];
  readonly openings: TcpOpenings;
  /** What was sent on, in order. */
  readonly sent: Buffer[] = [];
  readonly #frame = new FrameView();

  constructor(options: Partial<TcpOpeningsOptions> = {}) {
    this.openings = new TcpOpenings(this.clock, { ...OPTIONS, ...options }, (over) => this.overs.push(over));
  }

  take(octets: Buffer, inPort = 1): TcpOutcome {
    expect(this.#frame.parse(octets, 0, octets.length)).toBeUndefined();
    const original = Buffer.from(octets);
    const padded = Buffer.concat([Buffer.alloc(3), octets]);
    this.#frame.parse(padded, 3, padded.length);
    const outcome = this.openings.take('1', inPort, this.#frame, padded, 3, padded.length);
    if (outcome.kind === 'release') this.sent.push(outcome.composed ?? original);
    // The buffer of a message from the switch is used again.
    padded.fill(0xee);
    return outcome;
  }

  segment(fields: Fields): TcpOutcome {
    const { inPort, ...rest } = fields;
    return this.take(composeSegmentFrame({ sequence: FIRST, acknowledgement: 9000, flags: FLAG.ACK, ...rest }), inPort);
  }

  syn(fields: Fields = {}): TcpOutcome {
    return this.segment({ sequence: ISN, acknowledgement: 0, flags: FLAG.SYN, ...fields });
  }

  /** Octets `[start, end)` of a stream that begins behind the SYN. */
  data(start: number, end: number, fields: Fields = {}, stream = STREAM): TcpOutcome {
    return this.segment({ sequence: FIRST + start, flags: DATA, data: stream.subarray(start, end), ...fields });
  }

  open(fields: Fields = {}): void {
    expect(this.syn(fields)).toEqual({ kind: 'release', composed: undefined });
    expect(this.segment(fields)).toEqual({ kind: 'release', composed: undefined });
  }

  allow(opening: TcpOpening): void {
    this.sent.push(...this.openings.allow(opening)!);
  }

  /** What the server reads from its first octet on. */
  read(first = FIRST): Buffer {
    return streamOf(this.sent, first);
  }
}

function streamOf(frames: readonly Buffer[], first: number): Buffer {
  const frame = new FrameView();
  let stream = Buffer.alloc(0);
  for (const octets of frames) {
    expect(frame.parse(octets, 0, octets.length)).toBeUndefined();
    const at = (frame.tcpSequence + ((frame.tcpFlags & FLAG.SYN) === 0 ? 0 : 1) - first) | 0;
    if (frame.payloadStart === frame.payloadEnd) continue;
    expect(at, 'a gap').toBeLessThanOrEqual(stream.length);
    const fresh = octets.subarray(frame.payloadStart + stream.length - at, frame.payloadEnd);
    if (at + frame.payloadEnd - frame.payloadStart > stream.length) stream = Buffer.concat([stream, fresh]);
  }
  return stream;
}

export function whole(outcome: TcpOutcome): TcpWhole {
  if (outcome.kind !== 'whole') expect.fail(`not whole: ${outcome.kind}`);
  return outcome;
}

export function over(outcome: TcpOutcome): TcpOver {
  if (outcome.kind !== 'over') expect.fail(`not over: ${outcome.kind}`);
  return outcome;
}

export const messageOf = ({ octets, start, end }: TcpWhole) => Buffer.from(octets.subarray(start, end));

export function sequenceOf(octets: Buffer): number {
  const frame = new FrameView();
  expect(frame.parse(octets, 0, octets.length)).toBeUndefined();
  return frame.tcpSequence;
}

export function acknowledgedBy(outcome: TcpOutcome): number | undefined {
  if (outcome.kind !== 'hold' || outcome.acknowledgement === undefined) return undefined;
  const frame = new FrameView();
  const octets = outcome.acknowledgement;
  expect(frame.parse(octets, 0, octets.length)).toBeUndefined();
  expect(frame).toMatchObject({ tcpFlags: FLAG.ACK, tcpSequence: 9000, sourcePort: 53 });
  return octets.readUInt32BE(frame.transportStart + 8);
}
