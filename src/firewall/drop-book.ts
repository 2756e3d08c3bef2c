import type { Address } from '../core/address.ts';

/** How many drop flows of one destination each a client has. */
interface Tally {
  count: number;
}

interface DropRecord {
  readonly client: Address;
  /** Undefined for a flow that drops all the client is not allowed. */
  readonly destination: Address | undefined;
  /** Whole milliseconds since the book was opened: small, so that a record is one object. */
  readonly endsAt: number;
  readonly tally: Tally;
  /** The one made next, which ends next: all live equally long. */
  next: DropRecord | undefined;
}

export interface LiveDrop extends Pick<DropRecord, 'client' | 'destination'> {
  readonly endsAtMs: number;
}

/** The drop flows that should stand on one switch. */
export class DropBook {
  /** By destination; most are dropped for one client, and a map is made for those that are for more. */
  readonly #byDestination = new Map<Address, DropRecord | Map<Address, DropRecord>>();
  /** Those that drop all of a client. */
  readonly #ofClient = new Map<Address, DropRecord>();
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

  /** Whether a flow drops what `client` sends to `destination`. */
  drops(client: Address, destination: Address): boolean {
    if (this.#ofClient.size > 0 && this.#ofClient.has(client)) return true;
    const held = this.#byDestination.get(destination);
    if (held === undefined) return false;
    return held instanceof Map ? held.has(client) : held.client === client;
  }

  dropsAllOf(client: Address): boolean {
    return this.#ofClient.has(client);
  }

  /** Drop flows of one destination each that `client` has. */
  countOf(client: Address): number {
    return this.#tallies.get(client)?.count ?? 0;
  }

  /** `destination` is undefined for a flow that drops all of the client. There is none like it yet. */
  add(client: Address, destination: Address | undefined, endsAtMs: number): void {
    const endsAt = Math.ceil(endsAtMs - this.#openedAtMs);
    const record: DropRecord = { client, destination, endsAt, tally: this.#tallyOf(client), next: undefined };
    if (this.#oldest === undefined) this.#oldest = record;
    else this.#newest!.next = record;
    this.#newest = record;
    this.#size++;
    if (destination === undefined) {
      this.#ofClient.set(client, record);
      return;
    }
    record.tally.count++;
    const held = this.#byDestination.get(destination);
    if (held === undefined) this.#byDestination.set(destination, record);
    else if (held instanceof Map) held.set(client, record);
    else this.#byDestination.set(destination, new Map([held, record].map((one) => [one.client, one])));
  }

  /** Forgets the flows for one destination; the result are their clients. */
  takeFor(destination: Address): readonly Address[] {
    const held = this.#byDestination.get(destination);
    if (held === undefined) return [];
    const records = held instanceof Map ? [...held.values()] : [held];
    for (const record of records) this.#forget(record);
    return records.map(({ client }) => client);
  }

  /** Forgets what has ended by now. */
  expire(nowMs: number): void {
    const now = nowMs - this.#openedAtMs;
    while (this.#oldest !== undefined && this.#oldest.endsAt <= now) {
      this.#forget(this.#oldest);
      this.#oldest = this.#oldest.next;
    }
  }

  /** Those that have not ended. */
  *live(nowMs: number): Generator<LiveDrop, void> {
    for (const held of this.#byDestination.values()) {
      for (const record of held instanceof Map ? held.values() : [held]) yield* this.#ifLive(record, nowMs);
    }
    for (const record of this.#ofClient.values()) yield* this.#ifLive(record, nowMs);
  }

  *#ifLive({ client, destination, endsAt }: DropRecord, nowMs: number): Generator<LiveDrop, void> {
    const endsAtMs = this.#openedAtMs + endsAt;
    if (endsAtMs > nowMs) yield { client, destination, endsAtMs };
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
    const { client, destination, tally } = record;
    if (destination === undefined) {
      if (this.#ofClient.get(client) !== record) return;
      this.#ofClient.delete(client);
    } else {
      const held = this.#byDestination.get(destination);
      const isOne = held === record;
      if (!isOne && !(held instanceof Map && held.get(client) === record)) return;
      if (isOne || (held as Map<Address, DropRecord>).size === 1) this.#byDestination.delete(destination);
      else (held as Map<Address, DropRecord>).delete(client);
      tally.count--;
    }
    this.#size--;
    if (tally.count === 0) this.#tallies.delete(client);
  }
}
