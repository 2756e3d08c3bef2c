import type { TimeSource } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { CopyLane, CopyQueue } from './copy-queue.ts';

/** Packet_ins of one port that are delivered in one turn of the event loop. */
const PORT_SHARE = 128;
/** Packet_ins that waited and are delivered in one turn, over all ports. */
const TURN_SHARE = 1024;
/** Ports of one connection that have a lane of their own; all further ones share one. */
const MAX_LANES = 256;
/** Octets that copies to learn from may take beside those of what wants a verdict, as a part of them. */
const COPY_SHARE = 1 / 4;
/** A verdict later than this counts as late: the client has asked again, or given up. */
const LATE_MS = 1000;

export interface PacketInQueueOptions {
  /** The most packet_ins of one port that wait. */
  readonly perPort: number;
  /** The most octets that wait, over all ports of all switches; one alone may have half. Copies to learn from may take a quarter as many beside. */
  readonly bytes: number;
}

/** Where packet_ins come from, and go to. */
export interface PacketInSource {
  /** What it sends waits. */
  readonly isCongested: boolean;
  deliver(message: Buffer): void;
}

/** What a message that waits takes beside its octets. */
const OVERHEAD_BYTES = 200;

interface Waiting {
  readonly message: Buffer;
  readonly sinceMs: number;
}

/** The packet_ins of one port. */
class Lane {
  readonly lanes: Lanes;
  readonly source: PacketInSource;
  readonly port: number;
  readonly waiting: Waiting[] = [];
  /** The turn in which `share` was filled. */
  turn = -1;
  share = 0;

  constructor(lanes: Lanes, source: PacketInSource, port: number) {
    this.lanes = lanes;
    this.source = source;
    this.port = port;
  }
}

/** The lanes of one connection: by port, and one for copies to learn from. */
export class Lanes {
  /** Octets that wait in those by port. */
  bytes = 0;
  readonly copies: CopyLane;
  readonly #source: PacketInSource;
  readonly #byPort = new Map<number, Lane>();
  #last: Lane | undefined;

  constructor(source: PacketInSource) {
    this.#source = source;
    this.copies = new CopyLane(source);
  }

  /** Packet_ins that wait in those by port. */
  get waiting(): number {
    return [...this.all()].reduce((sum, lane) => sum + lane.waiting.length, 0);
  }

  of(port: number): Lane {
    if (this.#last?.port !== port) this.#last = this.#byPort.get(port) ?? this.#make(port);
    return this.#last;
  }

  all(): Iterable<Lane> {
    return this.#byPort.values();
  }

  /** Port numbers are whatever the switch says: those beyond the limit share the lane of port 0, which is no port. */
  #make(port: number): Lane {
    if (this.#byPort.size >= MAX_LANES && port !== 0) return this.#byPort.get(0) ?? this.#make(0);
    const lane = new Lane(this, this.#source, port);
    this.#byPort.set(port, lane);
    return lane;
  }
}

/**
 * Keeps a port that floods from starving the others. What comes is delivered at once, without a copy, as long as its port
 * has had less than its share of this turn of the event loop. The rest waits, up to a limit, and is delivered in later turns
 * one packet_in of each port after the other; all else that a switch says is read in between, and so never behind it.
 */
export class PacketInQueue {
  readonly counters = new Counters<'packet_in queued' | 'packet_in dropped' | 'late verdicts'>();
  /** Where copies to learn from wait, behind what waits here. */
  readonly copies: CopyQueue;
  readonly #clock: TimeSource;
  readonly #options: PacketInQueueOptions;
  /** Those in which something waits, the one whose turn is next first. */
  readonly #busy = new Set<Lane>();
  #turn = 0;
  #turnPlanned = false;
  #bytes = 0;

  constructor(clock: TimeSource, options: PacketInQueueOptions) {
    this.#clock = clock;
    this.#options = options;
    this.copies = new CopyQueue(options.bytes * COPY_SHARE, () => this.#busy.size > 0);
  }

  /** Octets that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Delivers `message`, which came by one of a switch's lanes, or keeps a copy of it for later. False for want of room. */
  offer(lane: Lane, message: Buffer): boolean {
    if (lane.turn !== this.#turn) {
      lane.turn = this.#turn;
      lane.share = PORT_SHARE;
      this.#planTurn();
    }
    if (lane.waiting.length === 0 && lane.share > 0 && !lane.source.isCongested) {
      lane.share--;
      lane.source.deliver(message);
      return true;
    }
    return this.#keep(lane, message);
  }

  /** The source takes packet_ins again. */
  resume(): void {
    if (this.#busy.size > 0) this.#planTurn();
  }

  /** Forgets what waits in lanes whose switch has gone. */
  forget(lanes: Lanes): void {
    for (const lane of lanes.all()) {
      this.#busy.delete(lane);
      lane.waiting.length = 0;
    }
    this.#bytes -= lanes.bytes;
    lanes.bytes = 0;
    this.copies.forget(lanes.copies);
  }

  #keep(lane: Lane, message: Buffer): boolean {
    // No switch holds more than is left for the others: one that fills its part leaves as much again free.
    const bytes = message.length + OVERHEAD_BYTES;
    const isOverShare = lane.lanes.bytes + bytes > this.#options.bytes - this.#bytes;
    if (lane.waiting.length >= this.#options.perPort || isOverShare) {
      this.counters.add('packet_in dropped');
      return false;
    }
    this.counters.add('packet_in queued');
    lane.waiting.push({ message: Buffer.from(message), sinceMs: this.#clock.nowMs() });
    this.#bytes += bytes;
    lane.lanes.bytes += bytes;
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
    this.#bytes -= next.message.length + OVERHEAD_BYTES;
    lane.lanes.bytes -= next.message.length + OVERHEAD_BYTES;
    this.#busy.delete(lane);
    if (lane.waiting.length > 0) this.#busy.add(lane);
    if (this.#clock.nowMs() - next.sinceMs > LATE_MS) this.counters.add('late verdicts');
    lane.source.deliver(next.message);
    return true;
  }
}
