import type { Address } from '../core/address.ts';
import { ExpiryBuckets } from '../core/expiry-buckets.ts';

/** A flow is looked at, and renewed where its verdict outlives it, this long before the switch would let it go. */
const RENEWAL_LEAD_MS = 1000;
/** How many allow flows all switches together may have: what a table of one switch holds, many cannot. */
export class FlowAllowance {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isSpent(): boolean {
    return this.#taken >= this.#most;
  }

  take(): void {
    this.#taken++;
  }

  giveBack(count = 1): void {
    this.#taken -= count;
  }
}

/** Numbers are whole and small, so that a record is one object: there may be many on many switches. */
export interface AllowRecord {
  readonly destination: Address;
  /** When the switch lets the flow go, in milliseconds since the book was opened, as the next. */
  endsAt: number;
  usedAt: number;
  /** The flow's counter when it was last read. */
  packetCount: bigint;
  /** It was looked at before its end, and is not to be renewed. */
  isEnding: boolean;
}

/** The allow flows that should stand on one switch, the one used longest ago first. */
export class AllowBook {
  readonly #openedAtMs: number;
  readonly #allowance: FlowAllowance;
  readonly #records = new Map<Address, AllowRecord>();
  readonly #looks = new ExpiryBuckets<AllowRecord>((record) => this.#lookAtMs(record));

  constructor(nowMs: number, allowance: FlowAllowance) {
    this.#openedAtMs = nowMs;
    this.#allowance = allowance;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Milliseconds; NaN when there is no flow. */
  endOf(destination: Address): number {
    const record = this.#records.get(destination);
    return record === undefined ? Number.NaN : this.#openedAtMs + record.endsAt;
  }

  /** Takes up a flow made for a packet. There is none for this destination yet. */
  add(destination: Address, endsAtMs: number, nowMs: number): void {
    const endsAt = this.#since(endsAtMs);
    const record: AllowRecord = { destination, endsAt, usedAt: this.#since(nowMs), packetCount: 0n, isEnding: false };
    this.#allowance.take();
    this.#records.set(destination, record);
    this.#looks.add(record);
  }

  /** The flow has been added again, to end at another time. That is no use of it, and its counter goes on (§6.4). */
  prolong(record: AllowRecord, endsAtMs: number): void {
    record.isEnding = false;
    record.endsAt = this.#since(endsAtMs);
    this.#looks.add(record);
  }

  delete(destination: Address): boolean {
    const record = this.#records.get(destination);
    if (record === undefined) return false;
    this.#allowance.giveBack();
    this.#looks.delete(record);
    return this.#records.delete(destination);
  }

  /** The switch's counter of a flow; one that has grown is a use. */
  used(destination: Address, packetCount: bigint, nowMs: number): void {
    const record = this.#records.get(destination);
    if (record === undefined || record.packetCount === packetCount) return;
    record.packetCount = packetCount;
    record.usedAt = this.#since(nowMs);
    this.#records.delete(destination);
    this.#records.set(destination, record);
  }

  /** The flow used longest ago; undefined when all have been used since `sinceMs`. */
  leastRecentlyUsed(sinceMs = Number.POSITIVE_INFINITY): Address | undefined {
    const oldest = this.#records.values().next().value;
    return oldest !== undefined && oldest.usedAt <= this.#since(sinceMs) ? oldest.destination : undefined;
  }

  /** Shows each flow that is due to be looked at. */
  due(nowMs: number, visit: (record: AllowRecord) => void): void {
    this.#looks.drain(nowMs, visit);
  }

  /** To be shown again when it ends. */
  lookAgain(record: AllowRecord): void {
    record.isEnding = true;
    this.#looks.add(record);
  }

  /** The book is used no more. */
  close(): void {
    this.#allowance.giveBack(this.size);
  }

  /** Those that have not ended, with their ends. */
  *live(nowMs: number): Generator<{ readonly destination: Address; readonly endsAtMs: number }, void> {
    for (const { destination, endsAt } of this.#records.values()) {
      const endsAtMs = this.#openedAtMs + endsAt;
      if (endsAtMs > nowMs) yield { destination, endsAtMs };
    }
  }

  #lookAtMs({ endsAt, isEnding }: AllowRecord): number {
    return this.#openedAtMs + endsAt - (isEnding ? 0 : RENEWAL_LEAD_MS);
  }

  #since(atMs: number): number {
    return Math.floor(atMs - this.#openedAtMs);
  }
}
