import type { Address } from '../core/address.ts';
import { AddressTimes } from '../core/address-times.ts';
import type { TimeSource } from '../core/clock.ts';
import { ExpiryBuckets } from '../core/expiry-buckets.ts';
import { type Name, parentName, ROOT } from '../dns/name.ts';
import { AddressRows } from './address-rows.ts';
import type { Lesson, NsTriple, Origin, Trust } from './ns-triple.ts';

export interface HistoryOptions {
  /** No sighting counts for less than this. */
  readonly ttlFloorSeconds: number;
  /** No sighting counts for more than this; also what a TTL with the top bit set becomes (RFC 8767 §4). */
  readonly ttlCapSeconds: number;
  /** The most triples held; beyond it nothing new is learned. */
  readonly size: number;
}

/** What the history tells its subscribers; called in the same turn, so keep it short. */
export interface HistorySubscriber {
  /** The address was not known before. */
  learned?(address: Address): void;
  /** The last triple of the address has expired. */
  expired?(address: Address): void;
  /** The triple is new or was seen again; it stays the same object for as long as it is held. */
  changed?(triple: NsTriple): void;
}

/** What the history says, or last said, of an address. */
export type HistoryMemory = Pick<NsTriple, 'zone' | 'nameServer' | 'expiresAtMs'>;

/** Addresses that have expired and are still remembered, for the reports on what is blocked; the oldest makes room. */
const MAX_FORGOTTEN = 65_536;

/** What is known of an address now. */
export interface KnownAddress {
  readonly address: Address;
  /** When its last triple expires, milliseconds; Infinity for what never expires. */
  readonly expiresAtMs: number;
  readonly triples: readonly NsTriple[];
}

/**
 * A triple as held: sightings change it in place, its lesson too, so that each row has one place in the expiry buckets and
 * a sighting of what is known leaves nothing for the garbage collector, which is slow at objects that lived for a while.
 */
interface Row extends NsTriple {
  trust: Trust;
  firstSeenAtMs: number;
  lastSeenAtMs: number;
  expiresAtMs: number;
  lesson: Changeable<Lesson> | undefined;
}

type Changeable<T> = { -readonly [K in keyof T]: T[K] };

/** How an address came to be known and how long that holds: all the hot path asks. */
export interface Standing {
  readonly origin: Origin;
  /** Milliseconds; Infinity for what never expires. */
  readonly expiresAtMs: number;
}

/** An origin's tag in the table of times is its place here, counted from 1. */
const ORIGINS: readonly Origin[] = ['learned', 'rootHints', 'seed'];

/** The NS history: every name-server address legitimately learned and not yet expired, in memory. */
export class NsHistory {
  readonly #clock: TimeSource;
  readonly #options: HistoryOptions;
  readonly #rows = new Map<Address, AddressRows<Row>>();
  /** When the last triple of each address expires, tagged with the origin of its first. */
  readonly #times = new AddressTimes();
  readonly #expiry = new ExpiryBuckets<Row>((row) => row.expiresAtMs);
  readonly #subscribers = new Set<HistorySubscriber>();
  readonly #forgotten = new Map<Address, HistoryMemory>();
  #size = 0;
  #refused = 0;

