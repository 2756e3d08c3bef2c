import type { Clock } from '../core/clock.ts';
import { type TcpEndpoints, TcpOpening } from './tcp-opening.ts';

export interface TcpOpeningsOptions {
  /** The most connections in the book. */
  readonly connections: number;
  /** The most octets that their frames take. */
  readonly bytes: number;
  /** How long the first message may take from its first octet on, its verdict, and a connection without data, milliseconds. */
  readonly timeMs: number;
}

/** What came in by one port of a switch. */
interface PortShare {
  connections: number;
  bytes: number;
  /** Those of which nothing is held, the oldest first. */
  readonly quiet: Set<TcpOpening>;
  /** Stands behind the ones that have made room: from the front, all that have left would be passed over each time. */
  walk: Iterator<TcpOpening, undefined>;
}

/**
 * Opening connections by key, bounded in number, octets and time. No port has more than is left for the others: one alone has
 * half. A connection of which nothing is held makes room for another of its port; one of which something is held never does.
 */
export class OpeningBook {
  readonly #clock: Clock;
  readonly #options: TcpOpeningsOptions;
  readonly #onOverdue: (opening: TcpOpening) => void;
  /** In order of time, since all have equally long. */
  readonly #openings = new Map<string, TcpOpening>();
  readonly #shares = new Map<string, PortShare>();
  #bytes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, options: TcpOpeningsOptions, onOverdue: (opening: TcpOpening) => void) {
    this.#clock = clock;
    this.#options = options;
    this.#onOverdue = onOverdue;
  }

  get size(): number {
    return this.#openings.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): TcpOpening | undefined {
    return this.#openings.get(key);
  }

  /** A new connection, for which the oldest quiet one of its port makes room if need be; undefined for want of room. */
  open(key: string, endpoints: TcpEndpoints, first: number, isForeign: boolean): TcpOpening | undefined {
    const { connections } = this.#options;
    const share = this.#shareOf(endpoints);
    if (this.size >= connections || share.connections >= connections - this.size) {
      const oldest = nextQuiet(share);
      if (oldest === undefined) return undefined;
      this.remove(oldest);
    }
    const opening = new TcpOpening(key, endpoints, first, isForeign);
    this.#shares.set(placeOf(endpoints), share);
    share.connections++;
    share.quiet.add(opening);
    this.restart(opening);
    return opening;
  }

  /** Whether so many more octets may be held for the connection. */
  hasRoom(opening: TcpOpening, bytes: number): boolean {
    const share = this.#shareOf(opening.endpoints);
    return share.bytes + bytes <= this.#options.bytes - this.#bytes;
  }

  /** To be called when what is held of the connection has changed from `bytesBefore`. */
  account(opening: TcpOpening, bytesBefore: number): void {
    const share = this.#shareOf(opening.endpoints);
    const more = opening.heldBytes - bytesBefore;
    share.bytes += more;
    this.#bytes += more;
    if (opening.heldBytes > 0) share.quiet.delete(opening);
    else share.quiet.add(opening);
  }

  /** The time of the connection begins anew. */
  restart(opening: TcpOpening): void {
    opening.dueAtMs = this.#clock.nowMs() + this.#options.timeMs;
    this.#openings.delete(opening.key);
    this.#openings.set(opening.key, opening);
    this.#arm(this.#options.timeMs);
  }

  /** Forgets the connection and what is held of it. */
  remove(opening: TcpOpening): void {
    const bytesBefore = opening.heldBytes;
    opening.takeFrames();
    this.account(opening, bytesBefore);
    opening.state = 'gone';
    this.#openings.delete(opening.key);
    const share = this.#shareOf(opening.endpoints);
    share.quiet.delete(opening);
    if (--share.connections === 0) this.#shares.delete(placeOf(opening.endpoints));
  }

  /** Forgets all. Safe twice. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const opening of [...this.#openings.values()]) this.remove(opening);
  }

  #shareOf(endpoints: TcpEndpoints): PortShare {
    return this.#shares.get(placeOf(endpoints)) ?? emptyShare();
  }

  #arm(delayMs: number): void {
    this.#cancelTimer ??= this.#clock.after(delayMs, () => this.#endOverdue());
  }

  #endOverdue(): void {
    const nowMs = this.#clock.nowMs();
    for (const opening of this.#openings.values()) {
      if (opening.dueAtMs > nowMs) break;
      this.#onOverdue(opening);
    }
    this.#cancelTimer = undefined;
    const [oldest] = this.#openings.values();
    if (oldest !== undefined) this.#arm(Math.max(0, oldest.dueAtMs - nowMs));
  }
}

function emptyShare(): PortShare {
  const quiet = new Set<TcpOpening>();
  return { connections: 0, bytes: 0, quiet, walk: quiet.values() };
}

/** The oldest quiet connection, to be removed. */
function nextQuiet(share: PortShare): TcpOpening | undefined {
  const { value } = share.walk.next();
  if (value !== undefined) return value;
  share.walk = share.quiet.values();
  return share.walk.next().value;
}

function placeOf({ datapathId, inPort }: TcpEndpoints): string {
  return `${datapathId} ${inPort}`;
}
