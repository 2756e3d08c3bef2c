import type { Address, Network } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import { NetworkTable } from './network-table.ts';
import type { RuleEntry } from './rule-entry.ts';
import type { RuleSearch } from './rule-search.ts';
import { FIELD } from './verdict.ts';
import { ZoneTable } from './zone-table.ts';

/** Rules of one destination, or of none. */
export interface RuleSet {
  /** Looks at those that may hold and come before what holds already. */
  look(search: RuleSearch): void;
}

/** So many rules are looked at one by one sooner than they are looked up. */
export const FEW_RULES = 8;

/** `entries` in order and not empty. Many are divided by client, then protocol, then zone, then type. */
export function divideRules(entries: readonly RuleEntry[]): RuleSet {
  return entries.length <= FEW_RULES ? new FewRules(entries) : new ManyRules(entries);
}

/** Divided when they are first looked at: rules may change more often than queries come to each of their destinations. */
class ManyRules implements RuleSet {
  readonly #entries: readonly RuleEntry[];
  #divided: RuleSet | undefined;

  constructor(entries: readonly RuleEntry[]) {
    this.#entries = entries;
  }

  look(search: RuleSearch): void {
    if (search.isBefore(this.#entries[0]!.order)) return;
    this.#divided ??= divideByClient(this.#entries);
    this.#divided.look(search);
  }
}

function divideByClient(entries: readonly RuleEntry[]): RuleSet {
  const isOfClient = entries.some(({ state }) => state.rule.match.from !== undefined);
  return isOfClient ? new RulesByClient(entries) : divideByProtocol(entries);
}

function divideByProtocol(entries: readonly RuleEntry[]): RuleSet {
  if (entries.length <= FEW_RULES) return new FewRules(entries);
  const isOfProtocol = entries.some(({ protocol }) => protocol !== undefined);
  return isOfProtocol ? new RulesByProtocol(entries) : divideByZone(entries);
}

function divideByZone(entries: readonly RuleEntry[]): RuleSet {
  if (entries.length <= FEW_RULES) return new FewRules(entries);
  return entries.some(({ zone }) => zone !== undefined) ? new RulesByZone(entries) : divideByType(entries);
}

function divideByType(entries: readonly RuleEntry[]): RuleSet {
  if (entries.length <= FEW_RULES) return new FewRules(entries);
  return entries.some(({ types }) => types !== undefined) ? new RulesByType(entries) : firstOf(entries);
}

/** Of rules that nothing tells apart, or only what a query has been found to meet. */
function firstOf(entries: readonly RuleEntry[]): RuleSet {
  return new FewRules(entries.slice(0, 1));
}

class FewRules implements RuleSet {
  readonly #entries: readonly RuleEntry[];

  constructor(entries: readonly RuleEntry[]) {
    this.#entries = entries;
  }

  look(search: RuleSearch): void {
    for (const entry of this.#entries) {
      // In order: none behind this one can be the first.
      if (search.isBefore(entry.order)) return;
      search.consider(entry);
    }
  }
}

class RulesByClient implements RuleSet {
  readonly #byAddress: ReadonlyMap<Address, RuleSet>;
  readonly #byNetwork: NetworkTable<RuleSet>;
  readonly #byMac: ReadonlyMap<number, RuleSet>;
  readonly #byPort: ReadonlyMap<string | number, RuleSet>;
  readonly #byGroup: ReadonlyMap<string, RuleSet>;
  readonly #ofAnyone: RuleSet | undefined;
  /** What rules out those that are not looked at. */
  readonly #reads: number;

  constructor(entries: readonly RuleEntry[]) {
    this.#byAddress = divideBy(entries, ({ address }) => address, divideByProtocol);
    this.#byNetwork = divideByNetwork(entries, ({ network }) => network, divideByProtocol);
    this.#byMac = divideBy(entries, ({ mac }) => mac, divideByProtocol);
    this.#byPort = divideBy(entries, ({ port }) => port, divideByProtocol);
    this.#byGroup = divideBy(entries, ({ group }) => group, divideByProtocol);
    this.#ofAnyone = divideRest(entries, ({ state }) => state.rule.match.from === undefined, divideByProtocol);
    this.#reads =
      (this.#byAddress.size + this.#byNetwork.size > 0 ? FIELD.client : 0) |
      (this.#byMac.size > 0 ? FIELD.mac : 0) |
      (this.#byPort.size > 0 ? FIELD.port : 0) |
      (this.#byGroup.size > 0 ? FIELD.group : 0);
  }

  look(search: RuleSearch): void {
    search.reads |= this.#reads;
    const { client, group } = search.query;
    const { address, mac, inPort, portName } = client;
    if (address !== undefined) {
      this.#byAddress.get(address)?.look(search);
      if (this.#byNetwork.size > 0) lookByNetwork(this.#byNetwork, address, search);
    }
    if (mac !== undefined) this.#byMac.get(mac)?.look(search);
    if (inPort !== undefined) this.#byPort.get(inPort)?.look(search);
    if (portName !== undefined) this.#byPort.get(portName)?.look(search);
    this.#byGroup.get(group.name)?.look(search);
    this.#ofAnyone?.look(search);
  }
}

class RulesByProtocol implements RuleSet {
  readonly #udp: RuleSet | undefined;
  readonly #tcp: RuleSet | undefined;
  readonly #ofBoth: RuleSet | undefined;

  constructor(entries: readonly RuleEntry[]) {
    this.#udp = divideRest(entries, ({ protocol }) => protocol === 'udp', divideByZone);
    this.#tcp = divideRest(entries, ({ protocol }) => protocol === 'tcp', divideByZone);
    this.#ofBoth = divideRest(entries, ({ protocol }) => protocol === undefined, divideByZone);
  }

  look(search: RuleSearch): void {
    const { transport } = search.query;
    if (transport === 'udp') this.#udp?.look(search);
    else if (this.#udp !== undefined) search.reads |= FIELD.protocol;
    if (transport === 'tcp') this.#tcp?.look(search);
    else if (this.#tcp !== undefined) search.reads |= FIELD.protocol;
    this.#ofBoth?.look(search);
  }
}

class RulesByZone implements RuleSet {
  readonly #first: RuleEntry;
  readonly #byZone = new ZoneTable<RuleSet>();
  readonly #ofAny: RuleSet | undefined;

  constructor(entries: readonly RuleEntry[]) {
    this.#first = entries[0]!;
    for (const [zone, rules] of divideBy(entries, (entry) => entry.zone, divideByType)) this.#byZone.add(zone, rules);
    this.#ofAny = divideRest(entries, ({ zone }) => zone === undefined, divideByType);
  }

  look(search: RuleSearch): void {
    if (search.isBefore(this.#first.order)) return;
    const { message } = search.query;
    // All meet it, and so the first of them is the one that counts.
    if (message === 'unseen' && search.unseen === 'meets') {
      search.consider(this.#first);
      return;
    }
    search.reads |= FIELD.queryName;
    if (typeof message !== 'string') this.#lookByName(message.name, search);
    this.#ofAny?.look(search);
  }

  #lookByName(name: Name, search: RuleSearch): void {
    for (let step = this.#byZone.steps(name) - 1; step >= 0; step--) this.#byZone.at(step)?.[0]?.look(search);
  }
}

class RulesByType implements RuleSet {
  readonly #first: RuleEntry;
  readonly #byType: ReadonlyMap<number, RuleSet>;
  readonly #ofAny: RuleSet | undefined;

  constructor(entries: readonly RuleEntry[]) {
    this.#first = entries[0]!;
    const firsts = new Map<number, RuleEntry>();
    for (const entry of entries) {
      for (const type of entry.types ?? []) if (!firsts.has(type)) firsts.set(type, entry);
    }
    this.#byType = new Map([...firsts].map(([type, entry]) => [type, firstOf([entry])]));
    this.#ofAny = divideRest(entries, ({ types }) => types === undefined, firstOf);
  }

  look(search: RuleSearch): void {
    if (search.isBefore(this.#first.order)) return;
    const { message } = search.query;
    if (message === 'unseen' && search.unseen === 'meets') {
      search.consider(this.#first);
      return;
    }
    search.reads |= FIELD.queryType;
    if (typeof message !== 'string') this.#byType.get(message.type)?.look(search);
    this.#ofAny?.look(search);
  }
}

type Divide = (entries: readonly RuleEntry[]) => RuleSet;

/** Those that have a key, by it. */
export function divideBy<K>(
  entries: readonly RuleEntry[],
  keyOf: (entry: RuleEntry) => K | undefined,
  divide: Divide,
): ReadonlyMap<K, RuleSet> {
  const parts = new Map<K, RuleEntry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === undefined) continue;
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [entry]);
    else part.push(entry);
  }
  const sets = new Map<K, RuleSet>();
  for (const [key, part] of parts) sets.set(key, divide(part));
  return sets;
}

/** Those that have a network, by it: one value for each. */
export function divideByNetwork(
  entries: readonly RuleEntry[],
  networkOf: (entry: RuleEntry) => Network | undefined,
  divide: Divide,
): NetworkTable<RuleSet> {
  const networks = new Map<string, Network>();
  const keyOf = (entry: RuleEntry) => {
    const network = networkOf(entry);
    if (network === undefined) return undefined;
    const key = `${network.prefixLength}/${network.base}`;
    networks.set(key, network);
    return key;
  };
  const table = new NetworkTable<RuleSet>();
  for (const [key, rules] of divideBy(entries, keyOf, divide)) table.add(networks.get(key)!, rules);
  return table;
}

export function lookByNetwork(table: NetworkTable<RuleSet>, address: Address, search: RuleSearch): void {
  for (let step = table.steps(address) - 1; step >= 0; step--) table.at(step, address)?.[0]?.look(search);
}

/** Undefined when there are none. */
export function divideRest(
  entries: readonly RuleEntry[],
  isOfRest: (entry: RuleEntry) => boolean,
  divide: Divide,
): RuleSet | undefined {
  const rest = entries.filter(isOfRest);
  return rest.length === 0 ? undefined : divide(rest);
}
