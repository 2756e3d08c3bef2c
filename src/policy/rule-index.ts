import { type Address, type Network, networkContains } from '../core/address.ts';
import { isAtOrBelow, type Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import { NetworkTable } from './network-table.ts';
import type { Pack } from './pack.ts';
import type { PolicyQuery, QueryClient } from './query.ts';
import type { ClientSelector } from './rule.ts';
import type { RuleState } from './rule-book.ts';
import { FIELD } from './verdict.ts';
import { ZoneTable } from './zone-table.ts';

/** What rules ask of the world beside the query. */
export interface RuleWorld {
  /** Undefined while there is no such pack: its rules then match nothing. */
  pack(name: string): Pack | undefined;
  /** Whether the history has the address for a name server of this name. */
  isNamed(destination: Address, nameServer: Name): boolean;
}

/** A rule made ready: every field is always there, so that all entries look alike to the processor. */
interface Entry {
  readonly order: number;
  readonly state: RuleState;
  readonly address: Address | undefined;
  readonly network: Network | undefined;
  readonly mac: number | undefined;
  readonly port: string | number | undefined;
  readonly group: string | undefined;
  readonly nameServer: Name | undefined;
  readonly pack: string | undefined;
  readonly zone: Name | undefined;
  readonly types: readonly number[] | undefined;
  readonly protocol: Transport | undefined;
  /** Bits of FIELD that the rule reads when it holds; names of a pack come to that. */
  readonly fields: number;
}

type Bucket = readonly Entry[];

/** What the place of an entry says already: that its client is the one of the query, or that its zone holds the name. */
type Known = 'client' | 'zone' | 'nothing';

/** How a condition on what is not seen yet counts: as met by rules that let pass, as not met by rules that do not. */
export type Unseen = 'meets' | 'fails';

/**
 * Rules of one step, in order, found by destination, then client, then zone: only those that may hold for a query are looked
 * at. Which fields rule out the others is known by where they stand.
 */
export class RuleIndex {
  readonly #world: RuleWorld;
  readonly #unseen: Unseen;
  readonly #byDestination = new Map<Address, Entry[]>();
  readonly #byDestinationNetwork = new NetworkTable<Entry>();
  /** To a pack or to a name server. */
  readonly #byMeaning: Entry[] = [];
  readonly #byClient = new Map<Address, Entry[]>();
  readonly #byClientNetwork = new NetworkTable<Entry>();
  readonly #byMac = new Map<number, Entry[]>();
  readonly #byPort = new Map<string | number, Entry[]>();
  readonly #byGroup = new Map<string, Entry[]>();
  readonly #byZone = new ZoneTable<Entry>();
  readonly #others: Entry[] = [];
  /** What is read of every query, whichever rule holds. */
  readonly #readAlways: number;
  readonly isEmpty: boolean;
  #best: Entry | undefined;
  #reads = 0;

  constructor(states: readonly RuleState[], world: RuleWorld, unseen: Unseen) {
    this.#world = world;
    this.#unseen = unseen;
    this.isEmpty = states.length === 0;
    for (const [order, state] of states.entries()) this.#insert(makeReady(order, state));
    this.#readAlways =
      (this.#byClient.size + this.#byClientNetwork.size > 0 ? FIELD.client : 0) |
      (this.#byMac.size > 0 ? FIELD.mac : 0) |
      (this.#byPort.size > 0 ? FIELD.port : 0) |
      (this.#byGroup.size > 0 ? FIELD.group : 0) |
      (this.#byZone.size > 0 ? FIELD.queryName : 0);
  }

  /** Whether some rule is about a name server, whose addresses may be others in a moment. */
  get asksHistory(): boolean {
    return this.#byMeaning.some(({ nameServer }) => nameServer !== undefined);
  }

  /** The first rule that holds; `reads` says then what was read. */
  find(query: PolicyQuery): RuleState | undefined {
    this.#reads = this.#readAlways;
    if (this.isEmpty) return undefined;
    this.#best = undefined;
    const { destination } = query;
    this.#look(this.#byDestination.get(destination), query, 'nothing');
    if (this.#byDestinationNetwork.size > 0)
      this.#lookByNetwork(this.#byDestinationNetwork, destination, query, 'nothing');
    this.#look(this.#byMeaning, query, 'nothing');
    if (this.#readAlways !== 0) this.#lookByClient(query);
    this.#look(this.#others, query, 'nothing');
    // By assertion: the looks above set it.
    const best = this.#best as Entry | undefined;
    if (best === undefined) return undefined;
    // Rules that hold for a part of the others only do not matter once one holds for this query as a whole.
    this.#reads = best.fields | (this.#isByPackedName(best, query) ? FIELD.queryName : 0);
    return best.state;
  }

  /** Bits of FIELD, of the last `find`: those that ruled all rules out, or those of the rule that holds. */
  get reads(): number {
    return this.#reads;
  }

  #lookByNetwork(table: NetworkTable<Entry>, address: Address, query: PolicyQuery, known: Known): void {
    for (let step = table.steps(address) - 1; step >= 0; step--) this.#look(table.at(step, address), query, known);
  }

  #lookByClient(query: PolicyQuery): void {
    const { address, mac, inPort, portName } = query.client;
    if (address !== undefined) {
      this.#look(this.#byClient.get(address), query, 'client');
      this.#lookByNetwork(this.#byClientNetwork, address, query, 'client');
    }
    if (mac !== undefined) this.#look(this.#byMac.get(mac), query, 'client');
    if (inPort !== undefined) this.#look(this.#byPort.get(inPort), query, 'client');
    if (portName !== undefined) this.#look(this.#byPort.get(portName), query, 'client');
    this.#look(this.#byGroup.get(query.group.name), query, 'client');
    if (this.#byZone.size > 0) this.#lookByZone(query);
  }

  #lookByZone(query: PolicyQuery): void {
    const { message } = query;
    if (typeof message === 'string') {
      if (message === 'unseen' && this.#unseen === 'meets') {
        for (const bucket of this.#byZone.all()) this.#look(bucket, query, 'zone');
      }
      return;
    }
    for (let step = this.#byZone.steps(message.name) - 1; step >= 0; step--) {
      this.#look(this.#byZone.at(step), query, 'zone');
    }
  }

  #look(bucket: Bucket | undefined, query: PolicyQuery, known: Known): void {
    if (bucket === undefined) return;
    for (const entry of bucket) {
      // In order: none behind this one can be the first.
      if (this.#best !== undefined && entry.order > this.#best.order) return;
      const ruledOutBy = this.#mismatch(entry, query, known);
      if (ruledOutBy === 0) this.#best = entry;
      else this.#reads |= ruledOutBy;
    }
  }

  /** 0 when the rule holds for the query; else the field that rules it out, the cheapest for a flow to match first. */
  #mismatch(entry: Entry, query: PolicyQuery, known: Known): number {
    const { nameServer, group, protocol, pack, zone, types } = entry;
    if (nameServer !== undefined && !this.#world.isNamed(query.destination, nameServer)) return FIELD.destination;
    if (group !== undefined && group !== query.group.name) return FIELD.group;
    if (protocol !== undefined && protocol !== query.transport) return FIELD.protocol;
    if (known === 'nothing') {
      const ruledOutBy = clientMismatch(entry, query.client);
      if (ruledOutBy !== 0) return ruledOutBy;
    }
    if (pack !== undefined) {
      const ruledOutBy = this.#packMismatch(pack, query);
      if (ruledOutBy !== 0) return ruledOutBy;
    }
    const { message } = query;
    if (typeof message === 'string') {
      if (message === 'unseen' && this.#unseen === 'meets') return 0;
      if (zone !== undefined) return FIELD.queryName;
      return types === undefined ? 0 : FIELD.queryType;
    }
    if (zone !== undefined && known !== 'zone' && !isAtOrBelow(message.name, zone)) return FIELD.queryName;
    return types === undefined || types.includes(message.type) ? 0 : FIELD.queryType;
  }

  #packMismatch(name: string, { destination, message }: PolicyQuery): number {
    const pack = this.#world.pack(name);
    if (pack === undefined) return FIELD.destination;
    if (pack.hasDestination(destination)) return 0;
    if (!pack.hasNames) return FIELD.destination;
    const isNamed =
      typeof message === 'string' ? message === 'unseen' && this.#unseen === 'meets' : pack.hasName(message.name);
    return isNamed ? 0 : FIELD.queryName;
  }

  /** Of a rule that holds. */
  #isByPackedName({ pack }: Entry, { destination }: PolicyQuery): boolean {
    return pack !== undefined && this.#world.pack(pack)?.hasDestination(destination) !== true;
  }

  #insert(entry: Entry): void {
    const { to, from, zone } = entry.state.rule.match;
    if (to?.kind === 'address') push(this.#byDestination, to.address, entry);
    else if (to?.kind === 'network') this.#byDestinationNetwork.add(to.network, entry);
    else if (to !== undefined) this.#byMeaning.push(entry);
    else if (from !== undefined) this.#insertByClient(from, entry);
    else if (zone !== undefined) this.#byZone.add(zone, entry);
    else this.#others.push(entry);
  }

  #insertByClient(from: ClientSelector, entry: Entry): void {
    if (from.kind === 'address') push(this.#byClient, from.address, entry);
    else if (from.kind === 'network') this.#byClientNetwork.add(from.network, entry);
    else if (from.kind === 'mac') push(this.#byMac, from.mac, entry);
    else if (from.kind === 'port') push(this.#byPort, from.port, entry);
    else push(this.#byGroup, from.group, entry);
  }
}

function push<K>(buckets: Map<K, Entry[]>, key: K, entry: Entry): void {
  const bucket = buckets.get(key);
  if (bucket === undefined) buckets.set(key, [entry]);
  else bucket.push(entry);
}

function makeReady(order: number, state: RuleState): Entry {
  const { from, to, zone, types, protocol } = state.rule.match;
  return {
    order,
    state,
    address: from?.kind === 'address' ? from.address : undefined,
    network: from?.kind === 'network' ? from.network : undefined,
    mac: from?.kind === 'mac' ? from.mac : undefined,
    port: from?.kind === 'port' ? from.port : undefined,
    group: from?.kind === 'group' ? from.group : undefined,
    nameServer: to?.kind === 'name' ? to.name : undefined,
    pack: to?.kind === 'pack' ? to.pack : undefined,
    zone,
    types,
    protocol,
    fields:
      FIELD.destination |
      (from === undefined ? 0 : FIELD_OF_SELECTOR[from.kind]) |
      (zone === undefined ? 0 : FIELD.queryName) |
      (types === undefined ? 0 : FIELD.queryType) |
      (protocol === undefined ? 0 : FIELD.protocol),
  };
}

const FIELD_OF_SELECTOR = {
  address: FIELD.client,
  network: FIELD.client,
  mac: FIELD.mac,
  port: FIELD.port,
  group: FIELD.group,
} as const;

function clientMismatch({ address, network, mac, port }: Entry, client: QueryClient): number {
  if (address !== undefined && address !== client.address) return FIELD.client;
  if (network !== undefined && (client.address === undefined || !networkContains(network, client.address))) {
    return FIELD.client;
  }
  if (mac !== undefined && mac !== client.mac) return FIELD.mac;
  return port !== undefined && port !== client.inPort && port !== client.portName ? FIELD.port : 0;
}
