/**
 * DNS messages out of TCP segments (RFC 1035 §4.2.2: two octets of length, then the message), one direction of a connection
 * at a time. Segments may come in any order, more than once, and from the middle of a connection; all that is held has a
 * bound.
 */
import type { Address } from '../core/address.ts';
import type { FrameView } from './frame.ts';
import { MessageFramer } from './message-framer.ts';
import { TCP_FLAG } from './protocol-numbers.ts';

export interface TcpStreamsOptions {
  /** The most streams; the one that has been silent longest makes room. */
  readonly streams: number;
  /** Octets that all of them hold. */
  readonly bytes: number;
  /** Octets of segments that wait in one stream for an earlier one. */
  readonly waitingBytes: number;
  /** How long they wait before the gap is passed over, milliseconds of the capture. */
  readonly gapMs: number;
  /** How long a stream may be silent, milliseconds of the capture. */
  readonly idleMs: number;
}

/**
 * - `unsynchronised`: segments of a stream whose start was not seen, at which no message begins
 * - `gaps`: segments that never came and were passed over
 * - `pushed out`: streams that made room, or whose octets did
 */
export type TcpCounter = 'unsynchronised' | 'gaps' | 'pushed out';

/** Who sends to whom. */
export interface Endpoints {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
}

export interface TcpStreamsHooks<C> {
  /** A whole message in `octets[start, end)`, which hold only during the call. */
  onMessage(endpoints: Endpoints, context: C, octets: Buffer, start: number, end: number, atMs: number): void;
  /** Whether `octets[start, end)` may be the beginning of a DNS message, or all of it when `isWhole`. */
  isPlausible(octets: Buffer, start: number, end: number, isWhole: boolean): boolean;
  onCount(what: TcpCounter): void;
}

interface Waiting {
  readonly sequence: number;
  readonly octets: Buffer;
  readonly atMs: number;
}

interface Stream<C> {
  readonly key: string;
  readonly endpoints: Endpoints;
  readonly context: C;
  readonly framer: MessageFramer;
  /** The sequence number of the first octet; undefined when the SYN was not seen. */
  first: number | undefined;
  /** The sequence number of the next octet; undefined while the beginning of a message is looked for. */
  next: number | undefined;
  /** In order of their sequence numbers. */
  waiting: Waiting[];
  waitingBytes: number;
  /** Since when the gap before the first of them is there. */
  gapSinceMs: number;
  /** What is counted as held. */
  heldBytes: number;
  lastAtMs: number;
}

/** What a stream and what a waiting segment cost beside their octets. */
const STREAM_OVERHEAD_BYTES = 500;
const SEGMENT_OVERHEAD_BYTES = 150;
/** A sequence number farther ahead belongs to nothing that was seen. */
const WINDOW_OCTETS = 4 * 1024 * 1024;

/** `C` is what the owner wants to know of a stream again with each of its messages. */
export class TcpStreams<C> {
  readonly #options: TcpStreamsOptions;
  readonly #hooks: TcpStreamsHooks<C>;
  /** The longest silent one first. */
  readonly #streams = new Map<string, Stream<C>>();
  #heldBytes = 0;

  constructor(options: TcpStreamsOptions, hooks: TcpStreamsHooks<C>) {
    this.#options = options;
    this.#hooks = hooks;
  }

  get size(): number {
    return this.#streams.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the TCP segment in view, which lies in `octets`. `context` serves when it begins a stream. */
  add(frame: FrameView, octets: Buffer, atMs: number, context: C): void {
    this.#endSilent(atMs);
    const { tcpFlags, payloadStart, payloadEnd } = frame;
    const isSyn = (tcpFlags & TCP_FLAG.SYN) !== 0;
    const key = streamKey(frame);
    const held = this.#streams.get(key);
    if (held === undefined && !isSyn && payloadStart === payloadEnd) return;
    const stream = held ?? this.#open(key, frame, context, atMs);
    stream.lastAtMs = atMs;
    // The Map is in order of insertion.
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    const sequence = isSyn ? (frame.tcpSequence + 1) >>> 0 : frame.tcpSequence;
    if (isSyn) this.#synchronise(stream, sequence);
    if (payloadStart < payloadEnd) this.#take(stream, sequence, octets, payloadStart, payloadEnd, atMs);
    this.#count(stream);
    if ((tcpFlags & TCP_FLAG.RST) !== 0 || ((tcpFlags & TCP_FLAG.FIN) !== 0 && stream.waiting.length === 0)) {
      this.#end(stream);
    }
    this.#makeRoom();
  }

  /** No more segments will come: gaps are passed over. */
  finish(): void {
    for (const stream of [...this.#streams.values()]) this.#end(stream);
  }

  #open(
    key: string,
    { source, sourcePort, destination, destinationPort }: Endpoints,
    context: C,
    atMs: number,
  ): Stream<C> {
    return {
      key,
      endpoints: { source, sourcePort, destination, destinationPort },
      context,
      framer: new MessageFramer(),
      first: undefined,
      next: undefined,
      waiting: [],
      waitingBytes: 0,
      gapSinceMs: atMs,
      heldBytes: 0,
      lastAtMs: atMs,
    };
  }

  /** A SYN begins a connection; the same one again changes nothing. */
  #synchronise(stream: Stream<C>, sequence: number): void {
    if (stream.first === sequence) return;
    this.#drop(stream);
    stream.first = sequence;
    stream.next = sequence;
  }

  #take(stream: Stream<C>, sequence: number, octets: Buffer, start: number, end: number, atMs: number): void {
    if (stream.next === undefined) {
      this.#seek(stream, sequence, octets, start, end, atMs);
      return;
    }
    const ahead = distance(stream.next, sequence);
    if (ahead > WINDOW_OCTETS || ahead < -WINDOW_OCTETS) {
      this.#passOverGap(stream);
      if (stream.next !== undefined) this.#drop(stream);
      this.#seek(stream, sequence, octets, start, end, atMs);
    } else if (ahead > 0) {
      this.#keep(stream, { sequence, octets: Buffer.from(octets.subarray(start, end)), atMs });
    } else {
      this.#consume(stream, octets, start - ahead, end, atMs);
      this.#takeWaiting(stream);
    }
  }

