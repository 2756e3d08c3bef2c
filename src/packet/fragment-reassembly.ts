import type { FrameView } from './frame.ts';
import { COPY_OVERHEAD_BYTES, ownCopy } from './own-copy.ts';

export interface ReassemblyOptions {
  /** The most datagrams that wait for their missing pieces; the oldest makes room. */
  readonly datagrams: number;
  /** Octets that all of them hold. */
  readonly bytes: number;
  /** How long a datagram waits from its first piece on, milliseconds of the capture (RFC 8200 §4.5: 60 s). */
  readonly timeMs: number;
}

/**
 * What became of fragments that were not put together:
 * - `overlapping`: a piece covers octets of another one and is not the same; the datagram is given up (RFC 5722)
 * - `malformed`: a piece that ends off the grid of eight octets, beyond the datagram, or is empty
 * - `overdue`, `pushed out`: datagrams given up for want of time or room
 */
export type ReassemblyCounter = 'overlapping' | 'malformed' | 'overdue' | 'pushed out';

const MAX_DATAGRAM_OCTETS = 65_535;

interface Piece {
  readonly offset: number;
  readonly octets: Buffer;
}

interface Datagram {
  readonly key: string;
  readonly firstAtMs: number;
  /** In order of their offsets, no two sharing an octet. */
  pieces: Piece[];
  octetCount: number;
  heldBytes: number;
  /** Known once the last piece is there. */
  lengthOctets: number | undefined;
  /** Given up; what else comes of it is passed over. */
  isDead: boolean;
}

/** Puts the fragments of IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) together, within bounds. */
export class FragmentReassembly {
  readonly #options: ReassemblyOptions;
  readonly #onCount: (what: ReassemblyCounter) => void;
  /** In order of their first pieces. */
  readonly #datagrams = new Map<string, Datagram>();
  #heldBytes = 0;

  constructor(options: ReassemblyOptions, onCount: (what: ReassemblyCounter) => void) {
    this.#options = options;
    this.#onCount = onCount;
  }

  get size(): number {
    return this.#datagrams.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes the fragment in view, which lies in `octets`; gives the octets behind the IP header when the datagram is whole.
   * Pieces go together only where they came the same `way`. `isWanted` false: nobody wants the datagram that it belongs to,
   * and nothing of it is kept.
   */
  add(frame: FrameView, octets: Buffer, atMs: number, way: string, isWanted: boolean): Buffer | undefined {
    this.#dropOverdue(atMs);
    const datagram = this.#datagramOf(frame, way, atMs);
    if (!isWanted) this.#giveUp(datagram);
    if (datagram.isDead) return undefined;
    const { fragmentOffset: offset, fragmentStart: start, fragmentEnd: end, moreFragments } = frame;
    const pieceEnd = offset + end - start;
    const isOffGrid = moreFragments && (end - start) % 8 !== 0;
    if (end === start || isOffGrid || pieceEnd > MAX_DATAGRAM_OCTETS) {
      this.#onCount('malformed');
      return undefined;
    }
    const place = placeFor(datagram.pieces, offset);
    if (isDuplicate(datagram, place, { offset, octets: octets.subarray(start, end) }, moreFragments)) return undefined;
    if (!fits(datagram, place, offset, pieceEnd, moreFragments)) {
      this.#onCount('overlapping');
      this.#giveUp(datagram);
      return undefined;
    }
    datagram.pieces.splice(place, 0, { offset, octets: ownCopy(octets, start, end) });
    datagram.octetCount += end - start;
    if (!moreFragments) datagram.lengthOctets = pieceEnd;
    this.#hold(datagram, end - start + COPY_OVERHEAD_BYTES);
    if (datagram.octetCount !== datagram.lengthOctets) return undefined;
    this.#forget(datagram);
    return Buffer.concat(datagram.pieces.map((piece) => piece.octets));
  }

  #datagramOf(frame: FrameView, way: string, atMs: number): Datagram {
    const { source, destination, fragmentId, fragmentProtocol } = frame;
    const key = `${way} ${source} ${destination} ${fragmentId} ${fragmentProtocol}`;
    const held = this.#datagrams.get(key);
    if (held !== undefined) return held;
    if (this.#datagrams.size >= this.#options.datagrams) this.#pushOutOldest();
    const datagram: Datagram = {
      key,
      firstAtMs: atMs,
      pieces: [],
      octetCount: 0,
      heldBytes: 0,
      lengthOctets: undefined,
      isDead: false,
    };
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  #hold(datagram: Datagram, bytes: number): void {
    datagram.heldBytes += bytes;
    this.#heldBytes += bytes;
    while (this.#heldBytes > this.#options.bytes) this.#pushOutOldest();
  }

  #giveUp(datagram: Datagram): void {
    datagram.isDead = true;
    datagram.pieces = [];
    this.#heldBytes -= datagram.heldBytes;
    datagram.heldBytes = 0;
  }

  #forget(datagram: Datagram): void {
    this.#datagrams.delete(datagram.key);
    this.#heldBytes -= datagram.heldBytes;
    datagram.heldBytes = 0;
  }

  #pushOutOldest(): void {
    const [oldest] = this.#datagrams.values();
    if (oldest === undefined) return;
    if (!oldest.isDead) this.#onCount('pushed out');
    this.#forget(oldest);
  }

  #dropOverdue(atMs: number): void {
    for (const datagram of this.#datagrams.values()) {
      // The time of captures may jump, and backwards too.
      if (Math.abs(atMs - datagram.firstAtMs) < this.#options.timeMs) return;
      if (!datagram.isDead) this.#onCount('overdue');
      this.#forget(datagram);
    }
  }
}

/** Where in the ordered pieces one at `offset` belongs: behind all that begin before it. */
function placeFor(pieces: readonly Piece[], offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether the same octets are held at the same place, and as the last ones when they say that they are. */
function isDuplicate({ pieces, lengthOctets }: Datagram, place: number, piece: Piece, moreFragments: boolean): boolean {
  const next = pieces[place];
  const pieceEnd = piece.offset + piece.octets.length;
  const isSame = next?.offset === piece.offset && next.octets.equals(piece.octets);
  return isSame && moreFragments === (pieceEnd !== lengthOctets);
}

function fits(datagram: Datagram, place: number, offset: number, pieceEnd: number, moreFragments: boolean): boolean {
  const { pieces, lengthOctets } = datagram;
  const previous = pieces[place - 1];
  const next = pieces[place];
  if (previous !== undefined && previous.offset + previous.octets.length > offset) return false;
  if (next !== undefined && (pieceEnd > next.offset || !moreFragments)) return false;
  return lengthOctets === undefined || (moreFragments && pieceEnd < lengthOctets);
}
