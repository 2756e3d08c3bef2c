import { type Address, isIpv4 } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import type { DnsObservation, DnsQuery } from '../dns/observation.ts';

export interface PendingOptions {
  /** How long a query waits for its response, milliseconds. */
  readonly timeMs: number;
  /** The most queries that wait at once; the oldest makes room. */
  readonly size: number;
}

/**
 * Queries that were seen leaving and have no response yet. A response belongs to one of them when addresses, ports,
 * transport, ID and question agree, the name in its exact letter case (RFC 5452 §9.1).
 */
export class PendingQueries {
  readonly #clock: TimeSource;
  readonly #options: PendingOptions;
  readonly #waiting = new Map<string, DnsQuery>();
  #evicted = 0;

  constructor(clock: TimeSource, options: PendingOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Queries pushed out by newer ones before their time was over. */
  get evicted(): number {
    return this.#evicted;
  }

  open(query: DnsQuery): void {
    this.#dropOverdue();
    const key = exchangeKey(query);
    // A retransmission takes its place at the young end, so that the Map stays in order of time.
    this.#waiting.delete(key);
    if (this.#waiting.size >= this.#options.size) this.#dropOldest();
    this.#waiting.set(key, query);
  }

  /** The query that `response` answers, taken out so that a second response finds none; undefined when there is none. */
  close(response: DnsObservation): DnsQuery | undefined {
    this.#dropOverdue();
    const key = exchangeKey(response);
    const query = this.#waiting.get(key);
    this.#waiting.delete(key);
    // Captures of two interfaces may come out of order, and then an overdue query hides behind a younger one.
    return query === undefined || this.#isOverdue(query) ? undefined : query;
  }

  #dropOverdue(): void {
    for (const [key, query] of this.#waiting) {
      if (!this.#isOverdue(query)) return;
      this.#waiting.delete(key);
    }
  }

  #isOverdue(query: DnsQuery): boolean {
    return query.atMs < this.#clock.nowMs() - this.#options.timeMs;
  }

  #dropOldest(): void {
    for (const key of this.#waiting.keys()) {
      this.#waiting.delete(key);
      this.#evicted++;
      return;
    }
  }
}

/** Fixed numbers first, so that no two exchanges have one key; text of numbers would cost most of the reading of a file. */
function exchangeKey({ transport, client, clientPort, server, serverPort, id, question }: DnsObservation): string {
  const fields = String.fromCharCode(
    transport === 'udp' ? 0 : 1,
    clientPort,
    serverPort,
    id,
    question.type,
    question.class,
  );
  return fields + addressKey(client) + addressKey(server) + question.name;
}

/** An IPv4 address in two characters, an IPv6 address in sixteen behind one that tells. */
function addressKey(address: Address): string {
  return isIpv4(address) ? String.fromCharCode(4, address >>> 16, address & 0xffff) : `\x06${address}`;
}
