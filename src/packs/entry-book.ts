import { type Address, isIpv4, type Network } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { Entry, Reach } from './entry.ts';
import { NameNotes } from './name-notes.ts';
import { hashAddress, ShardedMap } from './sharded-map.ts';

/** What is noted of a name. */
const NOTED = { exact: 1, below: 2, passedExact: 4, passedBelow: 8 } as const;
const REACHED: Readonly<Record<Reach, number>> = {
  zone: NOTED.exact | NOTED.below,
  exact: NOTED.exact,
  below: NOTED.below,
};
/** From what a name lists to what takes it out. */
const PASS_SHIFT = 2;

/** How many entries of each kind there are. */
export interface EntryCounts {
  readonly addresses: number;
  readonly networks: number;
  readonly names: number;
}

/** Networks of one family: for each prefix length those bases that are listed (true) or taken out (false). */
interface Family {
  /** Longest first. */
  readonly lengths: number[];
  readonly bases: Map<number, ShardedMap<Address, boolean>>;
}

const newFamily = (): Family => ({ lengths: [], bases: new Map() });

/**
 * Entries for quick look-up, and exceptions from them. What is more specific wins, as in a response policy zone: the longest
 * prefix, the name itself before a wildcard, the closest wildcard; and of two alike the exception.
 */
export class EntryBook {
  readonly #ipv4 = newFamily();
  readonly #ipv6 = newFamily();
  readonly #names = new NameNotes();

  /** `passes`: what the entry names is taken out of what others list. */
  add(entry: Entry, passes = false): void {
    if (entry.kind === 'network') this.#addNetwork(entry.network, passes);
    else this.#names.add(entry.name, REACHED[entry.reach] << (passes ? PASS_SHIFT : 0));
  }

  /** Distinct ones; exceptions count. */
  counts(): EntryCounts {
    const sizeOf = ({ bases }: Family) => [...bases.values()].reduce((sum, { size }) => sum + size, 0);
    const addresses = (this.#ipv4.bases.get(32)?.size ?? 0) + (this.#ipv6.bases.get(128)?.size ?? 0);
    return { addresses, networks: sizeOf(this.#ipv4) + sizeOf(this.#ipv6) - addresses, names: this.#names.size };
  }

  get hasNames(): boolean {
    return this.#names.size > 0;
  }

  get size(): number {
    const { addresses, networks, names } = this.counts();
    return addresses + networks + names;
  }

  hasDestination(address: Address): boolean {
    const { lengths, bases } = isIpv4(address) ? this.#ipv4 : this.#ipv6;
    for (const prefixLength of lengths) {
      const isListed = bases.get(prefixLength)!.get(cutTo(address, prefixLength));
      if (isListed !== undefined) return isListed;
    }
    return false;
  }

  /** `name` is canonical. */
  hasName(name: Name): boolean {
    let isListed = false;
    this.#names.climb(name, (noted, isSelf) => {
      if ((noted & (isSelf ? NOTED.passedExact : NOTED.passedBelow)) !== 0) return true;
      isListed = (noted & (isSelf ? NOTED.exact : NOTED.below)) !== 0;
      return isListed;
    });
    return isListed;
  }

  /** All of them, in no particular order. */
  *entries(): Generator<{ readonly entry: Entry; readonly passes: boolean }, void> {
    for (const { bases } of [this.#ipv4, this.#ipv6]) {
      for (const [prefixLength, listed] of bases) {
        for (const [base, isListed] of listed) {
          yield { entry: { kind: 'network', network: { base, prefixLength } }, passes: !isListed };
        }
      }
    }
    for (const [name, noted] of this.#names) {
      for (const passes of [false, true]) {
        const reach = reachOf(noted >> (passes ? PASS_SHIFT : 0));
        if (reach !== undefined) yield { entry: { kind: 'name', name, reach }, passes };
      }
    }
  }

  #addNetwork({ base, prefixLength }: Network, passes: boolean): void {
    const { lengths, bases } = isIpv4(base) ? this.#ipv4 : this.#ipv6;
    let listed = bases.get(prefixLength);
    if (listed === undefined) {
      listed = new ShardedMap<Address, boolean>(hashAddress);
      bases.set(prefixLength, listed);
      lengths.push(prefixLength);
      lengths.sort((one, other) => other - one);
    }
    listed.set(base, !passes && listed.get(base) !== false);
  }
}

function reachOf(noted: number): Reach | undefined {
  const isExact = (noted & NOTED.exact) !== 0;
  if ((noted & NOTED.below) !== 0) return isExact ? 'zone' : 'below';
  return isExact ? 'exact' : undefined;
}

/** The address with all bits beyond `prefixLength` zero. */
function cutTo(address: Address, prefixLength: number): Address {
  if (isIpv4(address)) return (prefixLength === 0 ? 0 : address & (-1 << (32 - prefixLength))) as Address;
  if (prefixLength === 128) return address;
  const wholeOctets = prefixLength >> 3;
  const partial = address.charCodeAt(wholeOctets) & (0xff00 >> (prefixLength & 7)) & 0xff;
  return (address.slice(0, wholeOctets) + String.fromCharCode(partial)).padEnd(16, '\0') as Address;
}
