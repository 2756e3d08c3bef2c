import type { Address } from '../core/address.ts';
import { ExpiryBuckets } from '../core/expiry-buckets.ts';

/** One address that may be queried whether or not the history knows it, and why. */
export interface AllowEntry {
  readonly address: Address;
  /** `configuration`: from gluewall.yaml, and changed only there. `command`: added while it ran. */
  readonly origin: 'configuration' | 'command';
  readonly reason: string;
  /** Who added it: a user of this machine, empty when that is not known. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** When it ends, milliseconds; Infinity for never. */
  readonly expiresAtMs: number;
}

/** What the allow-list tells its subscribers, in the same turn. */
export interface AllowListSubscriber {
  allowed(address: Address): void;
  revoked(address: Address): void;
}

/** Addresses that may be queried whether or not the history knows them: update servers, public resolvers. */
export class AllowList {
  readonly #entries = new Map<Address, AllowEntry>();
  readonly #expiry = new ExpiryBuckets<AllowEntry>((entry) => entry.expiresAtMs);
  readonly #size: number;
  readonly #subscribers = new Set<AllowListSubscriber>();

  /** `size` is the most addresses it takes. */
  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#entries.size;
  }

  subscribe(subscriber: AllowListSubscriber): void {
    this.#subscribers.add(subscriber);
  }

  get(address: Address): AllowEntry | undefined {
    return this.#entries.get(address);
  }

  all(): IterableIterator<AllowEntry> {
    return this.#entries.values();
  }

  /**
   * `added`, or `renewed` in place of an entry for the same address. `full`: the list has no room. `configured`: the
   * configuration has the address, which a command does not change.
   */
  add(entry: AllowEntry): 'added' | 'renewed' | 'full' | 'configured' {
    const held = this.#entries.get(entry.address);
    if (held?.origin === 'configuration') return 'configured';
    if (held === undefined && this.#entries.size >= this.#size) return 'full';
    this.#entries.set(entry.address, entry);
    this.#expiry.add(entry);
    for (const subscriber of this.#subscribers) subscriber.allowed(entry.address);
    return held === undefined ? 'added' : 'renewed';
  }

  /** `configured`: the configuration has the address, which a command does not change. */
  remove(address: Address): 'removed' | 'absent' | 'configured' {
    const held = this.#entries.get(address);
    if (held === undefined) return 'absent';
    if (held.origin === 'configuration') return 'configured';
    this.#revoke(held);
    return 'removed';
  }

  /** Ends the entries whose time is over. To be called about once a second. */
  expire(nowMs: number): void {
    this.#expiry.drain(nowMs, (entry) => {
      if (this.#entries.get(entry.address) === entry) this.#revoke(entry);
    });
  }

  #revoke({ address }: AllowEntry): void {
    this.#entries.delete(address);
    for (const subscriber of this.#subscribers) subscriber.revoked(address);
  }
}
