import { type Address, isIpv4, networkContains } from '../../core/address.ts';
import { isAtOrBelow, labelCount, type Name, parseName } from '../../dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../dns/registry.ts';
import type { Site } from '../correlation-options.ts';
import { grown } from '../grown.ts';
import { mixBits } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { beatsOf, countBeat, countContact, countOf, FRESH_USE, learnInterval, MARK, withMark } from './contact.ts';
import { FeatureTable } from './feature-table.ts';

/** Words of a pair. */
const FIELD = {
  NEXT: 0,
  HOST: 1,
  FEATURE: 2,
  FIRST: 3,
  LAST: 4,
  USE: 5,
  RHYTHM: 6,
  HOST_NEXT: 7,
  HOST_BEFORE: 8,
} as const;
const WORDS = 9;
const NONE = 0;
const DNS_PORT = 53;

/** What one host may hold: a host with a million destinations is a scanner, and its newest ones tell nothing that the first did not. */
const MAX_PAIRS_OF_HOST = 20_000;
/** Pairs that are looked at for one that can go. */
const LOOKED_AT = 8;
/** A prime beyond all pair numbers, which comes to each of them: pairs of one host were mostly made one after the other. */
const STRIDE = 2_654_435_761;
/** A name may bring its domain with it, a destination its address. */
const FEATURES_AT_ONCE = 2;
/** Pairs that go at most so that the text of a name can be kept. */
const MAX_DROPPED_FOR_TEXT = 16;
/** What comes within two seconds is one contact: browsers open several connections at once. */
const MIN_INTERVAL_SECONDS = 2;
/** A feature that more hosts have goes first when there is no room. */
const POPULAR = { least: 50, share: 0.02 } as const;

const ARPA = parseName('arpa')!;
/** Types that carry what a bot has to say, and that a person's programs hardly ask for. */
const ODD_TYPES: ReadonlySet<number> = new Set([RECORD_TYPE.TXT, RECORD_TYPE.NULL, RECORD_TYPE.KEY]);
const PERSONAL_TYPES: ReadonlySet<number> = new Set([RECORD_TYPE.A, RECORD_TYPE.AAAA, RECORD_TYPE.HTTPS]);
const FIRST_PRIVATE_TYPE = 0xff00;

/** What the pairs have been through. */
export interface PairCounts {
  /** Pairs that made room for others. */
  pushedOut: number;
  /** Contacts left out: of hosts with too many, and for want of room for the feature. */
  ofFullHosts: number;
  withoutRoom: number;
}

/**
 * Which host had to do with what: pairs of a host number and a feature in flat memory that is reserved at once, and that the system
 * gives as it is touched. A pair hangs in a table by host and feature, and in the list of its host. When there is no room, one of few
 * that are looked at goes: of a popular feature, or of a host with far more than its share, or the oldest.
 *
 * Names are held twice, in full and as their registrable domain where that is another: bots of one net may each ask for a name of
 * their own below one domain, and the full name tells the C&C of a provider's customer from the provider.
 */
export class PairTable {
  readonly features: FeatureTable;
  readonly counts: PairCounts = { pushedOut: 0, ofFullHosts: 0, withoutRoom: 0 };
  readonly #most: number;
  readonly #fairShare: number;
  #site: Site;
  #own: ReadonlySet<Address>;
  readonly #words: Uint32Array;
  readonly #buckets: Int32Array;
  #first = new Int32Array(0);
  #held = new Int32Array(0);
  #generation = new Int32Array(0);
  #hosts = 0;
  #size = 0;
  #used = 0;
  #free = NONE;
  #hand = 0;

  constructor(most: { readonly pairs: number; readonly hosts: number }, site: Site) {
    this.#most = most.pairs;
    this.#fairShare = Math.max(64, (4 * most.pairs) / Math.max(1, most.hosts));
    this.#site = site;
    this.#own = new Set([...site.trustedResolvers, ...site.mailServers]);
    this.features = new FeatureTable(Math.max(64, most.pairs));
    this.#words = new Uint32Array((most.pairs + 1) * WORDS);
    this.#buckets = new Int32Array(2 ** Math.max(4, Math.ceil(Math.log2(most.pairs * 0.75))));
  }

  get size(): number {
    return this.#size;
  }

