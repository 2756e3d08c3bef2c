import { type ClientScope, clientKey, type DropScope, dropKey, type ScopeKey } from '../controller/flow-scope.ts';
import type { Address } from '../core/address.ts';

/** How many drop flows of one destination each a client has. */
interface Tally {
  count: number;
}

/** `destination` is undefined in the scope of a flow that drops all the client is not allowed. */
export interface DropRecord {
  readonly scope: DropScope | (ClientScope & { readonly destination?: never });
  /** Whole milliseconds since the book was opened: small, so that a record is one object. */
  readonly endsAt: number;
  readonly tally: Tally;
  /** The one made next, which ends next: all live equally long. */
  next: DropRecord | undefined;
}

export interface LiveDrop extends Pick<DropRecord, 'scope'> {
  readonly endsAtMs: number;
}

/** The drop flows that should stand on one switch. */
export class DropBook {
  /** By destination; most are dropped for one client, and a map is made for those that are for more. */
  readonly #byDestination = new Map<Address, DropRecord | Map<ScopeKey, DropRecord>>();
  /** Those that drop all of a client. */
  readonly #ofClient = new Map<ScopeKey, DropRecord>();
  readonly #tallies = new Map<Address, Tally>();
  readonly #openedAtMs: number;
  #oldest: DropRecord | undefined;
  #newest: DropRecord | undefined;
  #size = 0;

  constructor(nowMs: number) {
    this.#openedAtMs = nowMs;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether a flow of this scope, or one for all of the client, drops it. */
  drops(scope: DropScope): boolean {
    if (this.dropsAllOf(scope)) return true;
    const held = this.#byDestination.get(scope.destination);
    if (held === undefined) return false;
    const key = dropKey(scope);
    return held instanceof Map ? held.has(key) : keyOf(held) === key;
  }

  dropsAllOf({ client, group }: ClientScope): boolean {
    if (this.#ofClient.size === 0) return false;
    return this.#ofClient.has(client) || (group !== undefined && this.#ofClient.has(clientKey({ client, group })));
  }

  /** Drop flows of one destination each that `client` has. */
  countOf(client: Address): number {
    return this.#tallies.get(client)?.count ?? 0;
  }

  /** There is none like it yet. */
  add(scope: DropRecord['scope'], endsAtMs: number): void {
    const endsAt = Math.ceil(endsAtMs - this.#openedAtMs);
    const record: DropRecord = { scope, endsAt, tally: this.#tallyOf(scope.client), next: undefined };
    if (this.#oldest === undefined) this.#oldest = record;
    else this.#newest!.next = record;
    this.#newest = record;
    this.#size++;
    const { destination } = scope;
    if (destination === undefined) {
      this.#ofClient.set(clientKey(scope), record);
      return;
    }
    record.tally.count++;
    const held = this.#byDestination.get(destination);
    if (held === undefined) this.#byDestination.set(destination, record);
    else if (held instanceof Map) held.set(keyOf(record), record);
    else this.#byDestination.set(destination, new Map([held, record].map((one) => [keyOf(one), one])));
  }

  /** Forgets the flows for one destination; the result are their scopes. */
  takeFor(destination: Address): readonly DropScope[] {
    const held = this.#byDestination.get(destination);
    if (held === undefined) return [];
    const records = held instanceof Map ? [...held.values()] : [held];
    for (const record of records) this.#forget(record);
    return records.map(({ scope }) => scope as DropScope);
  }

  /** Forgets one flow; false when that was done before. */
  forget(record: DropRecord): boolean {
    const before = this.#size;
    this.#forget(record);
    return this.#size < before;
  }

  /** Forgets what has ended by now. */
  expire(nowMs: number): void {
    const now = nowMs - this.#openedAtMs;
    while (this.#oldest !== undefined && this.#oldest.endsAt <= now) {
      this.#forget(this.#oldest);
      this.#oldest = this.#oldest.next;
    }
  }

  /** All as they are now. */
  records(): DropRecord[] {
    const ofDestinations = [...this.#byDestination.values()].flatMap((held) =>
      held instanceof Map ? [...held.values()] : [held],
    );
    return [...ofDestinations, ...this.#ofClient.values()];
  }

  /** Those that have not ended. */
  live(nowMs: number): readonly LiveDrop[] {
    return this.records()
      .map(({ scope, endsAt }) => ({ scope, endsAtMs: this.#openedAtMs + endsAt }))
      .filter(({ endsAtMs }) => endsAtMs > nowMs);
  }

  #tallyOf(client: Address): Tally {
    const held = this.#tallies.get(client);
    if (held !== undefined) return held;
    const tally = { count: 0 };
    this.#tallies.set(client, tally);
    return tally;
  }

  /** Does nothing to one that is forgotten already. */
  #forget(record: DropRecord): void {
    const { scope, tally } = record;
    if (scope.destination === undefined) {
      const key = clientKey(scope);
      if (this.#ofClient.get(key) !== record) return;
      this.#ofClient.delete(key);
    } else {
      const held = this.#byDestination.get(scope.destination);
      const key = keyOf(record);
      const isOne = held === record;
      if (!isOne && !(held instanceof Map && held.get(key) === record)) return;
      if (isOne || (held as Map<ScopeKey, DropRecord>).size === 1) this.#byDestination.delete(scope.destination);
      else (held as Map<ScopeKey, DropRecord>).delete(key);
      tally.count--;
    }
    this.#size--;
    const isLast = tally.count === 0 && this.#tallies.get(scope.client) === tally;
    if (isLast) this.#tallies.delete(scope.client);
  }
}

function keyOf({ scope }: DropRecord): ScopeKey {
  return dropKey(scope as DropScope);
}
