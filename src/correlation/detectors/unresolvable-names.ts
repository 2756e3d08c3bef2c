import { percent } from '../../core/words.ts';
import { RCODE } from '../../dns/registry.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import { hashText } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { HostTrails } from '../host-trails.ts';
import { domainStart, isReverseName, isSingleLabel, looksGenerated } from '../name-shape.ts';
import { combineWeights, ramp } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

/** A burst alone may be a crawler's or a broken program's, whose names somebody once made of words. */
const MOST_FOR_ANY = 0.55;
/** Names drawn by lot, and nobody has them: no honest program does that below ever new domains. */
const MOST_FOR_GENERATED = 0.6;
const WINDOW_MS = 1_800_000;
/** Typing errors, dead links and old bookmarks of an hour. */
const FEW_DOMAINS = 6;
const MANY_DOMAINS = 20;

/** The heaviest burst lately, 0 to 1. */
const BURST = 1;
const FAILED = 2;
const ANSWERED = 3;
const DOMAINS = 4;
const GENERATED = 5;

/**
 * Bursts of names that do not exist, of many different domains: how a bot looks for the C&C of the day (domain generation). One name
 * asked again and again, or many below one domain, is something misconfigured, or a list of senders of spam.
 */
export class UnresolvableNames extends TrailDetector {
  readonly kind = 'unresolvable-names';
  readonly takes = ['answer'] as const;
  readonly #seed: number;
  readonly #missing: DistinctSketch;
  readonly #failing: DistinctSketch;

  constructor(halfLifeMs: number, seed: number) {
    const missing = new DistinctSketch(256, WINDOW_MS);
    const failing = new DistinctSketch(64, WINDOW_MS);
    super(new HostTrails(halfLifeMs, 5, 0, [missing, failing]));
    this.#seed = seed;
    this.#missing = missing;
    this.#failing = failing;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind !== 'answer') return;
    const { trails } = this;
    const isMissing = event.responseCode === RCODE.NXDOMAIN;
    if (!isMissing && event.responseCode !== RCODE.SERVFAIL) {
      const row = trails.rowOf(host);
      if (row >= 0) trails.add(row, ANSWERED);
      return;
    }
    if (isReverseName(event.name) || isSingleLabel(event.name)) return;
    const row = trails.note(host, event);
    trails.add(row, FAILED);
    const start = domainStart(event.name);
    const domain = hashText(event.name, this.#seed, start);
    if (!(isMissing ? this.#missing : this.#failing).add(row, domain, event.atMs)) return;
    trails.add(row, DOMAINS);
    if (looksGenerated(event.name, start)) trails.add(row, GENERATED);
    if (this.#domains(row) >= FEW_DOMAINS / 2) trails.sample(row, event);
    trails.raise(row, BURST, ramp(this.#domains(row), FEW_DOMAINS, MANY_DOMAINS));
  }

  /** A crawler fails often, and succeeds far more often. */
  protected weightThen(row: number): number {
    const burst = this.trails.counter(row, BURST) * ramp(this.#failedShare(row), 0, 0.2);
    return combineWeights([
      MOST_FOR_ANY * burst,
      MOST_FOR_GENERATED * burst * ramp(this.#generatedShare(row), 0.25, 0.6),
    ]);
  }

  protected line(row: number): string {
    return (
      `asked for ${this.trails.total(row)} names that do not exist or cannot be resolved (${percent(this.#failedShare(row))} of its answers),` +
      ` in the last burst of about ${this.#domains(row)} different domains; ${percent(this.#generatedShare(row))} look drawn by lot`
    );
  }

  /** A resolver that is down fails for everything: SERVFAIL counts only as far as there is NXDOMAIN. */
  #domains(row: number): number {
    const missing = this.#missing.count(row);
    return missing + Math.min(missing, this.#failing.count(row));
  }

  #generatedShare(row: number): number {
    return this.trails.counter(row, GENERATED) / Math.max(1, this.trails.counter(row, DOMAINS));
  }

  #failedShare(row: number): number {
    const failed = this.trails.counter(row, FAILED);
    return failed / (failed + this.trails.counter(row, ANSWERED));
  }
}