  /** Hosts that have a pair. */
  get hostCount(): number {
    return this.#hosts;
  }

  /** What is the site's own from now on. */
  configure(site: Site): void {
    this.#site = site;
    this.#own = new Set([...site.trustedResolvers, ...site.mailServers]);
  }

  /** Takes in what the host of this number did. */
  observe(host: number, event: HostEvent): void {
    switch (event.kind) {
      case 'syn':
        this.#contactServer(host, event.atMs, event.destination, event.port, 0, 0);
        break;
      case 'syn-ack':
        this.#markServer(host, event.destination, event.port);
        break;
      case 'query':
        if (event.isDirect && event.server !== undefined) {
          const oddness = oddnessOf(event.type, event.recursionDesired);
          this.#contactServer(host, event.atMs, event.server, DNS_PORT, MARK.direct, oddness);
        }
        this.#contactName(host, event.atMs, event.name, event.type, event.isDirect ? MARK.direct : 0);
        break;
      case 'verdict': {
        const mark = MARK.direct | (event.verdict === 'block' ? MARK.blocked : 0);
        this.#contactServer(host, event.atMs, event.server, DNS_PORT, mark, oddnessOf(event.type, undefined));
        if (event.name !== undefined) this.#contactName(host, event.atMs, event.name, event.type ?? 0, mark);
        break;
      }
      case 'answer':
        if (event.isDirect && event.server !== undefined) this.#markServer(host, event.server, DNS_PORT);
        if (event.responseCode === RCODE.NOERROR) this.#answered(host, event.name, event.addresses);
        else if (event.responseCode === RCODE.NXDOMAIN) this.#markName(host, event.name, MARK.failed);
        break;
    }
  }

  /** Lets all pairs of a host go; its number may be another host's after this. */
  forget(host: number): void {
    if (host >= this.#first.length) return;
    this.#generation[host]!++;
    while (this.#first[host] !== NONE) this.#drop(this.#first[host]!);
  }

  /** Another number after each `forget`: whether a host number still means the same host. */
  generation(host: number): number {
    return this.#generation[host] ?? 0;
  }

  pairsOf(host: number): number {
    return this.#held[host] ?? 0;
  }

  /** The first pair of a host, 0 when it has none; `next` gives the others, until the next event or `forget`. */
  firstPair(host: number): number {
    return this.#first[host] ?? NONE;
  }

  next(pair: number): number {
    return this.#words[pair * WORDS + FIELD.HOST_NEXT]!;
  }

  featureOf(pair: number): number {
    return this.#words[pair * WORDS + FIELD.FEATURE]!;
  }

  /** Count, marks and beats (contact.ts). */
  useOf(pair: number): number {
    return this.#words[pair * WORDS + FIELD.USE]!;
  }

  rhythmOf(pair: number): number {
    return this.#words[pair * WORDS + FIELD.RHYTHM]!;
  }

  firstAtMs(pair: number): number {
    return this.#words[pair * WORDS + FIELD.FIRST]! * 1000;
  }

  lastAtMs(pair: number): number {
    return this.#words[pair * WORDS + FIELD.LAST]! * 1000;
  }

  /** The pair of a host and a feature; 0 when there is none. */
  find(host: number, feature: number): number {
    const words = this.#words;
    let pair = this.#buckets[this.#bucketOf(host, feature)]!;
    for (; pair !== NONE; pair = words[pair * WORDS + FIELD.NEXT]!) {
      if (words[pair * WORDS + FIELD.FEATURE] === feature && words[pair * WORDS + FIELD.HOST] === host) break;
    }
    return pair;
  }

  /** Whether an address is one of the site's own, which join nobody. */
  #isOwn(address: Address): boolean {
    if (this.#own.has(address)) return true;
    for (const network of this.#site.insideNetworks) if (networkContains(network, address)) return true;
    return false;
  }

  #contactServer(host: number, atMs: number, server: Address, port: number, mark: number, oddness: number): void {
    if (this.#isOwn(server)) return;
    const found = this.features.findDestination(server, port);
    const mayBeNew = found === NONE && !this.#isFull(host);
    if (mayBeNew) this.#makeRoomForFeatures(isIpv4(server) ? 0 : server.length);
    const feature = mayBeNew ? this.features.destination(server, port) : found;
    this.#contact(host, feature, atMs, mark, oddness);
  }

  #contactName(host: number, atMs: number, name: Name, type: number, mark: number): void {
    if (labelCount(name) < 2 || isAtOrBelow(name, ARPA)) return;
    const marks = mark | (type === RECORD_TYPE.MX ? MARK.mail : 0);
    const oddness = oddnessOf(type, undefined);
    const found = this.features.findName(name);
    const mayBeNew = found === NONE && !this.#isFull(host);
    if (mayBeNew) this.#makeRoomForFeatures(name.length);
    const feature = mayBeNew ? this.features.name(name) : found;
    this.#contact(host, feature, atMs, marks, oddness);
    const domain = feature === NONE ? NONE : this.features.domainOf(feature);
    if (domain !== NONE) this.#contact(host, domain, atMs, marks, oddness);
  }

  #markServer(host: number, server: Address, port: number): void {
    const feature = this.features.findDestination(server, port);
    if (feature !== NONE) this.#mark(host, feature, MARK.answered);
  }

  #markName(host: number, name: Name, mark: number): number {
    const feature = this.features.findName(name);
    if (feature === NONE) return NONE;
    this.#mark(host, feature, mark);
    const domain = this.features.domainOf(feature);
    if (domain !== NONE) this.#mark(host, domain, mark);
    return feature;
  }

