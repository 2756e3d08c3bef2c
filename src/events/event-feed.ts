import { BoundedQueue } from '../core/bounded-queue.ts';
import type { Clock } from '../core/clock.ts';

export interface EventFeedOptions {
  /** The most events that wait; what comes beyond is lost and counted. */
  readonly size: number;
  /** How many events leave per round. */
  readonly perRound: number;
  /** Time between rounds, milliseconds. */
  readonly roundMs: number;
}

/** After a longer stall what waits leaves at the usual pace, not all at once. */
const MOST_ROUNDS = 50;

/** Carries events from the packet path to slow readers: bounded, paced, and never a delay to the packet. */
export class EventFeed<E> {
  readonly #clock: Clock;
  readonly #queue: BoundedQueue<E>;
  readonly #options: EventFeedOptions;
  readonly #sink: (event: E) => void;
  #cancelRound: (() => void) | undefined;
  /** When the last round was due: a loop that is busy makes rounds late, and each then stands for those it missed. */
  #roundAtMs = 0;
  #lost = 0;

  constructor(clock: Clock, options: EventFeedOptions, sink: (event: E) => void) {
    this.#clock = clock;
    this.#options = options;
    this.#queue = new BoundedQueue(options.size);
    this.#sink = sink;
  }

  /** Events that found no room. */
  get lost(): number {
    return this.#lost;
  }

  /** Counts an event that was not made because it would have found no room. */
  lose(): void {
    this.#lost++;
  }

  /** True when an event would find room: spares the packet path making one that would be lost. */
  hasRoom(): boolean {
    return this.#queue.size < this.#options.size;
  }

  push(event: E): void {
    if (!this.#queue.push(event)) this.#lost++;
    if (this.#cancelRound !== undefined) return;
    this.#roundAtMs = this.#clock.nowMs();
    this.#planRound();
  }

  /** Hands on all that waits. Safe twice. */
  stop(): void {
    this.#cancelRound?.();
    this.#cancelRound = undefined;
    this.#deliver(Number.POSITIVE_INFINITY);
  }

  #round(): void {
    const { roundMs, perRound } = this.#options;
    this.#cancelRound = undefined;
    const passed = Math.floor((this.#clock.nowMs() - this.#roundAtMs) / Math.max(1, roundMs));
    const rounds = Math.min(MOST_ROUNDS, Math.max(1, passed));
    this.#roundAtMs += Math.max(rounds, passed) * roundMs;
    this.#deliver(rounds * perRound);
    if (this.#queue.size > 0 && this.#cancelRound === undefined) this.#planRound();
  }

  #planRound(): void {
    this.#cancelRound = this.#clock.after(this.#options.roundMs, () => this.#round());
  }

  #deliver(most: number): void {
    for (let count = 0; count < most; count++) {
      const event = this.#queue.shift();
      if (event === undefined) return;
      this.#sink(event);
    }
  }
}