  /** Where the start of a stream was not seen, a segment that looks like the start of a message is taken for one. */
  #seek(stream: Stream<C>, sequence: number, octets: Buffer, start: number, end: number, atMs: number): void {
    const messageStart = start + 2;
    const messageEnd = messageStart <= end ? messageStart + octets.readUInt16BE(start) : Number.POSITIVE_INFINITY;
    const isWhole = messageEnd <= end;
    if (messageStart > end || !this.#hooks.isPlausible(octets, messageStart, Math.min(messageEnd, end), isWhole)) {
      this.#hooks.onCount('unsynchronised');
      return;
    }
    stream.next = sequence;
    this.#consume(stream, octets, start, end, atMs);
  }

  #consume(stream: Stream<C>, octets: Buffer, start: number, end: number, atMs: number): void {
    if (start >= end) return;
    const { endpoints, context, framer } = stream;
    framer.push(octets, start, end, (message, from, to) => {
      this.#hooks.onMessage(endpoints, context, message, from, to, atMs);
    });
    stream.next = (stream.next! + end - start) >>> 0;
  }

  #keep(stream: Stream<C>, segment: Waiting): void {
    const { waiting } = stream;
    let place = waiting.length;
    while (place > 0 && distance(waiting[place - 1]!.sequence, segment.sequence) < 0) place--;
    const previous = waiting[place - 1];
    const isHeld = previous?.sequence === segment.sequence && previous.octets.length >= segment.octets.length;
    if (isHeld) return;
    if (waiting.length === 0) stream.gapSinceMs = segment.atMs;
    waiting.splice(place, 0, segment);
    stream.waitingBytes += segment.octets.length + SEGMENT_OVERHEAD_BYTES;
    const isOverdue = segment.atMs - stream.gapSinceMs > this.#options.gapMs;
    if (isOverdue || stream.waitingBytes > this.#options.waitingBytes) this.#passOverGap(stream);
  }

  /** Takes what waits as far as it joins what has come. */
  #takeWaiting(stream: Stream<C>): void {
    let taken = 0;
    for (const { sequence, octets, atMs } of stream.waiting) {
      const ahead = distance(stream.next!, sequence);
      if (ahead > 0) break;
      this.#consume(stream, octets, -ahead, octets.length, atMs);
      stream.waitingBytes -= octets.length + SEGMENT_OVERHEAD_BYTES;
      stream.gapSinceMs = Math.max(stream.gapSinceMs, atMs);
      taken++;
    }
    if (taken > 0) stream.waiting = stream.waiting.slice(taken);
  }

  /** The missing segment will not come: goes on at the first one that waits at which a message begins. */
  #passOverGap(stream: Stream<C>): void {
    if (stream.waiting.length === 0) return;
    this.#hooks.onCount('gaps');
    const { waiting } = stream;
    this.#drop(stream);
    for (const [index, { sequence, octets, atMs }] of waiting.entries()) {
      this.#seek(stream, sequence, octets, 0, octets.length, atMs);
      if (stream.next === undefined) continue;
      stream.waiting = waiting.slice(index + 1);
      stream.waitingBytes = stream.waiting.reduce(
        (sum, { octets: { length } }) => sum + length + SEGMENT_OVERHEAD_BYTES,
        0,
      );
      this.#takeWaiting(stream);
      return;
    }
  }

  /** Forgets what was read of the stream; the next segment has to show where a message begins. */
  #drop(stream: Stream<C>): void {
    stream.framer.reset();
    stream.next = undefined;
    stream.waiting = [];
    stream.waitingBytes = 0;
  }

  #end(stream: Stream<C>): void {
    // Each round leaves at least one segment less.
    while (stream.waiting.length > 0) this.#passOverGap(stream);
    this.#streams.delete(stream.key);
    this.#heldBytes -= stream.heldBytes;
  }

  #count(stream: Stream<C>): void {
    const heldBytes = STREAM_OVERHEAD_BYTES + stream.waitingBytes + stream.framer.heldBytes;
    this.#heldBytes += heldBytes - stream.heldBytes;
    stream.heldBytes = heldBytes;
  }

  #makeRoom(): void {
    while (this.#streams.size > this.#options.streams || this.#heldBytes > this.#options.bytes) {
      const [oldest] = this.#streams.values();
      if (oldest === undefined) return;
      this.#hooks.onCount('pushed out');
      this.#end(oldest);
    }
  }

  #endSilent(atMs: number): void {
    for (const stream of this.#streams.values()) {
      if (atMs - stream.lastAtMs < this.#options.idleMs) return;
      this.#end(stream);
    }
  }
}

/** How far `to` lies behind `from` in the ring of sequence numbers; negative when before it. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}

function streamKey({ source, sourcePort, destination, destinationPort }: Endpoints): string {
  return `${source} ${sourcePort} ${destination} ${destinationPort}`;
}