  #answered(host: number, name: Name, addresses: readonly Address[]): void {
    const feature = this.#markName(host, name, MARK.answered);
    if (feature === NONE || this.#isPopular(feature)) return;
    for (const address of addresses) this.features.addAnswer(feature, address);
  }

  #mark(host: number, feature: number, mark: number): void {
    const pair = this.find(host, feature);
    if (pair !== NONE) this.#words[pair * WORDS + FIELD.USE] = withMark(this.useOf(pair), mark);
  }

  #isFull(host: number): boolean {
    return this.pairsOf(host) >= MAX_PAIRS_OF_HOST;
  }

  #contact(host: number, feature: number, atMs: number, mark: number, oddness: number): void {
    const pair = feature === NONE ? NONE : this.find(host, feature) || this.#insert(host, feature, atMs);
    if (pair === NONE) {
      if (this.#isFull(host)) this.counts.ofFullHosts++;
      else this.counts.withoutRoom++;
      return;
    }
    const words = this.#words;
    const at = pair * WORDS;
    let use = countContact(words[at + FIELD.USE]!, mark, oddness);
    const second = secondOf(atMs);
    const interval = second - words[at + FIELD.LAST]!;
    if (interval >= MIN_INTERVAL_SECONDS && countOf(use) > 1) {
      words[at + FIELD.RHYTHM] = learnInterval(words[at + FIELD.RHYTHM]!, beatsOf(use), interval);
      use = countBeat(use);
    }
    words[at + FIELD.USE] = use;
    // What comes out of order, or from a clock that was set back, makes the time span longer and no interval.
    if (second > words[at + FIELD.LAST]!) words[at + FIELD.LAST] = second;
    if (second < words[at + FIELD.FIRST]!) words[at + FIELD.FIRST] = second;
  }

  #insert(host: number, feature: number, atMs: number): number {
    if (host >= this.#first.length) this.#growHosts(host);
    if (this.#isFull(host)) {
      this.features.release(feature);
      return NONE;
    }
    // Before room is made: what goes may be the last pair of this very feature.
    this.features.addHost(feature);
    if (this.#size >= this.#most) this.#makeRoom();
    const pair = this.#take();
    const bucket = this.#bucketOf(host, feature);
    const second = secondOf(atMs);
    const next = this.#first[host]!;
    this.#words.set([this.#buckets[bucket]!, host, feature, second, second, FRESH_USE, 0, next, NONE], pair * WORDS);
    this.#buckets[bucket] = pair;
    if (next !== NONE) this.#words[next * WORDS + FIELD.HOST_BEFORE] = pair;
    else this.#hosts++;
    this.#first[host] = pair;
    this.#held[host]!++;
    this.#size++;
    return pair;
  }

  #take(): number {
    const free = this.#free;
    if (free === NONE) return ++this.#used;
    this.#free = this.#words[free * WORDS + FIELD.NEXT]!;
    return free;
  }

  /** `octets`: of the text that comes, if one does. */
  #makeRoomForFeatures(octets: number): void {
    const { features } = this;
    for (let dropped = 0; dropped < FEATURES_AT_ONCE && features.room < FEATURES_AT_ONCE; dropped++) this.#makeRoom();
    const most = octets === 0 || features.isHeld ? 0 : MAX_DROPPED_FOR_TEXT;
    for (let dropped = 0; dropped < most && !features.hasRoomFor(octets); dropped++) this.#makeRoom(true);
  }

  #makeRoom(ofText = false): void {
    if (this.#used === 0) return;
    let worst = NONE;
    let worstRank = Number.POSITIVE_INFINITY;
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      this.#hand = (this.#hand + STRIDE) % this.#used;
      const pair = 1 + this.#hand;
      if (ofText && !this.features.hasText(this.featureOf(pair))) continue;
      const rank = this.#rank(pair);
      if (rank < worstRank) {
        worst = pair;
        worstRank = rank;
      }
    }
    if (worst === NONE) return;
    this.counts.pushedOut++;
    this.#drop(worst);
  }

  /** The lowest goes first. */
  #rank(pair: number): number {
    const at = pair * WORDS;
    if (this.#words[at + FIELD.FEATURE] === NONE) return Number.POSITIVE_INFINITY;
    const isSpare =
      this.#isPopular(this.#words[at + FIELD.FEATURE]!) ||
      this.pairsOf(this.#words[at + FIELD.HOST]!) > this.#fairShare;
    return this.#words[at + FIELD.LAST]! - (isSpare ? 2 ** 32 : 0);
  }

  #isPopular(feature: number): boolean {
    return this.features.hosts(feature) > Math.max(POPULAR.least, POPULAR.share * this.#hosts);
  }

  #drop(pair: number): void {
    const words = this.#words;
    const at = pair * WORDS;
    const host = words[at + FIELD.HOST]!;
    const feature = words[at + FIELD.FEATURE]!;
    this.#unlink(pair, this.#bucketOf(host, feature));
    const next = words[at + FIELD.HOST_NEXT]!;
    const before = words[at + FIELD.HOST_BEFORE]!;
    if (before === NONE) this.#first[host] = next;
    else words[before * WORDS + FIELD.HOST_NEXT] = next;
    if (next !== NONE) words[next * WORDS + FIELD.HOST_BEFORE] = before;
    if (--this.#held[host]! === 0) this.#hosts--;
    words[at + FIELD.FEATURE] = NONE;
    words[at + FIELD.NEXT] = this.#free;
    this.#free = pair;
    this.#size--;
    this.features.removeHost(feature);
  }

  #unlink(pair: number, bucket: number): void {
    const words = this.#words;
    let before = this.#buckets[bucket]!;
    if (before === pair) {
      this.#buckets[bucket] = words[pair * WORDS + FIELD.NEXT]!;
      return;
    }
    while (words[before * WORDS + FIELD.NEXT] !== pair) before = words[before * WORDS + FIELD.NEXT]!;
    words[before * WORDS + FIELD.NEXT] = words[pair * WORDS + FIELD.NEXT]!;
  }

  #growHosts(host: number): void {
    this.#first = grown(this.#first, host + 1);
    this.#held = grown(this.#held, host + 1);
    this.#generation = grown(this.#generation, host + 1);
  }

  /** Both numbers are ours, so nobody can choose pairs that fall into one bucket. */
  #bucketOf(host: number, feature: number): number {
    return mixBits(Math.imul(host, 0x9e3779b1) ^ feature) & (this.#buckets.length - 1);
  }
}

/** Seconds since the epoch as 32 bits hold them; a time that is none is the first or last of them. */
function secondOf(atMs: number): number {
  return Math.max(0, Math.min(0xffffffff, Math.floor(atMs / 1000))) || 0;
}

/** Whether a query speaks for a person's resolver (−1) or for what bots ask (1); what resolvers ask servers themselves says nothing. */
function oddnessOf(type: number | undefined, recursionDesired: boolean | undefined): number {
  if (type === undefined) return 0;
  if (ODD_TYPES.has(type) || type >= FIRST_PRIVATE_TYPE) return 1;
  return PERSONAL_TYPES.has(type) && recursionDesired !== false ? -1 : 0;
}
