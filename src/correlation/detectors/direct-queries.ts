import { counted, percent } from '../../core/words.ts';
import type { Name } from '../../dns/name.ts';
import { RECORD_TYPE } from '../../dns/registry.ts';
import type { AnswerMemory } from '../answer-memory.ts';
import { type DirectQuery, isDirectQuery } from '../direct-query.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import { hashAddress, hashText } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { HEAT, HostTrails } from '../host-trails.ts';
import { domainStart } from '../name-shape.ts';
import { isCarrier } from '../query-type.ts';
import { combineWeights, ramp, saturate } from '../weights.ts';
import { namedServers } from './blocked-queries.ts';
import { MX_SHARE_OF_BOTS, MX_SHARE_OF_RESOLVERS } from './many-servers.ts';
import { TrailDetector } from './trail-detector.ts';

/** People set a resolver by hand, developers run one of their own: a reason to look, and no more. */
const MOST_FOR_ANY = 0.2;
/** Mostly TXT: Feederbot's way. */
const MOST_FOR_CARRIERS = 0.5;
/** Ever new names of one or two domains: data in names. Nobody's own resolver or browser asks so. */
const MOST_FOR_ONE_DOMAIN = 0.35;
/** TXT to an address that was resolved just before as if of a web server: Morto's way. */
const MOST_FOR_RESOLVED_CARRIERS = 0.6;
/** Mostly MX: whoever sends mail to everybody, through a resolver of its own choice. Mail servers of the site are not looked at. */
const MOST_FOR_MX = 0.7;
/** Different names asked for TXT of one server below one domain: few are tests of mail, and whatever else is asked beside many. */
const FEW_CARRIER_NAMES = 5;
const MANY_CARRIER_NAMES = 20;
/** The verdict of the gate and what a capture saw are the same query. */
const SAME_QUERY_MS = 2000;
/** A resolver set by hand has a few addresses; who asks more is a resolver. */
const MOST_RESOLVERS = 8;
/** Domains that a person's programs ask for, at least, once a day's work has begun. */
const LEAST_DOMAINS = 8;

const RD_SET = 1;
const RD_CLEAR = 2;
const CARRIERS = 3;
const RESOLVED_CARRIERS = 4;
const BLOCKED = 5;
const MX = 6;

const LAST_QUERY = 0;
const LAST_QUERY_AT = 1;
/** Whom, and below which domain, most of the carriers ask. */
const CHANNEL = 2;
const CHANNEL_VOTES = 3;

/** Queries to servers outside that are nobody's of the site, whatever the gate says of them. */
export class DirectQueries extends TrailDetector {
  readonly kind = 'direct-queries';
  readonly takes = ['query', 'verdict'] as const;
  readonly #seed: number;
  readonly #answers: AnswerMemory;
  readonly #servers: DistinctSketch;
  readonly #domains: DistinctSketch;
  readonly #names: DistinctSketch;
  readonly #carrierNames: DistinctSketch;

  constructor(halfLifeMs: number, seed: number, answers: AnswerMemory) {
    const servers = new DistinctSketch(256, halfLifeMs);
    const domains = new DistinctSketch(256, halfLifeMs);
    const names = new DistinctSketch(256, halfLifeMs);
    const carrierNames = new DistinctSketch(64, halfLifeMs);
    super(new HostTrails(halfLifeMs, 6, 4, [servers, domains, names, carrierNames]));
    this.#seed = seed;
    this.#answers = answers;
    this.#servers = servers;
    this.#domains = domains;
    this.#names = names;
    this.#carrierNames = carrierNames;
  }

