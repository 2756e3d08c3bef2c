import type { Address } from '../core/address.ts';

/** What the allow-list tells its subscribers, in the same turn. */
export interface AllowListSubscriber {
  allowed(address: Address): void;
  revoked(address: Address): void;
}

/** Addresses that may be queried whether or not the history knows them: update servers, public resolvers. */
export class AllowList {
  readonly #addresses: Set<Address>;
  readonly #size: number;
  readonly #subscribers = new Set<AllowListSubscriber>();

  /** `size` is the most addresses it takes. */
  constructor(addresses: readonly Address[], size: number) {
    this.#addresses = new Set(addresses);
    this.#size = size;
  }

  subscribe(subscriber: AllowListSubscriber): void {
    this.#subscribers.add(subscriber);
  }

  has(address: Address): boolean {
    return this.#addresses.has(address);
  }

  all(): readonly Address[] {
    return [...this.#addresses];
  }

  /** `full` when the list has no room; `present` when the address was on it already. */
  add(address: Address): 'added' | 'present' | 'full' {
    if (this.#addresses.has(address)) return 'present';
    if (this.#addresses.size >= this.#size) return 'full';
    this.#addresses.add(address);
    for (const subscriber of this.#subscribers) subscriber.allowed(address);
    return 'added';
  }

  remove(address: Address): 'removed' | 'absent' {
    if (!this.#addresses.delete(address)) return 'absent';
    for (const subscriber of this.#subscribers) subscriber.revoked(address);
    return 'removed';
  }
}
