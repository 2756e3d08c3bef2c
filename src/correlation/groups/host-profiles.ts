import { JOINS, natureOf, periodOf } from './nature.ts';
import type { PairTable } from './pair-table.ts';
import { rarity } from './rarity.ts';
import { ServerUnits } from './server-units.ts';
import type { Suspect } from './suspect.ts';

/** What of a host may join it to others: by the number of a server, or of a rhythm (negative), how much it does, 0 to 1. */
export type Profile = ReadonlyMap<number, number>;

/** What is known of features among the suspects, by their numbers. */
export class SuspectFeatures {
  readonly #pairs: PairTable;
  readonly #suspects: Int32Array;
  readonly #scores: Float32Array;
  readonly units: ServerUnits;

  constructor(pairs: PairTable) {
    this.#pairs = pairs;
    this.#suspects = new Int32Array(pairs.features.lastFeature + 1);
    this.#scores = new Float32Array(pairs.features.lastFeature + 1);
    this.units = new ServerUnits(pairs.features);
  }

  count(feature: number, score: number): void {
    // What came after the beginning is for the next time.
    if (feature >= this.#suspects.length) return;
    this.#suspects[feature]!++;
    this.#scores[feature]! += score;
  }

  suspects(feature: number): number {
    return this.#suspects[feature] ?? 0;
  }

  /** 0 to 1 (rarity.ts); 0 of what no suspect had at the beginning. */
  rarity(feature: number): number {
    const suspects = this.suspects(feature);
    if (suspects === 0) return 0;
    const { features, hostCount } = this.#pairs;
    // Some may have gone since the suspects were counted.
    const hosts = Math.max(suspects, features.hosts(feature));
    return rarity(hosts, suspects, this.#scores[feature]!, hostCount);
  }

  join(feature: number): void {
    if (this.rarity(feature) > 0) this.units.join(feature, (domain) => this.rarity(domain) > 0);
  }
}

/** What joins a host least is left out beyond these: nobody needs hundreds of reasons. */
const MAX_SERVERS = 32;
const MIN_STRENGTH = 0.05;
/** A rhythm is a third of an octave wide. */
const RHYTHM_STEPS_PER_OCTAVE = 3;
/** How much it joins: only beside others, since all sorts of programs come back every hour. */
export const RHYTHM_STRENGTH = 0.15;

/** The number under which a rhythm of this period stands in a profile. */
export function rhythmNumber(periodSeconds: number): number {
  return -1 - Math.round(Math.log2(periodSeconds) * RHYTHM_STEPS_PER_OCTAVE);
}

/** The period that stands for a rhythm number, seconds. */
export function rhythmSeconds(rhythm: number): number {
  return 2 ** ((-1 - rhythm) / RHYTHM_STEPS_PER_OCTAVE);
}

/** Counts the features of a suspect; returns the pairs it looked at. */
export function countFeatures(pairs: PairTable, suspect: Suspect, known: SuspectFeatures): number {
  return eachPair(pairs, suspect, (pair) => known.count(pairs.featureOf(pair), suspect.score));
}

/** Ties the features of a suspect to servers; returns the pairs it looked at. */
export function joinFeatures(pairs: PairTable, suspect: Suspect, known: SuspectFeatures): number {
  return eachPair(pairs, suspect, (pair) => known.join(pairs.featureOf(pair)));
}

/** The profile of a suspect, once all are counted and tied. */
export function profileOf(pairs: PairTable, suspect: Suspect, known: SuspectFeatures): Profile {
  const servers = new Map<number, number>();
  const rhythms = new Map<number, number>();
  eachPair(pairs, suspect, (pair) => {
    const feature = pairs.featureOf(pair);
    const rare = known.rarity(feature);
    const strength = rare === 0 ? 0 : rare * JOINS[natureOf(pairs, pair)];
    if (strength < MIN_STRENGTH) return;
    const unit = known.units.unitOf(feature);
    servers.set(unit, Math.max(strength, servers.get(unit) ?? 0));
    const period = periodOf(pairs, pair);
    if (period !== undefined) rhythms.set(rhythmNumber(period), RHYTHM_STRENGTH);
  });
  const heaviest = [...servers].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, MAX_SERVERS);
  return new Map([...heaviest, ...[...rhythms].slice(0, MAX_SERVERS)]);
}

/** Calls `take` for each pair of a suspect, unless its number is another host's by now; returns how many there were. */
export function eachPair(pairs: PairTable, suspect: Suspect, take: (pair: number) => void): number {
  if (pairs.generation(suspect.host) !== suspect.generation) return 0;
  let count = 0;
  for (let pair = pairs.firstPair(suspect.host); pair !== 0; pair = pairs.next(pair)) {
    take(pair);
    count++;
  }
  return count;
}
