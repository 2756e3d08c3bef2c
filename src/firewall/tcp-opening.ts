/** The beginning of one TCP connection: what the client has sent of it, in the order of its octets. */
import type { Address } from '../core/address.ts';
import { readUint16 } from '../core/read-integer.ts';
import { COPY_OVERHEAD_BYTES, ownCopy } from '../packet/own-copy.ts';

/** Between whom, and where the client's packets come in. */
export interface TcpEndpoints {
  readonly datapathId: string;
  readonly inPort: number;
  readonly client: Address;
  readonly clientPort: number;
  readonly server: Address;
  readonly serverPort: number;
}

/**
 * - `opening`: no whole message yet
 * - `judging`: the first message has been handed over for its verdict
 * - `allowed`, `refused`: the verdict; the flow that carries it out may still be on its way to the switch
 * - `gone`: no longer in the book
 */
export type TcpOpeningState = 'opening' | 'judging' | 'allowed' | 'refused' | 'gone';

/** A message, without the two octets of its length. */
export interface MessagePlace {
  readonly octets: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A frame that is held, and the octets of the connection in it, counted from its first. */
interface Segment {
  readonly offset: number;
  readonly end: number;
  readonly frame: Buffer;
  readonly dataAt: number;
}

/** Octets of the length before a message (RFC 1035 §4.2.2). */
export const LENGTH_OCTETS = 2;

export class TcpOpening {
  readonly key: string;
  readonly endpoints: TcpEndpoints;
  /** The sequence number of the first octet of data. */
  readonly first: number;
  /** Its SYN was not seen. */
  readonly isForeign: boolean;
  state: TcpOpeningState = 'opening';
  dueAtMs = 0;
  /** The client waits for an acknowledgement before it sends the rest: what comes is acknowledged at once. */
  isStalling = false;
  /** In order of their offsets; those of one offset in the order in which they came. */
  #segments: Segment[] = [];
  #frameOctets = 0;
  /** How far octets have come without a gap. */
  #reach = 0;
  #releasedOctets = 0;
  /** The frame that came last of those held. */
  #latest: Buffer | undefined;

  constructor(key: string, endpoints: TcpEndpoints, first: number, isForeign: boolean) {
    this.key = key;
    this.endpoints = endpoints;
    this.first = first;
    this.isForeign = isForeign;
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  /** Octets of the frames. */
  get frameOctets(): number {
    return this.#frameOctets;
  }

  /** Octets of memory that the frames take. */
  get heldBytes(): number {
    return this.#frameOctets + this.#segments.length * COPY_OVERHEAD_BYTES;
  }

  get reach(): number {
    return this.#reach;
  }

  get latest(): Buffer | undefined {
    return this.#latest;
  }

  get releasedOctets(): number {
    return this.#releasedOctets;
  }

  /** The sequence number of the first octet that the server has not been sent. */
  get serverExpects(): number {
    return (this.first + this.#releasedOctets) >>> 0;
  }

  /** The whole first message; undefined before it has come. */
  get message(): MessagePlace | undefined {
    const lengthOctets = this.announcedOctets;
    if (lengthOctets === undefined || this.#reach < lengthOctets) return undefined;
    const [head] = this.#segments;
    if (head!.end >= lengthOctets) {
      return { octets: head!.frame, start: head!.dataAt + LENGTH_OCTETS, end: head!.dataAt + lengthOctets };
    }
    return { octets: this.#joined(lengthOctets), start: LENGTH_OCTETS, end: lengthOctets };
  }

  /** Octets of the first message with its length before it; undefined before the length has come. */
  get announcedOctets(): number | undefined {
    if (this.#reach < LENGTH_OCTETS) return undefined;
    return LENGTH_OCTETS + readUint16(this.#joined(LENGTH_OCTETS), 0);
  }

  /** Whether all of `[offset, end)` is held. */
  holds(offset: number, end: number): boolean {
    let at = offset;
    for (const segment of this.#segments) if (segment.offset <= at && segment.end > at) at = segment.end;
    return at >= end;
  }

  /** Whether octets from `offset` on say the same as what is held of them. */
  agrees(offset: number, octets: Buffer, start: number, end: number): boolean {
    return this.#segments.every((held) => {
      const from = Math.max(offset, held.offset);
      const to = Math.min(offset + end - start, held.end);
      if (from >= to) return true;
      const at = start + from - offset;
      const heldAt = held.dataAt + from - held.offset;
      return held.frame.compare(octets, at, at + to - from, heldAt, heldAt + to - from) === 0;
    });
  }

  /** Keeps a copy of the frame `octets[start, end)`, whose data from `dataStart` to `dataEnd` belongs at `offset`. */
  keep(
    offset: number,
    octets: Buffer,
    place: { readonly start: number; readonly end: number; readonly dataStart: number; readonly dataEnd: number },
  ): void {
    const { start, dataStart, dataEnd } = place;
    const frame = ownCopy(octets, start, place.end);
    const segment = { offset, end: offset + dataEnd - dataStart, frame, dataAt: dataStart - start };
    let index = this.#segments.length;
    while (index > 0 && this.#segments[index - 1]!.offset > offset) index--;
    this.#segments.splice(index, 0, segment);
    this.#frameOctets += frame.length;
    this.#latest = frame;
    for (const held of this.#segments) {
      if (held.offset <= this.#reach) this.#reach = Math.max(this.#reach, held.end);
    }
  }

  /** All before `offset` has been sent on; the frames of it are kept to compare with. */
  markReleased(offset: number): void {
    this.#releasedOctets = offset;
  }

  /** The frames that have not been sent on, in order; nothing is held any more. */
  takeFrames(): readonly Buffer[] {
    const frames = this.#segments.flatMap(({ frame, end }) => (end <= this.#releasedOctets ? [] : [frame]));
    this.#segments = [];
    this.#frameOctets = 0;
    this.#reach = 0;
    this.#latest = undefined;
    return frames;
  }

  /** The first `count` octets, all of which have come. */
  #joined(count: number): Buffer {
    const joined = Buffer.allocUnsafe(count);
    for (const { offset, end, frame, dataAt } of this.#segments) {
      if (offset < count) frame.copy(joined, offset, dataAt, dataAt + Math.min(end, count) - offset);
    }
    return joined;
  }
}

/** What a frame of so many octets takes while it is held. */
export function costOf(frameOctets: number): number {
  return frameOctets + COPY_OVERHEAD_BYTES;
}
