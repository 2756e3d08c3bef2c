import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { ExpiryBuckets } from '../core/expiry-buckets.ts';
import { type Name, parentName, ROOT } from '../dns/name.ts';
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
  learned(address: Address): void;
  /** The last triple of the address has expired. */
  expired(address: Address): void;
}

/** What is known of an address now. */
export interface KnownAddress {
  readonly address: Address;
  /** When its last triple expires, milliseconds; Infinity for what never expires. */
  readonly expiresAtMs: number;
  readonly triples: readonly NsTriple[];
}

/** A triple as held: sightings move its times in place, so that each row has one place in the expiry buckets. */
interface Row extends NsTriple {
  readonly key: string;
  trust: Trust;
  lastSeenAtMs: number;
  expiresAtMs: number;
  lesson: Lesson | undefined;
}

interface Place {
  readonly rows: Map<string, Row>;
  /** How many rows there are of each zone. */
  readonly zones: Map<Name, number>;
  readonly origin: Origin;
  expiresAtMs: number;
}

/** How the address came to be known and how long that holds: all the hot path asks. */
export type Standing = Pick<Place, 'origin' | 'expiresAtMs'>;

/** The NS history: every name-server address legitimately learned and not yet expired, in memory. */
export class NsHistory {
  readonly #clock: Clock;
  readonly #options: HistoryOptions;
  readonly #places = new Map<Address, Place>();
  readonly #expiry = new ExpiryBuckets<Row>((row) => row.expiresAtMs);
  readonly #subscribers = new Set<HistorySubscriber>();
  #size = 0;
  #refused = 0;

  constructor(clock: Clock, options: HistoryOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** How many triples are held. */
  get size(): number {
    return this.#size;
  }

  get addressCount(): number {
    return this.#places.size;
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
    const place = this.#places.get(address);
    return place !== undefined && place.expiresAtMs > this.#clock.nowMs() ? place : undefined;
  }

  lookup(address: Address): KnownAddress | undefined {
    const nowMs = this.#clock.nowMs();
    const place = this.#places.get(address);
    if (place === undefined || place.expiresAtMs <= nowMs) return undefined;
    const triples = [...place.rows.values()].filter((row) => row.expiresAtMs > nowMs);
    return { address, expiresAtMs: place.expiresAtMs, triples };
  }

  /** The zone closest above (or at) `name` that `address` is known to serve. `name` is canonical. */
  closestServedZone(address: Address, name: Name): Name | undefined {
    const place = this.standing(address) === undefined ? undefined : this.#places.get(address);
    if (place === undefined) return undefined;
    for (let zone = name; ; zone = parentName(zone)) {
      if (place.zones.has(zone)) return zone;
      if (zone === ROOT) return undefined;
    }
  }

  /** Takes a lesson in; returns false when the history is full. A lesson that is over already changes nothing. */
  learn(lesson: Lesson): boolean {
    const expiresAtMs = lesson.responseAtMs + this.#lifetimeMs(lesson);
    if (expiresAtMs <= this.#clock.nowMs()) return true;
    const key = rowKey(lesson);
    const place = this.#places.get(lesson.address);
    const row = place?.rows.get(key);
    if (place === undefined || row === undefined) {
      const { zone, nameServer, address, trust, responseAtMs } = lesson;
      const times = { firstSeenAtMs: responseAtMs, lastSeenAtMs: responseAtMs, expiresAtMs };
      return this.#insert({ key, zone, nameServer, address, origin: 'learned', trust, lesson, ...times });
    }
    const wasKnown = this.standing(lesson.address) !== undefined;
    row.trust = row.trust === 'high' ? 'high' : lesson.trust;
    row.lastSeenAtMs = lesson.responseAtMs;
    row.expiresAtMs = Math.max(row.expiresAtMs, expiresAtMs);
    row.lesson = lesson;
    place.expiresAtMs = Math.max(place.expiresAtMs, row.expiresAtMs);
    if (!wasKnown) this.#tellLearned(lesson.address);
    return true;
  }

  /** Makes an address known for good: a root hint or a configured seed. */
  keep(origin: 'rootHints' | 'seed', zone: Name, nameServer: Name, address: Address): boolean {
    const nowMs = this.#clock.nowMs();
    const key = rowKey({ zone, nameServer });
    if (this.#places.get(address)?.rows.has(key)) return true;
    const times = { firstSeenAtMs: nowMs, lastSeenAtMs: nowMs, expiresAtMs: Number.POSITIVE_INFINITY };
    return this.#insert({ key, zone, nameServer, address, origin, trust: 'high', lesson: undefined, ...times });
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

  #insert(row: Row): boolean {
    if (this.#size >= this.#options.size) {
      this.#refused++;
      return false;
    }
    const wasKnown = this.standing(row.address) !== undefined;
    const place = this.#places.get(row.address) ?? {
      rows: new Map(),
      zones: new Map(),
      origin: row.origin,
      expiresAtMs: row.expiresAtMs,
    };
    place.rows.set(row.key, row);
    place.zones.set(row.zone, (place.zones.get(row.zone) ?? 0) + 1);
    place.expiresAtMs = Math.max(place.expiresAtMs, row.expiresAtMs);
    this.#places.set(row.address, place);
    this.#size++;
    this.#expiry.add(row);
    if (!wasKnown) this.#tellLearned(row.address);
    return true;
  }

  #tellLearned(address: Address): void {
    for (const subscriber of this.#subscribers) subscriber.learned(address);
  }

  #remove(row: Row): void {
    const place = this.#places.get(row.address);
    if (place === undefined) return;
    place.rows.delete(row.key);
    const left = (place.zones.get(row.zone) ?? 1) - 1;
    if (left === 0) place.zones.delete(row.zone);
    else place.zones.set(row.zone, left);
    this.#size--;
    if (place.rows.size > 0) return;
    this.#places.delete(row.address);
    for (const subscriber of this.#subscribers) subscriber.expired(row.address);
  }
}

function rowKey({ zone, nameServer }: { readonly zone: Name; readonly nameServer: Name }): string {
  return zone + nameServer;
}
