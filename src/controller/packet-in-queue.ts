import type { TimeSource } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';

/** Packet_ins of one port that are delivered in one turn of the event loop. */
const PORT_SHARE = 128;
/** Packet_ins that waited and are delivered in one turn, over all ports. */
const TURN_SHARE = 1024;
/** Ports of one connection that have a lane of their own; all further ones share one. */
const MAX_LANES = 256;
/** The client has asked again, or given up, before its verdict. */
const LATE_MS = 1000;

export interface PacketInQueueOptions {
  /** The most packet_ins of one port that wait. */
  readonly perPort: number;
  /** The most octets that wait, over all ports. */
  readonly bytes: number;
}

/** Where packet_ins come from, and go to. */
export interface PacketInSource {
  /** The switch reads so slowly that answers pile up: what it sends waits. */
  readonly isCongested: boolean;
  deliver(message: Buffer): void;
}

interface Waiting {
  readonly message: Buffer;
  readonly sinceMs: number;
}

/** The packet_ins of one port. */
class Lane {
  readonly source: PacketInSource;
  readonly waiting: Waiting[] = [];
  /** The turn in which `share` was filled. */
  turn = -1;
  share = 0;

  constructor(source: PacketInSource) {
    this.source = source;
  }
}

/**
 * Keeps a port that floods from starving the others. What comes is delivered at once, without a copy, as long as its port
 * has had less than its share of this turn of the event loop. The rest waits, up to a limit, and is delivered in later turns
 * one packet_in of each port after the other; all else that a switch says is read in between, and so never behind it.
 */
export class PacketInQueue {
  readonly counters = new Counters<'packet_in queued' | 'packet_in dropped' | 'late verdicts'>();
  readonly #clock: TimeSource;
  readonly #options: PacketInQueueOptions;
  readonly #lanes = new Map<PacketInSource, Map<number, Lane>>();
  /** Those in which something waits, the one whose turn is next first. */
  readonly #busy = new Set<Lane>();
  #turn = 0;
  #turnPlanned = false;
  #bytes = 0;

  constructor(clock: TimeSource, options: PacketInQueueOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Octets that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Delivers `message`, which came from `port`, or keeps a copy of it for later. False when there was no room. */
  offer(source: PacketInSource, port: number, message: Buffer): boolean {
    const lane = this.#lane(source, port);
    if (lane.turn !== this.#turn) {
      lane.turn = this.#turn;
      lane.share = PORT_SHARE;
      this.#planTurn();
    }
    if (lane.waiting.length === 0 && lane.share > 0 && !source.isCongested) {
      lane.share--;
      source.deliver(message);
      return true;
    }
    return this.#keep(lane, message);
  }

  /** The source takes packet_ins again. */
  resume(): void {
    if (this.#busy.size > 0) this.#planTurn();
  }

  /** Forgets what waits for a source that has gone. */
  forget(source: PacketInSource): void {
    for (const lane of this.#lanes.get(source)?.values() ?? []) {
      this.#busy.delete(lane);
      for (const { message } of lane.waiting) this.#bytes -= message.length;
      lane.waiting.length = 0;
    }
    this.#lanes.delete(source);
  }

  #lane(source: PacketInSource, port: number): Lane {
    let lanes = this.#lanes.get(source);
    if (lanes === undefined) {
      lanes = new Map();
      this.#lanes.set(source, lanes);
    }
    const held = lanes.get(port);
    if (held !== undefined) return held;
    if (lanes.size >= MAX_LANES) return lanes.values().next().value!;
    const lane = new Lane(source);
    lanes.set(port, lane);
    return lane;
  }

  #keep(lane: Lane, message: Buffer): boolean {
    if (lane.waiting.length >= this.#options.perPort || this.#bytes + message.length > this.#options.bytes) {
      this.counters.add('packet_in dropped');
      return false;
    }
    this.counters.add('packet_in queued');
    lane.waiting.push({ message: Buffer.from(message), sinceMs: this.#clock.nowMs() });
    this.#bytes += message.length;
    this.#busy.add(lane);
    this.#planTurn();
    return true;
  }

  #planTurn(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => this.#newTurn());
  }

  #newTurn(): void {
    this.#turnPlanned = false;
    this.#turn++;
    let left = TURN_SHARE;
    let isMoving = true;
    while (left > 0 && isMoving) {
      isMoving = false;
      for (const lane of [...this.#busy]) {
        if (left === 0) break;
        if (!this.#deliverNext(lane)) continue;
        left--;
        isMoving = true;
      }
    }
    // Where all that waits is for switches that do not read, they say when they do again.
    if (left < TURN_SHARE && this.#busy.size > 0) this.#planTurn();
  }

  #deliverNext(lane: Lane): boolean {
    if (lane.source.isCongested) return false;
    const next = lane.waiting.shift();
    if (next === undefined) return false;
    this.#bytes -= next.message.length;
    this.#busy.delete(lane);
    if (lane.waiting.length > 0) this.#busy.add(lane);
    if (this.#clock.nowMs() - next.sinceMs > LATE_MS) this.counters.add('late verdicts');
    lane.source.deliver(next.message);
    return true;
  }
}
