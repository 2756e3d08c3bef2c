import type { Address } from '../core/address.ts';
import { AddressTimes } from '../core/address-times.ts';
import { ExpiryBuckets } from '../core/expiry-buckets.ts';

/** A flow is looked at, and renewed where its verdict outlives it, this long before the switch would let it go. */
const RENEWAL_LEAD_MS = 1000;
export interface AllowRecord {
  readonly destination: Address;
  /** When the switch lets the flow go. */
  endsAtMs: number;
  /** When to see whether it is to be renewed, and at the end, to be forgotten. */
  lookAtMs: number;
  usedAtMs: number;
  /** The flow's counter when it was last read. */
  packetCount: bigint;
}

/** The allow flows that should stand on one switch, the one used longest ago first. */
export class AllowBook {
  readonly #records = new Map<Address, AllowRecord>();
  /** When each ends, for the look-up that every packet makes. */
  readonly #ends = new AddressTimes();
  readonly #renewals = new ExpiryBuckets<AllowRecord>((record) => record.lookAtMs);

  get size(): number {
    return this.#records.size;
  }

  /** Milliseconds; NaN when there is no flow. */
  endOf(destination: Address): number {
    return this.#ends.timeOf(destination);
  }

  /** Takes up a flow made for a packet, in place of the one that is there. */
  put(destination: Address, endsAtMs: number, nowMs: number): void {
    this.delete(destination);
    const lookAtMs = endsAtMs - RENEWAL_LEAD_MS;
    const record: AllowRecord = { destination, endsAtMs, lookAtMs, usedAtMs: nowMs, packetCount: 0n };
    this.#records.set(destination, record);
    this.#ends.set(destination, endsAtMs);
    this.#renewals.add(record);
  }

  /** The flow has been made anew, to end later; that is no use of it. */
  prolong(record: AllowRecord, endsAtMs: number): void {
    record.endsAtMs = endsAtMs;
    record.lookAtMs = endsAtMs - RENEWAL_LEAD_MS;
    record.packetCount = 0n;
    this.#ends.set(record.destination, endsAtMs);
    this.#renewals.add(record);
  }

  delete(destination: Address): boolean {
    const record = this.#records.get(destination);
    if (record === undefined) return false;
    this.#renewals.delete(record);
    this.#ends.delete(destination);
    return this.#records.delete(destination);
  }

  /** The switch's counter of a flow; one that has grown is a use. */
  used(destination: Address, packetCount: bigint, nowMs: number): void {
    const record = this.#records.get(destination);
    if (record === undefined || record.packetCount === packetCount) return;
    record.packetCount = packetCount;
    record.usedAtMs = nowMs;
    this.#records.delete(destination);
    this.#records.set(destination, record);
  }

  /** The flow used longest ago; undefined when all have been used since `sinceMs`. */
  leastUsed(sinceMs = Number.POSITIVE_INFINITY): Address | undefined {
    const oldest = this.#records.values().next().value;
    return oldest !== undefined && oldest.usedAtMs <= sinceMs ? oldest.destination : undefined;
  }

  /** Shows each flow that is due to be looked at. */
  due(nowMs: number, visit: (record: AllowRecord) => void): void {
    this.#renewals.drain(nowMs, visit);
  }

  /** To be shown again when it ends. */
  lookAgain(record: AllowRecord): void {
    record.lookAtMs = record.endsAtMs;
    this.#renewals.add(record);
  }

  /** Those that have not ended. */
  *live(nowMs: number): Generator<AllowRecord, void> {
    for (const record of this.#records.values()) if (record.endsAtMs > nowMs) yield record;
  }
}
