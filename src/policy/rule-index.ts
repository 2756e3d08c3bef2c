import { type Address, networkContains } from '../core/address.ts';
import { isAtOrBelow, type Name, parentName, ROOT } from '../dns/name.ts';
import { NetworkTable } from './network-table.ts';
import type { Pack } from './pack.ts';
import type { PolicyQuery } from './query.ts';
import type { ClientSelector } from './rule.ts';
import type { RuleState } from './rule-book.ts';
import { FIELD } from './verdict.ts';

/** What rules ask of the world beside the query. */
export interface RuleWorld {
  /** Undefined while there is no such pack: its rules then match nothing. */
  pack(name: string): Pack | undefined;
  /** Whether the history has the address for a name server of this name. */
  isNamed(destination: Address, nameServer: Name): boolean;
}

/** The first rule that holds for a query, and what was read to find it, or to find that none does. */
export interface RuleAnswer {
  readonly found: RuleState | undefined;
  /** Bits of FIELD: those that ruled the others out, and those of the rule itself. */
  readonly reads: number;
}

interface Entry {
  readonly order: number;
  readonly state: RuleState;
}

type Bucket = readonly Entry[];

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
  readonly #byZone = new Map<Name, Entry[]>();
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
    for (const [order, state] of states.entries()) this.#insert({ order, state });
    this.#readAlways =
      (this.#byClient.size + this.#byClientNetwork.size > 0 ? FIELD.client : 0) |
      (this.#byMac.size > 0 ? FIELD.mac : 0) |
      (this.#byPort.size > 0 ? FIELD.port : 0) |
      (this.#byGroup.size > 0 ? FIELD.group : 0) |
      (this.#byZone.size > 0 ? FIELD.queryName : 0);
  }

  /** Whether some rule is about a name server, whose addresses may be others in a moment. */
  get asksHistory(): boolean {
    return this.#byMeaning.some(({ state }) => state.rule.match.to?.kind === 'name');
  }

  find(query: PolicyQuery): RuleAnswer {
    this.#best = undefined;
    this.#reads = this.#readAlways;
    this.#look(this.#byDestination.get(query.destination), query);
    if (this.#byDestinationNetwork.size > 0)
      this.#byDestinationNetwork.forEach(query.destination, (bucket) => this.#look(bucket, query));
    this.#look(this.#byMeaning, query);
    if (this.#readAlways !== 0) this.#lookByClient(query);
    this.#look(this.#others, query);
    // By assertion: the looks above set it.
    const best = this.#best as Entry | undefined;
    if (best === undefined) return { found: undefined, reads: this.#reads };
    // Rules that hold for a part of the others only do not matter once one holds for this query as a whole.
    return { found: best.state, reads: fieldsOf(best.state, this.#world, query) };
  }

  #lookByClient(query: PolicyQuery): void {
    const { address, mac, inPort, portName } = query.client;
    if (address !== undefined) {
      this.#look(this.#byClient.get(address), query);
      this.#byClientNetwork.forEach(address, (bucket) => this.#look(bucket, query));
    }
    if (mac !== undefined) this.#look(this.#byMac.get(mac), query);
    if (inPort !== undefined) this.#look(this.#byPort.get(inPort), query);
    if (portName !== undefined) this.#look(this.#byPort.get(portName), query);
    this.#look(this.#byGroup.get(query.group.name), query);
    if (this.#byZone.size > 0) this.#lookByZone(query);
  }

  #lookByZone(query: PolicyQuery): void {
    if (typeof query.message === 'string') {
      if (query.message === 'unseen' && this.#unseen === 'meets')
        for (const bucket of this.#byZone.values()) this.#look(bucket, query);
      return;
    }
    for (let zone = query.message.name; ; zone = parentName(zone)) {
      this.#look(this.#byZone.get(zone), query);
      if (zone === ROOT) return;
    }
  }

  #look(bucket: Bucket | undefined, query: PolicyQuery): void {
    if (bucket === undefined) return;
    for (const entry of bucket) {
      // In order: none behind this one can be the first.
      if (this.#best !== undefined && entry.order > this.#best.order) return;
      const ruledOutBy = mismatch(entry.state, query, this.#world, this.#unseen);
      if (ruledOutBy === 0) this.#best = entry;
      else this.#reads |= ruledOutBy;
    }
  }

  #insert(entry: Entry): void {
    const { to, from, zone } = entry.state.rule.match;
    if (to?.kind === 'address') push(this.#byDestination, to.address, entry);
    else if (to?.kind === 'network') this.#byDestinationNetwork.add(to.network, entry);
    else if (to !== undefined) this.#byMeaning.push(entry);
    else if (from !== undefined) this.#insertByClient(from, entry);
    else if (zone !== undefined) push(this.#byZone, zone, entry);
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

/** 0 when the rule holds for the query; else the field that rules it out, the cheapest for a flow to match first. */
function mismatch({ rule }: RuleState, query: PolicyQuery, world: RuleWorld, unseen: Unseen): number {
  const { match } = rule;
  const { to } = match;
  if (to?.kind === 'name' && !world.isNamed(query.destination, to.name)) return FIELD.destination;
  if (match.from?.kind === 'group' && match.from.group !== query.group.name) return FIELD.group;
  if (match.protocol !== undefined && match.protocol !== query.transport) return FIELD.protocol;
  if (match.from !== undefined && !isFrom(match.from, query)) return FIELD_OF_SELECTOR[match.from.kind];
  const isMessageOpen = query.message === 'unseen' && unseen === 'meets';
  if (to?.kind === 'pack') {
    const pack = world.pack(to.pack);
    if (pack === undefined) return FIELD.destination;
    if (!pack.hasDestination(query.destination)) {
      if (!pack.hasNames) return FIELD.destination;
      const isNamed = typeof query.message === 'string' ? isMessageOpen : pack.hasName(query.message.name);
      if (!isNamed) return FIELD.queryName;
    }
  }
  if (isMessageOpen) return 0;
  if (match.zone !== undefined) {
    if (typeof query.message === 'string' || !isAtOrBelow(query.message.name, match.zone)) return FIELD.queryName;
  }
  if (match.types !== undefined) {
    if (typeof query.message === 'string' || !match.types.includes(query.message.type)) return FIELD.queryType;
  }
  return 0;
}

const FIELD_OF_SELECTOR = {
  address: FIELD.client,
  network: FIELD.client,
  mac: FIELD.mac,
  port: FIELD.port,
  group: FIELD.group,
} as const;

function isFrom(selector: ClientSelector, { client, group }: PolicyQuery): boolean {
  switch (selector.kind) {
    case 'address':
      return selector.address === client.address;
    case 'network':
      return client.address !== undefined && networkContains(selector.network, client.address);
    case 'mac':
      return selector.mac === client.mac;
    case 'port':
      return selector.port === client.inPort || selector.port === client.portName;
    case 'group':
      return selector.group === group.name;
  }
}

/** What a rule that holds for the query has read of it. */
function fieldsOf({ rule }: RuleState, world: RuleWorld, { destination }: PolicyQuery): number {
  const { to, from, zone, types, protocol } = rule.match;
  const isByName = to?.kind === 'pack' && world.pack(to.pack)?.hasDestination(destination) !== true;
  return (
    FIELD.destination |
    (from === undefined ? 0 : FIELD_OF_SELECTOR[from.kind]) |
    (zone === undefined && !isByName ? 0 : FIELD.queryName) |
    (types === undefined ? 0 : FIELD.queryType) |
    (protocol === undefined ? 0 : FIELD.protocol)
  );
}
