import { counted } from '../../core/words.ts';
import { formatName, type Name } from '../../dns/name.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import { hashText } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { HostTrails } from '../host-trails.ts';
import { domainStart, isReverseName, isSingleLabel, looksEncoded, looksGenerated } from '../name-shape.ts';
import { isCarrier } from '../query-type.ts';
import { combineWeights, ramp, saturate } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

/** Virus scanners ask so about files, content networks name their machines so: a suspicion, no more. */
const MOST_FOR_ENCODED = 0.15;
/** Clients that look for policies and keys of mail ask for TXT, a few a day. */
const MOST_FOR_CARRIERS = 0.1;
/** Bursts of domains that look drawn by lot, as far as queries alone can tell: a log may not say that they do not exist. */
const MOST_FOR_DRAWN = 0.45;
const DRAWN_WINDOW_MS = 1_800_000;

const CARRIERS = 1;
/** Most encoded names below one domain lately. */
const ENCODED = 2;
/** Most domains within two windows that look drawn by lot. */
const DRAWN = 3;

const DOMAIN = 0;
const DOMAIN_VOTES = 1;

/** Names that look like data, ever new ones below one domain, and many queries for TXT: whichever server is asked. */
export class OddNames extends TrailDetector {
  readonly kind = 'odd-names';
  readonly takes = ['query', 'verdict'] as const;
  readonly #seed: number;
  readonly #names: DistinctSketch;
  readonly #drawn: DistinctSketch;
  readonly #scratch = new Uint8Array(256);

  constructor(halfLifeMs: number, seed: number) {
    const names = new DistinctSketch(256, halfLifeMs);
    const drawn = new DistinctSketch(64, DRAWN_WINDOW_MS);
    super(new HostTrails(halfLifeMs, 3, 2, [names, drawn]));
    this.#seed = seed;
    this.#names = names;
    this.#drawn = drawn;
  }

  observe(host: number, event: HostEvent): void {
    if ((event.kind !== 'query' && event.kind !== 'verdict') || event.name === undefined) return;
    const { name } = event;
    const isForData = isCarrier(event.type) && !isReverseName(name) && !name.includes('_');
    const isEncoded = looksEncoded(name, this.#scratch);
    const start = domainStart(name);
    const isDrawn = !isSingleLabel(name) && looksGenerated(name, start);
    if (!isForData && !isEncoded && !isDrawn) return;
    const { trails } = this;
    const row = trails.note(host, event);
    trails.sample(row, event);
    if (isForData) trails.add(row, CARRIERS);
    if (isDrawn && this.#drawn.add(row, hashText(name, this.#seed, start), event.atMs)) {
      trails.raise(row, DRAWN, this.#drawn.count(row));
    }
    if (isEncoded && this.#isOfDomain(row, name)) {
      this.#names.add(row, hashText(name, this.#seed), event.atMs);
      trails.raise(row, ENCODED, this.#names.count(row));
    }
  }

  protected weightThen(row: number): number {
    return combineWeights([
      MOST_FOR_ENCODED * ramp(this.trails.counter(row, ENCODED), 8, 40),
      MOST_FOR_DRAWN * ramp(this.trails.counter(row, DRAWN), 8, 30),
      MOST_FOR_CARRIERS * saturate(this.trails.counter(row, CARRIERS) - 3, 10),
    ]);
  }

  protected line(row: number): string {
    const { trails } = this;
    const encoded = Math.round(trails.counter(row, ENCODED));
    const carriers = Math.round(trails.counter(row, CARRIERS));
    const parts: string[] = [];
    if (encoded > 0)
      parts.push(`asked for about ${counted(encoded, 'name')} that look like encoded data${this.#belowWhat(row)}`);
    if (carriers > 0) parts.push(`sent about ${counted(carriers, 'query', 'queries')} for TXT or NULL lately`);
    const drawn = Math.round(trails.counter(row, DRAWN));
    if (drawn > 0) parts.push(`asked for about ${counted(drawn, 'domain')} that look drawn by lot`);
    return `a suspicion: ${parts.join(', ')}; programs that protect from viruses do so, too`;
  }

  #belowWhat(row: number): string {
    for (const event of this.trails.samples(row)) {
      if (!('name' in event) || event.name === undefined) continue;
      const start = domainStart(event.name);
      if (hashText(event.name, this.#seed, start) === this.trails.figure(row, DOMAIN)) {
        return ` below ${formatName(event.name.slice(start) as Name)}`;
      }
    }
    return '';
  }

  /** Whether the name is below the domain that has most of the encoded names, as a majority vote has it (Boyer and Moore). */
  #isOfDomain(row: number, name: Name): boolean {
    const { trails } = this;
    const domain = hashText(name, this.#seed, domainStart(name));
    const votes = trails.figure(row, DOMAIN_VOTES);
    if (votes > 0 && trails.figure(row, DOMAIN) !== domain) {
      trails.setFigure(row, DOMAIN_VOTES, votes - 1);
      return false;
    }
    if (votes === 0) {
      trails.setFigure(row, DOMAIN, domain);
      this.#names.clear(row);
    }
    trails.setFigure(row, DOMAIN_VOTES, votes + 1);
    return true;
  }
}
