import { type FlowScope, type ScopeKey, scopeKey } from '../controller/flow-scope.ts';
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

/** In `usedAt`: made for a destination that nobody has asked for since. */
const NEVER = -1;
/** A list of those made in advance is cleared of what they have become when it has this many more than there are flows. */
const STALE_IN_ADVANCE = 1000;

/** Numbers are whole and small, so that a record is one object: there may be many on many switches. */
export interface AllowRecord {
  readonly scope: FlowScope;
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
  readonly #records = new Map<ScopeKey, AllowRecord>();
  /** Those that match on more than their destination, by destination. */
  readonly #narrow = new Map<Address, Set<AllowRecord>>();
  /** Those made in advance, in this order; some are used by now, or gone. */
  #inAdvance: AllowRecord[] = [];
  readonly #looks = new ExpiryBuckets<AllowRecord>((record) => this.#lookAtMs(record));

  constructor(nowMs: number, allowance: FlowAllowance) {
    this.#openedAtMs = nowMs;
    this.#allowance = allowance;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Milliseconds; NaN when there is no flow. */
  endOf(scope: FlowScope): number {
    const record = this.#records.get(scopeKey(scope));
    return record === undefined ? Number.NaN : this.#openedAtMs + record.endsAt;
  }

  /** Takes up a flow made for a packet. There is none of this scope yet. */
  add(scope: FlowScope, endsAtMs: number, nowMs: number): void {
    this.#add(scope, endsAtMs, this.#since(nowMs));
  }

  /** Takes up a flow that nobody has asked for yet: the first to be given up, those made last before the others. */
  addInAdvance(scope: FlowScope, endsAtMs: number): void {
    if (this.#inAdvance.length > this.#records.size + STALE_IN_ADVANCE)
      this.#inAdvance = this.#inAdvance.filter((record) => this.#isUnused(record));
    this.#inAdvance.push(this.#add(scope, endsAtMs, NEVER));
  }

  #add(scope: FlowScope, endsAtMs: number, usedAt: number): AllowRecord {
    const endsAt = this.#since(endsAtMs);
    const record: AllowRecord = { scope, endsAt, usedAt, packetCount: 0n, isEnding: false };
    const key = scopeKey(scope);
    this.#allowance.take();
    this.#records.set(key, record);
    this.#looks.add(record);
    if (key !== scope.destination) this.#addNarrow(record);
    return record;
  }

  #addNarrow(record: AllowRecord): void {
    const { destination } = record.scope;
    const held = this.#narrow.get(destination);
    if (held === undefined) this.#narrow.set(destination, new Set([record]));
    else held.add(record);
  }

  /** The flow has been added again, to end at another time. That is no use of it, and its counter goes on (§6.4). */
  prolong(record: AllowRecord, endsAtMs: number): void {
    record.isEnding = false;
    record.endsAt = this.#since(endsAtMs);
    this.#looks.add(record);
  }

  /** As `prolong`, to end earlier. */
  shorten(record: AllowRecord, endsAtMs: number): void {
    this.#looks.delete(record);
    this.prolong(record, endsAtMs);
  }

  delete(scope: FlowScope): boolean {
    const key = scopeKey(scope);
    const record = this.#records.get(key);
    if (record === undefined) return false;
    this.#allowance.giveBack();
    this.#looks.delete(record);
    if (key !== scope.destination) this.#deleteNarrow(record);
    return this.#records.delete(key);
  }

  #deleteNarrow(record: AllowRecord): void {
    const { destination } = record.scope;
    const held = this.#narrow.get(destination);
    held?.delete(record);
    if (held?.size === 0) this.#narrow.delete(destination);
  }

  /** The scopes that match on more than this destination. */
  narrowTo(destination: Address): readonly FlowScope[] {
    const held = this.#narrow.get(destination);
    return held === undefined ? [] : [...held].map(({ scope }) => scope);
  }

  /** The switch's counter of a flow; one that has grown is a use. */
  used(scope: FlowScope, packetCount: bigint, nowMs: number): void {
    const record = this.#records.get(scopeKey(scope));
    if (record === undefined || record.packetCount === packetCount) return;
    record.packetCount = packetCount;
    this.#touch(record, nowMs);
  }

  /** Somebody has asked for what the flow, if there is one, lets pass. */
  wanted(scope: FlowScope, nowMs: number): void {
    const record = this.#records.get(scopeKey(scope));
    if (record?.usedAt === NEVER) this.#touch(record, nowMs);
  }

  #touch(record: AllowRecord, nowMs: number): void {
    const key = scopeKey(record.scope);
    record.usedAt = this.#since(nowMs);
    this.#records.delete(key);
    this.#records.set(key, record);
  }

  /** The flow to give up: one never used, else the one used longest ago; undefined when all have been used since `sinceMs`. */
  leastRecentlyUsed(sinceMs = Number.POSITIVE_INFINITY): FlowScope | undefined {
    while (this.#inAdvance.length > 0 && !this.#isUnused(this.#inAdvance.at(-1)!)) this.#inAdvance.pop();
    const unused = this.#inAdvance.at(-1);
    if (unused !== undefined) return unused.scope;
    const oldest = this.#records.values().next().value;
    return oldest !== undefined && oldest.usedAt <= this.#since(sinceMs) ? oldest.scope : undefined;
  }

  #isUnused(record: AllowRecord): boolean {
    return record.usedAt === NEVER && this.holds(record);
  }

  /** Whether it is one of this book still. */
  holds(record: AllowRecord): boolean {
    return this.#records.get(scopeKey(record.scope)) === record;
  }

  /** All as they are now, the one used last at the end. */
  records(): AllowRecord[] {
    return [...this.#records.values()];
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
  *live(nowMs: number): Generator<{ readonly scope: FlowScope; readonly endsAtMs: number }, void> {
    for (const { scope, endsAt } of this.#records.values()) {
      const endsAtMs = this.#openedAtMs + endsAt;
      if (endsAtMs > nowMs) yield { scope, endsAtMs };
    }
  }

  #lookAtMs({ endsAt, isEnding }: AllowRecord): number {
    return this.#openedAtMs + endsAt - (isEnding ? 0 : RENEWAL_LEAD_MS);
  }

  #since(atMs: number): number {
    return Math.floor(atMs - this.#openedAtMs);
  }
}
