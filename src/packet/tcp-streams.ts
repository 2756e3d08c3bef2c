/**
 * DNS messages out of TCP segments (RFC 1035 §4.2.2: two octets of length, then the message), one direction of a connection
 * at a time. Segments may come in any order, more than once, and from the middle of a connection; all that is held has a
 * bound. The end of a connection (FIN, RST) is not looked at: what was read of it tells the segments that are sent again from
 * new ones, until a new SYN, silence, or want of room.
 */
import type { Address } from '../core/address.ts';
import type { FrameLink, FrameView } from './frame.ts';
import { MessageFramer } from './message-framer.ts';
import { COPY_OVERHEAD_BYTES, ownCopy } from './own-copy.ts';
import { TCP_FLAG } from './protocol-numbers.ts';

export interface TcpStreamsOptions {
  /** The most streams; the one that has been silent longest makes room. */
  readonly streams: number;
  /** Octets that all of them hold. */
  readonly bytes: number;
  /** Octets of segments that wait in one stream for an earlier one. */
  readonly waitingBytes: number;
  /** How long the first that came of them waits before the gap is passed over, milliseconds of the capture. */
  readonly gapMs: number;
  /** How long a stream may be silent, milliseconds of the capture. */
  readonly idleMs: number;
}

/**
 * - `unsynchronised`: segments of a stream whose start was not seen, at which no message begins
 * - `gaps`: segments that never came and were passed over
 * - `pushed out`: streams that made room while they held octets of messages
 */
export type TcpCounter = 'unsynchronised' | 'gaps' | 'pushed out';

/** Who sends to whom. */
export interface Endpoints {
  readonly source: Address;
  readonly sourcePort: number;
  readonly destination: Address;
  readonly destinationPort: number;
  /** Undefined where there are no frames, or frames without hardware addresses. */
  readonly link?: FrameLink | undefined;
}

export interface TcpStreamsHooks<W> {
  /** A whole message in `octets[start, end)`, which hold only during the call. */
  onMessage(endpoints: Endpoints, way: W, octets: Buffer, start: number, end: number, atMs: number): void;
  /** Whether `octets[start, end)` may be the beginning of a DNS message, or all of it when `isWhole`. */
  isPlausible(octets: Buffer, start: number, end: number, isWhole: boolean): boolean;
  onCount(what: TcpCounter): void;
}

interface Waiting {
  readonly sequence: number;
  readonly octets: Buffer;
  readonly atMs: number;
}

/** Octets that have not come, though later ones have. */
interface Gap {
  /** The sequence number of the first of them. */
  readonly sequence: number;
  readonly sinceMs: number;
}

interface Stream<W> {
  readonly key: string;
  readonly endpoints: Endpoints;
  readonly way: W;
  readonly framer: MessageFramer;
  /** The sequence number of the first octet; undefined when the SYN was not seen. */
  first: number | undefined;
  /** The sequence number of the next octet; undefined while the beginning of a message is looked for. */
  next: number | undefined;
  /** In order of their sequence numbers. */
  waiting: Waiting[];
  waitingBytes: number;
  /** What is counted as held. */
  heldBytes: number;
  lastAtMs: number;
}

/** What a stream costs beside its octets. */
const STREAM_OVERHEAD_BYTES = 800;
/** A sequence number farther ahead belongs to nothing that was seen. */
const WINDOW_OCTETS = 4 * 1024 * 1024;

/** `W` names the ways that segments may come; each has streams of its own. */
export class TcpStreams<W extends string> {
  readonly #options: TcpStreamsOptions;
  readonly #hooks: TcpStreamsHooks<W>;
  /** The longest silent one first. */
  readonly #streams = new Map<string, Stream<W>>();
  /** Of the streams in which segments wait, in the order in which the gaps were found. */
  readonly #gaps = new Map<Stream<W>, Gap>();
  #heldBytes = 0;

  constructor(options: TcpStreamsOptions, hooks: TcpStreamsHooks<W>) {
    this.#options = options;
    this.#hooks = hooks;
  }

