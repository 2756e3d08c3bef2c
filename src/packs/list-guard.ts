import { type Address, isIpv4, type Network, networkContains } from '../core/address.ts';
import { formatName, ROOT } from '../dns/name.ts';
import { isPublicSuffix } from '../dns/public-suffix.ts';
import { type Entry, formatEntry } from './entry.ts';
import { EntryBook } from './entry-book.ts';

/** What no list may deny, whatever stands in it. */
export interface GuardOptions {
  readonly trustedResolvers: readonly Address[];
  readonly insideNetworks: readonly Network[];
  /** Whether the list may hold top-level domains, other public suffixes, and networks of less than /8 or ::/16. */
  readonly isBroad: boolean;
}

const SHORTEST_IPV4 = 8;
const SHORTEST_IPV6 = 16;

/** Says which entries of a list would cut off what the network lives on. */
export class ListGuard {
  readonly #options: GuardOptions;
  readonly #inside = new EntryBook();

  constructor(options: GuardOptions) {
    this.#options = options;
    for (const network of options.insideNetworks) this.#inside.add({ kind: 'network', network });
  }

  /** Why the entry is left out; undefined when it is not. */
  refuses(entry: Entry): string | undefined {
    return entry.kind === 'network' ? this.#refusesNetwork(entry) : this.#refusesName(entry);
  }

  #refusesNetwork(entry: Extract<Entry, { kind: 'network' }>): string | undefined {
    const { network } = entry;
    const { base, prefixLength } = network;
    const { trustedResolvers, insideNetworks, isBroad } = this.#options;
    const text = formatEntry(entry);
    if (prefixLength === 0) return `${text} is the whole Internet`;
    if (!isBroad && prefixLength < (isIpv4(base) ? SHORTEST_IPV4 : SHORTEST_IPV6)) {
      return `${text} is a large part of the Internet (set "broad: true" for this list if that is meant)`;
    }
    const isInside =
      this.#inside.hasDestination(base) ||
      (!isOne(network) && insideNetworks.some((one) => networkContains(network, one.base)));
    if (isInside) return `${text} is of an inside network`;
    return trustedResolvers.some((resolver) => networkContains(network, resolver))
      ? `${text} is a trusted resolver`
      : undefined;
  }

  #refusesName({ name }: Extract<Entry, { kind: 'name' }>): string | undefined {
    if (name === ROOT) return 'the root zone is all names';
    if (this.#options.isBroad || !isPublicSuffix(name)) return undefined;
    return `${formatName(name)} is a zone in which others register names (set "broad: true" for this list if it is meant)`;
  }
}

function isOne({ base, prefixLength }: Network): boolean {
  return prefixLength === (isIpv4(base) ? 32 : 128);
}
