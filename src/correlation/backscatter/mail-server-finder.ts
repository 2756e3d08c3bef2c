import type { Address } from '../../core/address.ts';
import { RECORD_TYPE } from '../../dns/registry.ts';
import type { QuerySeen } from '../host-event.ts';

/** What a client asked, by type. */
export interface ClientQueries {
  readonly address: Address;
  readonly total: number;
  readonly a: number;
  readonly ptr: number;
  readonly mx: number;
}

/** Fewer queries tell nothing. */
const MIN_QUERIES = 300;
const MIN_PTR_SHARE = 0.05;
const MIN_MX_SHARE = 0.03;
/** Under backscatter MX is a small part of all. */
const MANY_MX = 100;
const MIN_MANY_MX_SHARE = 0.003;
const MIN_BOTH_SHARE = 0.15;
const MIN_A_SHARE = 0.1;
const MAX_CLIENTS = 20_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Finds mail servers by what they ask (paper 4, 2.3): names of the clients that come to them (PTR), where to send mail (MX), and the
 * addresses of both. A spam bot sends and is not sent to: MX without PTR; a monitor or a log reader asks PTR without MX.
 */
export class MailServerFinder {
  readonly #clients = new Map<Address, Mutable<ClientQueries>>();

  /** Returns true when this makes its client a mail server. */
  observe({ host, type }: QuerySeen): boolean {
    const client = this.#clients.get(host) ?? this.#begin(host);
    client.total++;
    if (type === RECORD_TYPE.A || type === RECORD_TYPE.AAAA) client.a++;
    else if (type === RECORD_TYPE.PTR) client.ptr++;
    else if (type === RECORD_TYPE.MX) client.mx++;
    return client.total >= MIN_QUERIES && looksLikeMailServer(client);
  }

  /** The clients that look so, with most queries first. */
  found(): readonly ClientQueries[] {
    const all = [...this.#clients.values()].filter(looksLikeMailServer);
    return all.sort((one, other) => other.total - one.total);
  }

  /** Counts from anew. */
  clear(): void {
    this.#clients.clear();
  }

  #begin(address: Address): Mutable<ClientQueries> {
    // The one known for longest goes: who asks much comes again.
    if (this.#clients.size >= MAX_CLIENTS) this.#clients.delete(this.#clients.keys().next().value!);
    const client = { address, total: 0, a: 0, ptr: 0, mx: 0 };
    this.#clients.set(address, client);
    return client;
  }
}

function looksLikeMailServer({ total, a, ptr, mx }: ClientQueries): boolean {
  return (
    total >= MIN_QUERIES &&
    ptr >= total * MIN_PTR_SHARE &&
    (mx >= total * MIN_MX_SHARE || (mx >= MANY_MX && mx >= total * MIN_MANY_MX_SHARE)) &&
    ptr + mx >= total * MIN_BOTH_SHARE &&
    a >= total * MIN_A_SHARE
  );
}
