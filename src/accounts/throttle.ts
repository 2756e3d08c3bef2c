import { addressOctets, isIpv4, parseAddress } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';

/** After so many failures each further attempt waits: a second, then twice as long each time, up to a most. */
interface Patience {
  readonly failures: number;
  readonly mostMs: number;
}

const MINUTE_MS = 60_000;
const PAIR: Patience = { failures: 5, mostMs: 15 * MINUTE_MS };
const ADDRESS: Patience = { failures: 20, mostMs: 15 * MINUTE_MS };
/** Kept short: anybody can fail in the name of another. */
const USER: Patience = { failures: 20, mostMs: MINUTE_MS };
/** Failures are forgotten when for so long none is added. */
const FORGET_MS = 60 * MINUTE_MS;
const MOST_KEYS = 10_000;

interface Failures {
  readonly count: number;
  readonly lastAtMs: number;
}

/** Failures by a key; of too many keys those go that failed longest ago. */
class FailureTable {
  readonly #patience: Patience;
  readonly #byKey = new Map<string, Failures>();

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  get size(): number {
    return this.#byKey.size;
  }

  waitMs(key: string, nowMs: number): number {
    const { count, lastAtMs } = this.#of(key, nowMs);
    const beyond = count - this.#patience.failures;
    if (beyond < 0) return 0;
    return Math.max(0, lastAtMs + Math.min(this.#patience.mostMs, 1000 * 2 ** Math.min(beyond, 20)) - nowMs);
  }

  add(key: string, nowMs: number): void {
    const count = this.#of(key, nowMs).count + 1;
    this.#byKey.delete(key);
    this.#byKey.set(key, { count, lastAtMs: nowMs });
    if (this.#byKey.size <= MOST_KEYS) return;
    const [oldest] = this.#byKey.keys();
    this.#byKey.delete(oldest!);
  }

  /** One of them was none. */
  takeBack(key: string): void {
    const failures = this.#byKey.get(key);
    if (failures === undefined) return;
    if (failures.count > 1) this.#byKey.set(key, { ...failures, count: failures.count - 1 });
    else this.#byKey.delete(key);
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }

  #of(key: string, nowMs: number): Failures {
    const failures = this.#byKey.get(key);
    if (failures !== undefined && nowMs - failures.lastAtMs < FORGET_MS) return failures;
    return { count: 0, lastAtMs: 0 };
  }
}

/**
 * Slows down who guesses: by user and address together, by address (of IPv6 by its /64, which is one customer's), and by
 * user, but not where the user has signed in from before, so that nobody is kept out of his own place by strangers.
 */
export class Throttle {
  readonly #clock: TimeSource;
  readonly #pairs = new FailureTable(PAIR);
  readonly #addresses = new FailureTable(ADDRESS);
  readonly #users = new FailureTable(USER);

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Entries of all tables. */
  get size(): number {
    return this.#pairs.size + this.#addresses.size + this.#users.size;
  }

  /** How long an attempt must wait still; 0: none. `isKnownPlace`: the user has signed in from there before. */
  waitMs(user: string, from: string, isKnownPlace: boolean): number {
    const nowMs = this.#clock.nowMs();
    const place = placeOf(from);
    return Math.max(
      this.#pairs.waitMs(pairOf(user, place), nowMs),
      this.#addresses.waitMs(place, nowMs),
      isKnownPlace ? 0 : this.#users.waitMs(user, nowMs),
    );
  }

  /** Whether strangers who sign in as this user must wait now. */
  isSlowed(user: string): boolean {
    return this.#users.waitMs(user, this.#clock.nowMs()) > 0;
  }

  /** Counts an attempt as failed before it is known, so that many at once are not all free. */
  began(user: string, from: string): void {
    const nowMs = this.#clock.nowMs();
    const place = placeOf(from);
    this.#pairs.add(pairOf(user, place), nowMs);
    this.#addresses.add(place, nowMs);
    this.#users.add(user, nowMs);
  }

  /** It was not looked at: who guesses has learnt nothing by it. */
  dropped(user: string, from: string): void {
    const place = placeOf(from);
    this.#pairs.takeBack(pairOf(user, place));
    this.#addresses.takeBack(place);
    this.#users.takeBack(user);
  }

  /** It was none; what others have failed at stays counted. */
  succeeded(user: string, from: string): void {
    const place = placeOf(from);
    this.#pairs.forget(pairOf(user, place));
    this.#addresses.takeBack(place);
    this.#users.takeBack(user);
  }
}

function pairOf(user: string, place: string): string {
  return `${place} ${user}`;
}

/** An IPv4 address, the first half of an IPv6 address, or any other text as it is. */
function placeOf(from: string): string {
  const address = parseAddress(from);
  if (address === undefined || isIpv4(address)) return from;
  return addressOctets(address).toString('hex', 0, 8);
}
