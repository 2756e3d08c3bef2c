import { percent } from '../../core/words.ts';
import type { AnswerMemory } from '../answer-memory.ts';
import { DistinctSketch } from '../distinct-sketch.ts';
import { hashAddress } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { HEAT, HostTrails } from '../host-trails.ts';
import { ramp } from '../weights.ts';
import { TrailDetector } from './trail-detector.ts';

/** Programs that exchange data with each other, and browsers that resolve over HTTPS, do so too. */
const MOST = 0.5;
/** Some programs have a handful of addresses written in them. */
const FEW_DESTINATIONS = 10;
const MANY_DESTINATIONS = 60;

const AT_ONCE = 1;
const WITHIN_TTL = 2;
const EARLIER = 3;

/** TCP connections begun to addresses that no DNS answer to the host has named (paper 5). */
export class SynsWithoutAnswer extends TrailDetector {
  readonly kind = 'syns-without-answer';
  readonly takes = ['syn'] as const;
  readonly #seed: number;
  readonly #answers: AnswerMemory;
  readonly #destinations: DistinctSketch;

  constructor(halfLifeMs: number, seed: number, answers: AnswerMemory) {
    const destinations = new DistinctSketch(256, halfLifeMs);
    super(new HostTrails(halfLifeMs, 3, 0, [destinations]));
    this.#seed = seed;
    this.#answers = answers;
    this.#destinations = destinations;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind !== 'syn' || !this.#answers.hasAnswers(host)) return;
    const { trails } = this;
    const standing = this.#answers.standing(host, event.destination, event.atMs);
    if (standing === 'never') {
      const row = trails.note(host, event);
      if (this.#destinations.add(row, hashAddress(event.destination, this.#seed), event.atMs))
        trails.sample(row, event);
      return;
    }
    // What came before the first without an answer is left out: most hosts never need a row.
    const row = trails.rowOf(host);
    if (row < 0) return;
    trails.add(row, standing === 'at-once' ? AT_ONCE : standing === 'within-ttl' ? WITHIN_TTL : EARLIER);
  }

  protected weightThen(row: number): number {
    const destinations = this.#destinations.count(row);
    return MOST * ramp(destinations, FEW_DESTINATIONS, MANY_DESTINATIONS) * ramp(this.#share(row), 0.3, 0.8);
  }

  protected line(row: number): string {
    const { trails } = this;
    const named = [AT_ONCE, WITHIN_TTL, EARLIER].map((counter) => Math.round(trails.counter(row, counter)));
    return (
      `began ${trails.total(row)} TCP connections to about ${this.#destinations.count(row)} addresses that no DNS answer to it had named` +
      ` (${percent(this.#share(row))} of its connections; of the others about ${named[0]} came within a second of the answer,` +
      ` ${named[1]} within its TTL, ${named[2]} later)`
    );
  }

  #share(row: number): number {
    const { trails } = this;
    const never = trails.counter(row, HEAT);
    const named = trails.counter(row, AT_ONCE) + trails.counter(row, WITHIN_TTL) + trails.counter(row, EARLIER);
    return never / (never + named);
  }
}
