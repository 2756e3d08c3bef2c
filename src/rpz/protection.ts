import { type Address, type Network, networkContains } from '../core/address.ts';
import { formatName, type Name, parentName, parseName, ROOT } from '../dns/name.ts';
import { isSharedSuffix } from '../dns/public-suffix.ts';
import type { Trigger } from './trigger.ts';

/** What must never be blocked, with what each is, such as `a zone of ours`. Names are canonical. */
export interface ProtectedThings {
  /** Neither these names, nor what is above or below them. */
  readonly names: Iterable<readonly [name: Name, what: string]>;
  readonly addresses: Iterable<readonly [address: Address, what: string]>;
  readonly networks: readonly (readonly [network: Network, what: string])[];
  readonly lists: readonly ProtectedList[];
}

/** A list that can be asked, and not read. */
export interface ProtectedList {
  readonly what: string;
  /** Whether the name is on it, or below one that is. */
  hasName(name: Name): boolean;
  hasAddress(address: Address): boolean;
}

/** What the history knows of name servers. Each may stop at MANY_ZONES zones. */
export interface KnownServers {
  zonesOfAddress(address: Address): readonly Name[];
  zonesOfServer(nameServer: Name): readonly Name[];
}

/** A name server of so many zones is somebody's hosting, and no C&C server of one master's. */
export const MANY_ZONES = 10;

const SPECIAL_LABEL = /^rpz-/;
/** By these all other names are found. */
const FOUNDATIONS = ['arpa', 'root-servers.net', 'gtld-servers.net'].map((name) => {
  return [parseName(name)!, 'a zone that the DNS itself stands on'] as const;
});

/** Says of triggers whether they may be in the zone. */
export class Protection {
  readonly #names: ReadonlyMap<Name, string>;
  /** The ancestors of the names, with the name that each is above of. */
  readonly #above: ReadonlyMap<Name, Name>;
  readonly #addresses: ReadonlyMap<Address, string>;
  readonly #networks: ProtectedThings['networks'];
  readonly #lists: readonly ProtectedList[];

  constructor({ names, addresses, networks, lists }: ProtectedThings) {
    const byName = new Map<Name, string>();
    const above = new Map<Name, Name>();
    for (const [name, what] of [...names, ...FOUNDATIONS]) {
      if (byName.has(name)) continue;
      byName.set(name, what);
      for (let zone = name; zone !== ROOT && !above.has(zone); zone = parentName(zone)) above.set(zone, name);
    }
    this.#names = byName;
    this.#above = above;
    this.#addresses = new Map(addresses);
    this.#networks = networks;
    this.#lists = lists;
  }

  /**
   * Why a trigger must not be in the zone; undefined when it may. `behind`: addresses that the name is known to stand for. Says
   * the same of the same, whatever else is in the zone.
   */
  refusal(trigger: Trigger, behind: readonly Address[], servers: KnownServers): string | undefined {
    const own = trigger.kind === 'server-address' ? this.#ofAddress(trigger.address) : this.#ofName(trigger.name);
    if (own !== undefined) return own;
    for (const address of behind) {
      const problem = this.#ofAddress(address);
      if (problem !== undefined) return `it stands for an address that ${problem}`;
    }
    if (trigger.kind === 'name') return undefined;
    const zones =
      trigger.kind === 'server-address' ? servers.zonesOfAddress(trigger.address) : servers.zonesOfServer(trigger.name);
    return this.#ofZones(zones);
  }

  #ofName(name: Name): string | undefined {
    if (name === ROOT) return 'is the root';
    const special = specialProblem(name);
    if (special !== undefined) return special;
    for (let zone = name; zone !== ROOT; zone = parentName(zone)) {
      const what = this.#names.get(zone);
      if (what !== undefined) return zone === name ? `is ${what}` : `is below ${formatName(zone)}, which is ${what}`;
    }
    const below = this.#above.get(name);
    if (below !== undefined) return `is above ${formatName(below)}, which is ${this.#names.get(below)}`;
    const list = this.#lists.find((one) => one.hasName(name));
    if (list !== undefined) return `is ${list.what}`;
    return isSharedSuffix(name) ? 'is a public suffix: others have names of their own below it' : undefined;
  }

  #ofAddress(address: Address): string | undefined {
    const what =
      this.#addresses.get(address) ??
      this.#networks.find(([network]) => networkContains(network, address))?.[1] ??
      this.#lists.find((list) => list.hasAddress(address))?.what;
    return what === undefined ? undefined : `is ${what}`;
  }

  #ofZones(zones: readonly Name[]): string | undefined {
    for (const zone of zones) {
      if (isSharedSuffix(zone)) return `serves ${formatName(zone)}, and whatever is registered below it`;
      const problem = this.#ofName(zone);
      if (problem !== undefined) return `serves ${formatName(zone)}, which ${problem}`;
    }
    return zones.length >= MANY_ZONES
      ? `serves ${MANY_ZONES} zones or more: others would be blocked with it`
      : undefined;
  }
}

/** Labels that would say something else in a Response Policy Zone than the name they are of. */
function specialProblem(name: Name): string | undefined {
  for (let offset = 0; name.charCodeAt(offset) !== 0; offset += name.charCodeAt(offset) + 1) {
    const label = name.slice(offset + 1, offset + 1 + name.charCodeAt(offset));
    if (label === '*') return 'has a label `*`, which would stand for all names';
    const isLast = name.charCodeAt(offset + 1 + label.length) === 0;
    if (isLast && SPECIAL_LABEL.test(label))
      return `ends with ${formatName(name).split('.').at(-1)}, a word of the zone's own`;
  }
  return undefined;
}
