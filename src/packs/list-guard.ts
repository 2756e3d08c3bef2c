import { type Address, isIpv4, type Network, networkContains } from '../core/address.ts';
import { formatName, ROOT } from '../dns/name.ts';
import { isPublicSuffix } from '../dns/public-suffix.ts';
import { type Entry, formatEntry } from './entry.ts';
import { EntryBook } from './entry-book.ts';
import { ListCover } from './list-cover.ts';

/** What no list may deny, whatever stands in it. */
export interface GuardOptions {
  readonly trustedResolvers: readonly Address[];
  readonly insideNetworks: readonly Network[];
  /**
   * Whether the list may hold top-level domains, other public suffixes, networks of less than /8 or ::/16, and more than a
   * sixteenth of the Internet.
   */
  readonly isBroad: boolean;
}

const SHORTEST_IPV4 = 8;
const SHORTEST_IPV6 = 16;
/** Each is a step of every look-up. Registries hand out /19 to /48 (RFC 6177); with single addresses that makes 31. */
const MAX_IPV6_LENGTHS = 32;

/** Says which entries of a list, and which lists, would cut off what the network lives on. */
export class ListGuard {
  readonly #options: GuardOptions;
  readonly #inside = new EntryBook();
  readonly #cover = new ListCover();
  readonly #ipv6Lengths = new Set<number>();

  constructor(options: GuardOptions) {
    this.#options = options;
    for (const network of options.insideNetworks) this.#inside.add({ kind: 'network', network });
  }

  /** Why the entry is left out; undefined when it is not. */
  refuses(entry: Entry): string | undefined {
    return entry.kind === 'network' ? this.#refusesNetwork(entry) : this.#refusesName(entry);
  }

  /** The list has this entry, and it is used. */
  kept(entry: Entry, passes: boolean): void {
    if (entry.kind !== 'network') return;
    const { network } = entry;
    if (!isIpv4(network.base)) this.#ipv6Lengths.add(network.prefixLength);
    // An exception cuts nothing off.
    if (!passes) this.#cover.add(network);
  }

  /** Why the list with all that it has kept is refused; undefined when it is not. */
  problem(): string | undefined {
    const lengths = this.#ipv6Lengths.size;
    if (lengths > MAX_IPV6_LENGTHS)
      return `has IPv6 networks of ${lengths} different lengths, more than ${MAX_IPV6_LENGTHS}: every look-up would take as many steps`;
    return this.#options.isBroad ? undefined : this.#cover.problem();
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