  get size(): number {
    return this.#streams.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes the TCP segment in view, which lies in `octets`. `station` tells whose frame it is: what another one sends or is sent
   * under the same addresses is a stream of its own.
   */
  add(frame: FrameView, octets: Buffer, atMs: number, way: W, station: string): void {
    this.passTime(atMs);
    const { tcpFlags, payloadStart, payloadEnd } = frame;
    const isSyn = (tcpFlags & TCP_FLAG.SYN) !== 0;
    const { source, sourcePort, destination, destinationPort } = frame;
    const key = `${way} ${source} ${sourcePort} ${destination} ${destinationPort} ${station}`;
    const held = this.#streams.get(key);
    if (held === undefined && !isSyn && payloadStart === payloadEnd) return;
    const stream = held ?? this.#open(key, frame, way, atMs);
    stream.lastAtMs = atMs;
    // The Map is in order of insertion.
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    const sequence = isSyn ? (frame.tcpSequence + 1) >>> 0 : frame.tcpSequence;
    if (isSyn && stream.first !== sequence) this.#synchronise(stream, sequence);
    if (payloadStart < payloadEnd) this.#take(stream, sequence, octets, payloadStart, payloadEnd, atMs);
    this.#account(stream);
    this.#makeRoom();
  }

  /** The time has come to `atMs`: gaps that are too old are passed over, and silent streams ended. */
  passTime(atMs: number): void {
    // The time of captures may jump, and backwards too.
    for (const [stream, { sinceMs }] of this.#gaps) {
      if (Math.abs(atMs - sinceMs) <= this.#options.gapMs) break;
      this.#passOverGap(stream);
      this.#account(stream);
    }
    for (const stream of this.#streams.values()) {
      if (Math.abs(atMs - stream.lastAtMs) < this.#options.idleMs) return;
      this.#end(stream);
    }
  }

  /** No more segments will come: gaps are passed over. */
  finish(): void {
    for (const stream of [...this.#streams.values()]) this.#end(stream);
  }

  #open(
    key: string,
    { source, sourcePort, destination, destinationPort, link }: Endpoints,
    way: W,
    atMs: number,
  ): Stream<W> {
    return {
      key,
      endpoints: { source, sourcePort, destination, destinationPort, link },
      way,
      framer: new MessageFramer(),
      first: undefined,
      next: undefined,
      waiting: [],
      waitingBytes: 0,
      heldBytes: 0,
      lastAtMs: atMs,
    };
  }

  /** A new SYN begins a new connection. */
  #synchronise(stream: Stream<W>, sequence: number): void {
    this.#passOverGaps(stream);
    this.#drop(stream);
    stream.first = sequence;
    stream.next = sequence;
  }

  #take(stream: Stream<W>, sequence: number, octets: Buffer, start: number, end: number, atMs: number): void {
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
      this.#keep(stream, { sequence, octets: ownCopy(octets, start, end), atMs });
    } else {
      this.#consume(stream, octets, start - ahead, end, atMs);
      this.#takeWaiting(stream);
    }
  }

  /** Where the start of a stream was not seen, a segment that looks like the start of a message is taken for one. */
  #seek(stream: Stream<W>, sequence: number, octets: Buffer, start: number, end: number, atMs: number): void {
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

  #consume(stream: Stream<W>, octets: Buffer, start: number, end: number, atMs: number): void {
    if (start >= end) return;
    const { endpoints, way, framer } = stream;
    framer.push(octets, start, end, (message, from, to) => {
      this.#hooks.onMessage(endpoints, way, message, from, to, atMs);
    });
    stream.next = (stream.next! + end - start) >>> 0;
  }

  #keep(stream: Stream<W>, segment: Waiting): void {
    const { waiting } = stream;
    let place = waiting.length;
    while (place > 0 && distance(waiting[place - 1]!.sequence, segment.sequence) < 0) place--;
    const previous = waiting[place - 1];
    const isHeld = previous?.sequence === segment.sequence && previous.octets.length >= segment.octets.length;
    if (isHeld) return;
    waiting.splice(place, 0, segment);
    stream.waitingBytes += costOf(segment);
    if (stream.waitingBytes > this.#options.waitingBytes) this.#passOverGap(stream);
  }

  /** Takes what waits as far as it joins what has come. */
  #takeWaiting(stream: Stream<W>): void {
    let taken = 0;
    for (const segment of stream.waiting) {
      const ahead = distance(stream.next!, segment.sequence);
      if (ahead > 0) break;
      this.#consume(stream, segment.octets, -ahead, segment.octets.length, segment.atMs);
      stream.waitingBytes -= costOf(segment);
      taken++;
    }
    if (taken > 0) stream.waiting = stream.waiting.slice(taken);
  }

  /** The missing segment will not come: goes on at the first one that waits at which a message begins. */
  #passOverGap(stream: Stream<W>): void {
    if (stream.waiting.length === 0) return;
    this.#hooks.onCount('gaps');
    const { waiting } = stream;
    this.#drop(stream);
    for (const [index, { sequence, octets, atMs }] of waiting.entries()) {
      this.#seek(stream, sequence, octets, 0, octets.length, atMs);
      if (stream.next === undefined) continue;
      stream.waiting = waiting.slice(index + 1);
      stream.waitingBytes = stream.waiting.reduce((sum, segment) => sum + costOf(segment), 0);
      this.#takeWaiting(stream);
      return;
    }
  }

  /** Each round leaves at least one segment less. */
  #passOverGaps(stream: Stream<W>): void {
    while (stream.waiting.length > 0) this.#passOverGap(stream);
  }

  /** Forgets what was read of the stream; the next segment has to show where a message begins. */
  #drop(stream: Stream<W>): void {
    stream.framer.reset();
    stream.next = undefined;
    stream.waiting = [];
    stream.waitingBytes = 0;
  }

  #end(stream: Stream<W>): void {
    this.#passOverGaps(stream);
    this.#gaps.delete(stream);
    this.#streams.delete(stream.key);
    this.#heldBytes -= stream.heldBytes;
  }

  /** To be called when what the stream holds has changed. */
  #account(stream: Stream<W>): void {
    const gap = this.#gaps.get(stream);
    const sequence = stream.waiting.length === 0 ? undefined : stream.next;
    if (sequence !== gap?.sequence) {
      this.#gaps.delete(stream);
      if (sequence !== undefined) this.#gaps.set(stream, { sequence, sinceMs: stream.lastAtMs });
    }
    const heldBytes = STREAM_OVERHEAD_BYTES + stream.waitingBytes + stream.framer.heldBytes;
    this.#heldBytes += heldBytes - stream.heldBytes;
    stream.heldBytes = heldBytes;
  }

  #makeRoom(): void {
    while (this.#streams.size > this.#options.streams || this.#heldBytes > this.#options.bytes) {
      const [oldest] = this.#streams.values();
      if (oldest === undefined) return;
      if (oldest.heldBytes > STREAM_OVERHEAD_BYTES) this.#hooks.onCount('pushed out');
      this.#end(oldest);
    }
  }
}

/** How far `to` lies behind `from` in the ring of sequence numbers; negative when before it. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}

function costOf({ octets }: Waiting): number {
  return octets.length + COPY_OVERHEAD_BYTES;
}
