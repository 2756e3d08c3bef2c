import { type Address, formatAddress } from '../../core/address.ts';
import { counted } from '../../core/words.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import type { ToldEvent } from '../event-text.ts';
import { hashAddress } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { HEAT, HostTrails } from '../host-trails.ts';
import { isCarrier } from '../query-type.ts';
import { combineWeights, ramp, saturate } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

/** A resolver set by hand and a resolver of one's own are blocked, too, all day: so much and no more. */
const MOST_FOR_ANY = 0.25;
/** People's queries are for addresses; whose blocked queries are mostly for TXT has something else in mind. */
const MOST_FOR_CARRIERS = 0.6;
/** A known authoritative server was asked to recurse: what works with no honest program for long. */
const MOST_FOR_RECURSION = 0.2;
/** One verdict may stand for a flood: more packets than these say nothing more. */
const MOST_PACKETS = 1000;

const CARRIERS = 1;
const TO_RECURSE = 2;

/** Direct outbound queries that the gate blocked, or would have in monitor mode. */
export class BlockedQueries extends TrailDetector {
  readonly kind = 'blocked-queries';
  readonly takes = ['verdict'] as const;
  readonly #seed: number;
  readonly #servers: DistinctSketch;

  constructor(halfLifeMs: number, seed: number) {
    const servers = new DistinctSketch(256, halfLifeMs);
    super(new HostTrails(halfLifeMs, 2, 0, [servers]));
    this.#seed = seed;
    this.#servers = servers;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind !== 'verdict' || event.verdict !== 'block') return;
    const packets = Math.min(MOST_PACKETS, Math.max(1, event.packets));
    const { trails } = this;
    const row = trails.note(host, event, packets);
    trails.sample(row, event);
    if (isCarrier(event.type)) trails.add(row, CARRIERS, packets);
    if (event.reason === 'recursionDesired') trails.add(row, TO_RECURSE, packets);
    this.#servers.add(row, hashAddress(event.server, this.#seed), event.atMs);
  }

  protected weightThen(row: number): number {
    const { trails } = this;
    const all = trails.counter(row, HEAT);
    const carriers = trails.counter(row, CARRIERS);
    return combineWeights([
      MOST_FOR_ANY * saturate(all, 8),
      MOST_FOR_CARRIERS * saturate(carriers, 4) * ramp(carriers / all, 0.1, 0.5),
      MOST_FOR_RECURSION * saturate(trails.counter(row, TO_RECURSE), 8),
    ]);
  }

  protected line(row: number): string {
    const { trails } = this;
    const carriers = Math.round(trails.counter(row, CARRIERS));
    const servers = counted(Math.max(1, this.#servers.count(row)), 'server');
    const ofThem = carriers === 0 ? '' : `, about ${carriers} of them lately for TXT or NULL`;
    return `${counted(trails.total(row), 'direct query packet')} to ${servers} (${namedServers(trails.samples(row))}) blocked${ofThem}`;
  }
}

/** `198.51.100.7, 198.51.100.8, …`: the servers of some events. */
export function namedServers(events: readonly ToldEvent[]): string {
  const servers = new Set<Address>();
  for (const event of events) {
    if ('server' in event && event.server !== undefined) servers.add(event.server);
  }
  const named = [...servers].slice(0, 3).map(formatAddress);
  return named.length === 0 ? 'not known' : named.join(', ') + (servers.size > 3 ? ', …' : '');
}