  observe(host: number, event: HostEvent): void {
    if (!isDirectQuery(event)) return;
    const { server } = event;
    const serverHash = hashAddress(server, this.#seed);
    const nameHash = event.name === undefined ? 0 : hashText(event.name, this.#seed);
    const queryHash = (serverHash ^ nameHash ^ (event.type ?? 0)) >>> 0;
    const { trails } = this;
    const known = trails.rowOf(host);
    if (known >= 0 && this.#isSeenAlready(known, queryHash, event)) return;
    const row = trails.note(host, event);
    trails.sample(row, event);
    trails.setFigure(row, LAST_QUERY, queryHash);
    trails.setFigure(row, LAST_QUERY_AT, event.atMs);
    this.#servers.add(row, serverHash, event.atMs);
    if (event.name !== undefined) {
      this.#names.add(row, nameHash, event.atMs);
      this.#domains.add(row, hashText(event.name, this.#seed, domainStart(event.name)), event.atMs);
    }
    this.#count(row, event);
    if (event.type === RECORD_TYPE.MX) trails.add(row, MX);
    if (isCarrier(event.type)) {
      trails.add(row, CARRIERS);
      if (event.name !== undefined) this.#seeCarrier(row, serverHash, nameHash, event.name, event.atMs);
      if (this.#answers.isJustResolved(host, server, event.atMs)) trails.add(row, RESOLVED_CARRIERS);
    }
  }

  /**
   * The host uses a resolver of its own choice as one uses a resolver: it asks few addresses, to recurse, for names of many domains and
   * hardly for TXT or MX, and no data of one domain by TXT.
   */
  usesForeignResolver(host: number): boolean {
    const row = this.trails.rowOf(host);
    if (row < 0) return false;
    const { trails } = this;
    const toldRd = trails.counter(row, RD_SET) + trails.counter(row, RD_CLEAR);
    return (
      this.#servers.count(row) <= MOST_RESOLVERS &&
      this.#domains.count(row) >= LEAST_DOMAINS &&
      this.#carrierNames.count(row) <= FEW_CARRIER_NAMES &&
      trails.counter(row, RD_SET) >= toldRd * 0.8 &&
      trails.counter(row, CARRIERS) + trails.counter(row, MX) <= trails.counter(row, HEAT) * 0.3
    );
  }

  protected weightThen(row: number): number {
    const { trails } = this;
    const all = trails.counter(row, HEAT);
    const carriers = trails.counter(row, CARRIERS);
    const mx = trails.counter(row, MX);
    const isOneDomain = this.#domains.count(row) <= 2;
    // Ordinary queries beside it, of which one can send any number, take nothing away.
    const carrierNames = this.#carrierNames.count(row);
    const carrying = Math.max(
      ramp(carriers / all, 0.1, 0.5),
      ramp(carrierNames, FEW_CARRIER_NAMES, MANY_CARRIER_NAMES),
    );
    const namesOfOne = isOneDomain ? this.#names.count(row) : carrierNames;
    return combineWeights([
      MOST_FOR_ANY * saturate(all, 8),
      MOST_FOR_CARRIERS * saturate(carriers, 4) * carrying,
      MOST_FOR_MX * saturate(mx, 8) * ramp(mx / all, MX_SHARE_OF_RESOLVERS, MX_SHARE_OF_BOTS),
      MOST_FOR_ONE_DOMAIN * ramp(namesOfOne, FEW_CARRIER_NAMES, MANY_CARRIER_NAMES),
      MOST_FOR_RESOLVED_CARRIERS * saturate(trails.counter(row, RESOLVED_CARRIERS), 3),
    ]);
  }

  protected line(row: number): string {
    const { trails } = this;
    const all = trails.counter(row, HEAT);
    const carriers = trails.counter(row, CARRIERS) / all;
    const servers = `${counted(Math.max(1, this.#servers.count(row)), 'server')} outside (${namedServers(trails.samples(row))})`;
    const toldRd = trails.counter(row, RD_SET) + trails.counter(row, RD_CLEAR);
    const parts = [`sent ${counted(trails.total(row), 'query', 'queries')} straight to ${servers}`];
    parts.push(`for names of about ${counted(this.#domains.count(row), 'domain')}`);
    if (toldRd > 0) parts.push(`${percent(trails.counter(row, RD_SET) / toldRd)} asking to recurse`);
    if (carriers > 0) parts.push(`${percent(carriers)} for TXT or NULL`);
    if (trails.counter(row, MX) >= 1) parts.push(`${percent(trails.counter(row, MX) / all)} for MX`);
    if (trails.counter(row, RESOLVED_CARRIERS) >= 1) parts.push('some of them to an address it had just resolved');
    if (trails.counter(row, BLOCKED) >= 1)
      parts.push(`${percent(Math.min(1, trails.counter(row, BLOCKED) / all))} blocked`);
    return parts.join(', ');
  }

  /** Counts the names below the server and domain that most of the carriers ask, as a majority vote has it (Boyer and Moore). */
  #seeCarrier(row: number, serverHash: number, nameHash: number, name: Name, atMs: number): void {
    const { trails } = this;
    const channel = (serverHash ^ hashText(name, this.#seed, domainStart(name))) >>> 0;
    const votes = trails.figure(row, CHANNEL_VOTES);
    const isSame = trails.figure(row, CHANNEL) === channel;
    trails.setFigure(row, CHANNEL_VOTES, votes === 0 || isSame ? votes + 1 : votes - 1);
    if (!isSame && votes > 0) return;
    if (!isSame) {
      trails.setFigure(row, CHANNEL, channel);
      this.#carrierNames.clear(row);
    }
    this.#carrierNames.add(row, nameHash, atMs);
  }

  #count(row: number, event: DirectQuery): void {
    if (event.kind === 'verdict' && event.verdict === 'block') this.trails.add(row, BLOCKED);
    if (event.kind !== 'query' || event.recursionDesired === undefined) return;
    this.trails.add(row, event.recursionDesired ? RD_SET : RD_CLEAR);
  }

  /** Whether this is the last query again, as another source tells it. */
  #isSeenAlready(row: number, queryHash: number, event: DirectQuery): boolean {
    const { trails } = this;
    if (trails.figure(row, LAST_QUERY) !== queryHash) return false;
    if (Math.abs(event.atMs - trails.figure(row, LAST_QUERY_AT)) > SAME_QUERY_MS) return false;
    this.#count(row, event);
    return true;
  }
}
