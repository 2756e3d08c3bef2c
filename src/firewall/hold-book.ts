import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';

export interface HoldOptions {
  /** How long an item is held, milliseconds; 0 holds nothing. */
  readonly timeMs: number;
  readonly packets: number;
  readonly bytes: number;
}

/** What can be held: a query whose destination may become known any moment. */
export interface Holdable {
  /** Equal for a packet and its retransmission. */
  readonly key: string;
  readonly destination: Address;
  /** Octets of the packet kept; 0 when only its verdict waits. */
  readonly bytes: number;
  /** How many packets it stands for; each retransmission that comes meanwhile is added. */
  packets: number;
}

/** Queries put off until their destination is learned or their time is over; bounded in number and octets. */
export class HoldBook<T extends Holdable> {
  readonly #clock: Clock;
  readonly #options: HoldOptions;
  readonly #onOverdue: (item: T) => void;
  /** In order of time, since all are held equally long. */
  readonly #held = new Map<string, { readonly item: T; readonly dueAtMs: number }>();
  readonly #byDestination = new Map<Address, Set<T>>();
  #bytes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, options: HoldOptions, onOverdue: (item: T) => void) {
    this.#clock = clock;
    this.#options = options;
    this.#onOverdue = onOverdue;
  }

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `merged`: the same packet is held already. `full`: no room. */
  put(item: T): 'held' | 'merged' | 'full' {
    const held = this.#held.get(item.key);
    if (held !== undefined) {
      held.item.packets += item.packets;
      return 'merged';
    }
    const { packets, bytes, timeMs } = this.#options;
    if (this.#held.size >= packets || this.#bytes + item.bytes > bytes) return 'full';
    this.#held.set(item.key, { item, dueAtMs: this.#clock.nowMs() + timeMs });
    this.#bytes += item.bytes;
    const siblings = this.#byDestination.get(item.destination);
    if (siblings === undefined) this.#byDestination.set(item.destination, new Set([item]));
    else siblings.add(item);
    this.#arm(timeMs);
    return 'held';
  }

  /** Takes out all that wait for a destination, oldest first. */
  takeFor(destination: Address): readonly T[] {
    const items = [...(this.#byDestination.get(destination) ?? [])];
    for (const item of items) this.#remove(item);
    return items;
  }

  /** Takes out all of which this is true, oldest first. */
  takeWhere(isWanted: (item: T) => boolean): readonly T[] {
    const items = [...this.#held.values()].map(({ item }) => item).filter(isWanted);
    for (const item of items) this.#remove(item);
    return items;
  }

  /** Lets go of everything without a verdict. Safe twice. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#held.clear();
    this.#byDestination.clear();
    this.#bytes = 0;
  }

  #remove(item: T): void {
    this.#held.delete(item.key);
    this.#bytes -= item.bytes;
    const siblings = this.#byDestination.get(item.destination);
    siblings?.delete(item);
    if (siblings?.size === 0) this.#byDestination.delete(item.destination);
  }

  #arm(delayMs: number): void {
    this.#cancelTimer ??= this.#clock.after(delayMs, () => this.#settleOverdue());
  }

  #settleOverdue(): void {
    const nowMs = this.#clock.nowMs();
    for (const { item, dueAtMs } of this.#held.values()) {
      if (dueAtMs > nowMs) break;
      this.#remove(item);
      this.#onOverdue(item);
    }
    // Only now: what was put while others were let go must not set the timer for those that are due before it.
    this.#cancelTimer = undefined;
    const [oldest] = this.#held.values();
    if (oldest !== undefined) this.#arm(oldest.dueAtMs - nowMs);
  }
}
