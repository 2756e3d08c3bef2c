import { networkContains } from '../core/address.ts';
import { isAtOrBelow } from '../dns/name.ts';
import type { Unseen } from './pack-answer.ts';
import type { PolicyQuery, QueryClient } from './query.ts';
import type { RuleEntry } from './rule-entry.ts';
import { FIELD } from './verdict.ts';

/** The search for the first rule of a step that holds for a query. */
export class RuleSearch {
  readonly unseen: Unseen;
  #query: PolicyQuery | undefined;
  #best: RuleEntry | undefined;
  #order = Number.POSITIVE_INFINITY;
  /** Bits of FIELD that have ruled out rules: what counts while none holds. */
  reads = 0;

  constructor(unseen: Unseen) {
    this.unseen = unseen;
  }

  begin(query: PolicyQuery): void {
    this.#query = query;
    this.#best = undefined;
    this.#order = Number.POSITIVE_INFINITY;
    this.reads = 0;
  }

  get query(): PolicyQuery {
    return this.#query!;
  }

  /** The first rule so far that holds. */
  get best(): RuleEntry | undefined {
    return this.#best;
  }

  /** Whether a rule holds that comes before the one of this order. */
  isBefore(order: number): boolean {
    return this.#order < order;
  }

  /** Looks at one rule whose destination is that of the query. */
  consider(entry: RuleEntry): void {
    const ruledOutBy = this.#mismatch(entry, this.#query!);
    if (ruledOutBy === 0) {
      this.#best = entry;
      this.#order = entry.order;
    } else {
      this.reads |= ruledOutBy;
    }
  }

  /** 0 when the rule holds for the query; else the field that rules it out, the cheapest for a flow to match first. */
  #mismatch(entry: RuleEntry, query: PolicyQuery): number {
    const { group, protocol, pack, zone, types } = entry;
    if (group !== undefined && group !== query.group.name) return FIELD.group;
    if (protocol !== undefined && protocol !== query.transport) return FIELD.protocol;
    const byClient = clientMismatch(entry, query.client);
    if (byClient !== 0) return byClient;
    if (pack !== undefined) {
      const byPack = pack.ruledOutBy(query);
      if (byPack !== 0) return byPack;
    }
    const { message } = query;
    if (typeof message === 'string') {
      if (message === 'unseen' && this.unseen === 'meets') return 0;
      if (zone !== undefined) return FIELD.queryName;
      return types === undefined ? 0 : FIELD.queryType;
    }
    if (zone !== undefined && !isAtOrBelow(message.name, zone)) return FIELD.queryName;
    return types === undefined || types.includes(message.type) ? 0 : FIELD.queryType;
  }
}

function clientMismatch({ address, network, mac, port }: RuleEntry, client: QueryClient): number {
  if (address !== undefined && address !== client.address) return FIELD.client;
  if (network !== undefined && (client.address === undefined || !networkContains(network, client.address))) {
    return FIELD.client;
  }
  if (mac !== undefined && mac !== client.mac) return FIELD.mac;
  return port !== undefined && port !== client.inPort && port !== client.portName ? FIELD.port : 0;
}
