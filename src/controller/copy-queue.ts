import { BoundedQueue } from '../core/bounded-queue.ts';
import { Counters } from '../core/counters.ts';

/** Copies delivered in one turn of the event loop, and while packet_ins that want a verdict wait as well. */
const TURN_SHARE = 64;
const BUSY_TURN_SHARE = 8;
/** What a message that waits takes beside its octets. */
const OVERHEAD_BYTES = 200;

/** The most copies of one connection that wait. */
const MAX_WAITING = 4096;

/** Where copies come from, and go to. */
export interface CopySource {
  deliver(message: Buffer): void;
}

/** The copies of one connection, in the order in which they came. */
export class CopyLane {
  readonly source: CopySource;
  readonly waiting = new BoundedQueue<Buffer>(MAX_WAITING);
  /** Octets that wait. */
  bytes = 0;

  constructor(source: CopySource) {
    this.source = source;
  }
}

/**
 * The copies to learn from, behind all that wants a verdict: none is delivered in the turn of the event loop in which it came,
 * and few in any turn. What comes of one switch stays in order: a query before its response.
 */
export class CopyQueue {
  readonly counters = new Counters<'copies' | 'copies dropped'>();
  readonly #maxBytes: number;
  /** Whether packet_ins wait that want a verdict. */
  readonly #isBusy: () => boolean;
  /** Those in which something waits, the one whose turn is next first. */
  readonly #busy = new Set<CopyLane>();
  #bytes = 0;
  #isTurnPlanned = false;

  /** `maxBytes`: the most octets that wait, over all switches. */
  constructor(maxBytes: number, isBusy: () => boolean) {
    this.#maxBytes = maxBytes;
    this.#isBusy = isBusy;
  }

  /** Octets that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of `message` for a later turn. False for want of room. */
  offer(lane: CopyLane, message: Buffer): boolean {
    const bytes = message.length + OVERHEAD_BYTES;
    // As with what wants a verdict, no switch holds more than is left for the others.
    const hasRoom = lane.bytes + bytes <= this.#maxBytes - this.#bytes;
    if (!hasRoom || !lane.waiting.push(Buffer.from(message))) {
      this.counters.add('copies dropped');
      return false;
    }
    this.counters.add('copies');
    lane.bytes += bytes;
    this.#bytes += bytes;
    this.#busy.add(lane);
    this.#planTurn();
    return true;
  }

  /** Forgets what waits of a switch that has gone. */
  forget(lane: CopyLane): void {
    this.#busy.delete(lane);
    this.#bytes -= lane.bytes;
    lane.bytes = 0;
    while (lane.waiting.shift() !== undefined);
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(() => {
      this.#isTurnPlanned = false;
      for (let left = this.#isBusy() ? BUSY_TURN_SHARE : TURN_SHARE; left > 0; left--) this.#deliverNext();
      if (this.#busy.size > 0) this.#planTurn();
    });
  }

  #deliverNext(): void {
    const [lane] = this.#busy;
    const message = lane?.waiting.shift();
    if (lane === undefined || message === undefined) return;
    lane.bytes -= message.length + OVERHEAD_BYTES;
    this.#bytes -= message.length + OVERHEAD_BYTES;
    this.#busy.delete(lane);
    if (lane.waiting.size > 0) this.#busy.add(lane);
    lane.source.deliver(message);
  }
}
