import { counted, percent } from '../../core/words.ts';
import { RECORD_TYPE } from '../../dns/registry.ts';
import { isDirectQuery } from '../direct-query.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import { hashAddress } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { HEAT, HostTrails } from '../host-trails.ts';
import { combineWeights, ramp, saturate } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

/** A resolver of one's own asks hundreds of servers, and is no bot. */
const MOST_FOR_ANY = 0.15;
/** Mostly for MX records: who resolves for itself to send mail to everybody (paper 1, figure 3). */
const MOST_FOR_MX = 0.75;
/** And sends it, too. */
const MOST_FOR_MAIL = 0.6;
/** A mail server with a resolver of its own asks for A, AAAA, NS, DS and PTR, too: MX stays at a sixth. */
export const MX_SHARE_OF_RESOLVERS = 0.2;
export const MX_SHARE_OF_BOTS = 0.45;
const SMTP = 25;

const MX = 1;

/** Direct queries to many servers: a resolver of its own, and by its MX queries and mail a spam bot. */
export class ManyServers extends TrailDetector {
  readonly kind = 'many-servers';
  readonly takes = ['query', 'verdict', 'syn'] as const;
  readonly #seed: number;
  readonly #servers: DistinctSketch;
  readonly #mailServers: DistinctSketch;

  constructor(halfLifeMs: number, seed: number) {
    const servers = new DistinctSketch(512, halfLifeMs);
    const mailServers = new DistinctSketch(128, halfLifeMs);
    super(new HostTrails(halfLifeMs, 1, 0, [servers, mailServers]));
    this.#seed = seed;
    this.#servers = servers;
    this.#mailServers = mailServers;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind === 'syn') {
      this.#observeSyn(host, event.port, hashAddress(event.destination, this.#seed), event.atMs);
      return;
    }
    if (!isDirectQuery(event)) return;
    const { trails } = this;
    const row = trails.note(host, event);
    trails.sample(row, event);
    this.#servers.add(row, hashAddress(event.server, this.#seed), event.atMs);
    if (event.type === RECORD_TYPE.MX) trails.add(row, MX);
  }

  protected weightThen(row: number): number {
    const { trails } = this;
    const servers = ramp(this.#servers.count(row), 8, 40);
    if (servers === 0) return 0;
    const mxShare = trails.counter(row, MX) / trails.counter(row, HEAT);
    return combineWeights([
      MOST_FOR_ANY * servers,
      MOST_FOR_MX * servers * ramp(mxShare, MX_SHARE_OF_RESOLVERS, MX_SHARE_OF_BOTS),
      MOST_FOR_MAIL * servers * ramp(mxShare, 0.1, MX_SHARE_OF_RESOLVERS) * saturate(this.#mailServers.count(row), 10),
    ]);
  }

  protected line(row: number): string {
    const { trails } = this;
    const mxShare = trails.counter(row, MX) / trails.counter(row, HEAT);
    const mailed = this.#mailServers.count(row);
    const mail = mailed === 0 ? '' : `, and began SMTP connections to ${counted(mailed, 'address', 'addresses')}`;
    return `resolves for itself: asked about ${this.#servers.count(row)} DNS servers directly, ${percent(mxShare)} for MX${mail}`;
  }

  #observeSyn(host: number, port: number, hash: number, atMs: number): void {
    const row = this.trails.rowOf(host);
    if (port !== SMTP || row < 0) return;
    this.#mailServers.add(row, hash, atMs);
  }
}