  constructor(clock: TimeSource, options: HistoryOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** How many triples are held. */
  get size(): number {
    return this.#size;
  }

  get addressCount(): number {
    return this.#rows.size;
  }

  /** Triples not taken because the history was full. */
  get refused(): number {
    return this.#refused;
  }

  subscribe(subscriber: HistorySubscriber): void {
    this.#subscribers.add(subscriber);
  }

  /** The standing of an address, undefined when it is not known (any more). */
  standing(address: Address): Standing | undefined {
    const expiresAtMs = this.#times.timeOf(address);
    if (!(expiresAtMs > this.#clock.nowMs())) return undefined;
    return { origin: ORIGINS[this.#times.tagOf(address) - 1]!, expiresAtMs };
  }

  lookup(address: Address): KnownAddress | undefined {
    const nowMs = this.#clock.nowMs();
    const expiresAtMs = this.#times.timeOf(address);
    if (!(expiresAtMs > nowMs)) return undefined;
    const triples = [...this.#rows.get(address)!.values()].filter((row) => row.expiresAtMs > nowMs);
    return { address, expiresAtMs, triples };
  }

  /** One triple of an address that is known, or the last one of an address that was. */
  memory(address: Address): HistoryMemory | undefined {
    for (const row of this.#rows.get(address)?.values() ?? []) return row;
    return this.#forgotten.get(address);
  }

  /** All triples that have not expired, in no order. May be read on while the history changes. */
  *triples(): Generator<NsTriple, void> {
    for (const rows of this.#rows.values()) {
      for (const row of rows.values()) if (row.expiresAtMs > this.#clock.nowMs()) yield row;
    }
  }

  /** The zone closest above (or at) `name` that `address` is known to serve. `name` is canonical. */
  closestServedZone(address: Address, name: Name): Name | undefined {
    const rows = this.#isKnown(address) ? this.#rows.get(address) : undefined;
    if (rows === undefined) return undefined;
    for (let zone = name; ; zone = parentName(zone)) {
      if (rows.hasZone(zone)) return zone;
      if (zone === ROOT) return undefined;
    }
  }

  /** Takes a lesson in; returns false when the history is full. A lesson that is over already changes nothing. */
  learn(lesson: Lesson): boolean {
    const { zone, nameServer, address, trust, responseAtMs } = lesson;
    const expiresAtMs = responseAtMs + this.#lifetimeMs(lesson);
    return this.#take({
      zone,
      nameServer,
      address,
      origin: 'learned',
      trust,
      firstSeenAtMs: responseAtMs,
      lastSeenAtMs: responseAtMs,
      expiresAtMs,
      lesson,
    });
  }

  /**
   * Takes a triple in that was learned before, here or elsewhere; false when the history is full. What is over changes
   * nothing; what claims to hold for longer than `ttlCapSeconds` from now, or to have been seen later than now, is cut.
   */
  restore(triple: NsTriple): boolean {
    const nowMs = this.#clock.nowMs();
    const lastSeenAtMs = Math.min(triple.lastSeenAtMs, nowMs);
    const firstSeenAtMs = Math.min(triple.firstSeenAtMs, lastSeenAtMs);
    const expiresAtMs = Math.min(triple.expiresAtMs, nowMs + 1000 * this.#options.ttlCapSeconds);
    return this.#take({ ...triple, origin: 'learned', firstSeenAtMs, lastSeenAtMs, expiresAtMs });
  }

  /** Makes an address known for good: a root hint or a configured seed. */
  keep(origin: 'rootHints' | 'seed', zone: Name, nameServer: Name, address: Address): boolean {
    const nowMs = this.#clock.nowMs();
    if (this.#rows.get(address)?.find({ zone, nameServer }) !== undefined) return true;
    const times = { firstSeenAtMs: nowMs, lastSeenAtMs: nowMs, expiresAtMs: Number.POSITIVE_INFINITY };
    return this.#insert({ zone, nameServer, address, origin, trust: 'high', ...times, lesson: undefined });
  }

  /** Drops what has expired and tells the subscribers. To be called about once a second. */
  expire(): void {
    const nowMs = this.#clock.nowMs();
    this.#expiry.drain(nowMs, (row) => this.#remove(row));
  }

  #lifetimeMs({ nsTtlSeconds, glueTtlSeconds }: Lesson): number {
    const { ttlFloorSeconds, ttlCapSeconds } = this.#options;
    const seconds = Math.min(nsTtlSeconds, glueTtlSeconds);
    return 1000 * Math.max(ttlFloorSeconds, Math.min(ttlCapSeconds, seconds));
  }

  #take(triple: NsTriple): boolean {
    const nowMs = this.#clock.nowMs();
    if (triple.expiresAtMs <= nowMs) return true;
    const row = this.#rows.get(triple.address)?.find(triple);
    if (row === undefined) return this.#insert(rowOf(triple));
    const wasKnown = this.#isKnown(triple.address);
    row.trust = row.trust === 'high' ? 'high' : triple.trust;
    row.firstSeenAtMs = Math.min(row.firstSeenAtMs, triple.firstSeenAtMs);
    if (triple.lastSeenAtMs >= row.lastSeenAtMs) {
      row.lastSeenAtMs = triple.lastSeenAtMs;
      takeLesson(row, triple.lesson);
    }
    row.expiresAtMs = Math.max(row.expiresAtMs, triple.expiresAtMs);
    this.#prolong(row);
    if (!wasKnown) this.#tellLearned(triple.address);
    this.#tellChanged(row);
    return true;
  }

  #insert(row: Row): boolean {
    if (this.#size >= this.#options.size) {
      this.#refused++;
      return false;
    }
    const wasKnown = this.#isKnown(row.address);
    let rows = this.#rows.get(row.address);
    if (rows === undefined) {
      rows = new AddressRows<Row>();
      this.#rows.set(row.address, rows);
    }
    rows.add(row);
    this.#prolong(row);
    this.#size++;
    this.#expiry.add(row);
    if (!wasKnown) this.#tellLearned(row.address);
    this.#tellChanged(row);
    return true;
  }

  #isKnown(address: Address): boolean {
    return this.#times.timeOf(address) > this.#clock.nowMs();
  }

  /** The address is known for as long as its longest row. */
  #prolong({ address, origin, expiresAtMs }: Row): void {
    const heldMs = this.#times.timeOf(address);
    if (heldMs >= expiresAtMs) return;
    const tag = this.#times.tagOf(address) || ORIGINS.indexOf(origin) + 1;
    this.#times.set(address, expiresAtMs, tag);
  }

  #tellLearned(address: Address): void {
    for (const subscriber of this.#subscribers) subscriber.learned?.(address);
  }

  #tellChanged(row: Row): void {
    for (const subscriber of this.#subscribers) subscriber.changed?.(row);
  }

  #remove(row: Row): void {
    const rows = this.#rows.get(row.address);
    if (rows === undefined) return;
    rows.delete(row);
    this.#size--;
    if (rows.size > 0) return;
    this.#rows.delete(row.address);
    this.#times.delete(row.address);
    this.#remember(row);
    for (const subscriber of this.#subscribers) subscriber.expired?.(row.address);
  }

  #remember({ address, zone, nameServer, expiresAtMs }: Row): void {
    this.#forgotten.delete(address);
    if (this.#forgotten.size >= MAX_FORGOTTEN) this.#forgotten.delete(this.#forgotten.keys().next().value!);
    this.#forgotten.set(address, { zone, nameServer, expiresAtMs });
  }
}

/** A row of its own: what the caller gave is left as it is. */
function rowOf({ zone, nameServer, address, origin, trust, lesson, ...times }: NsTriple): Row {
  const { firstSeenAtMs, lastSeenAtMs, expiresAtMs } = times;
  const row: Row = {
    zone,
    nameServer,
    address,
    origin,
    trust,
    firstSeenAtMs,
    lastSeenAtMs,
    expiresAtMs,
    lesson: undefined,
  };
  takeLesson(row, lesson);
  return row;
}

function takeLesson(row: Row, lesson: Lesson | undefined): void {
  const held = row.lesson;
  if (lesson === undefined || held === undefined) {
    row.lesson = lesson === undefined ? undefined : { ...lesson };
    return;
  }
  held.nsTtlSeconds = lesson.nsTtlSeconds;
  held.glueTtlSeconds = lesson.glueTtlSeconds;
  held.trust = lesson.trust;
  held.teacher = lesson.teacher;
  held.queryAtMs = lesson.queryAtMs;
  held.queryId = lesson.queryId;
  held.queryName = lesson.queryName;
  held.responseAtMs = lesson.responseAtMs;
}
