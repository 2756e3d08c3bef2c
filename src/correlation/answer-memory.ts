import type { Address } from '../core/address.ts';
import { DistinctSketch } from './distinct-sketch.ts';
import { grown } from './grown.ts';
import { hashAddress } from './hashing.ts';
import type { AnswerSeen } from './host-event.ts';

/** The newest addresses that answers named to a host, looked at one by one. */
const RECENT = 16;
/** How long clients are taken to remember what they were told: browsers and connection pools go far beyond the TTL. */
const REMEMBERED_MS = 12 * 3_600_000;
/** Within it, paper 5 says, a connection follows its answer. */
const AT_ONCE_MS = 1000;
/** As long a resolved address counts as just resolved. */
const JUST_RESOLVED_MS = 3_600_000;
/** Where no TTL is known. */
const USUAL_TTL_SECONDS = 300;
/** One answer may name thousands of addresses. */
const MOST_OF_ANSWER = 32;

/** How an address stands with a host: named by an answer within the last second, within its TTL, lately, or never. */
export type AnswerStanding = 'at-once' | 'within-ttl' | 'earlier' | 'never';

/**
 * The addresses that answers named to each host. The newest are kept with their times; the others as bits, in which an address may
 * be seen that was none: so a connection is rather taken for an honest one.
 */
export class AnswerMemory {
  readonly #seed: number;
  readonly #ever = new DistinctSketch(1024, REMEMBERED_MS);
  #answers = new Uint32Array(0);
  #hashes = new Uint32Array(0);
  #atMs = new Float64Array(0);
  /** Negative where the answer came from a server asked directly. */
  #untilMs = new Float64Array(0);

  constructor(seed: number) {
    this.#seed = seed;
  }

  note(host: number, { addresses, atMs, ttlSeconds, isDirect }: AnswerSeen): void {
    this.#answers = grown(this.#answers, host + 1);
    this.#answers[host]!++;
    if (addresses.length === 0) return;
    if ((host + 1) * RECENT > this.#hashes.length) this.#grow();
    const untilMs = atMs + (ttlSeconds ?? USUAL_TTL_SECONDS) * 1000;
    for (let index = 0; index < addresses.length && index < MOST_OF_ANSWER; index++) {
      const hash = hashAddress(addresses[index]!, this.#seed);
      this.#ever.add(host, hash, atMs);
      const place = this.#placeFor(host, hash);
      this.#hashes[place] = hash;
      this.#atMs[place] = atMs;
      this.#untilMs[place] = isDirect ? -untilMs : untilMs;
    }
  }

  /** Whether answers to this host are seen at all. Without them nothing can be said of what it does without one. */
  hasAnswers(host: number): boolean {
    return (this.#answers[host] ?? 0) > 0;
  }

  standing(host: number, address: Address, atMs: number): AnswerStanding {
    const hash = hashAddress(address, this.#seed);
    const place = this.#find(host, hash);
    if (place >= 0) {
      const ageMs = atMs - this.#atMs[place]!;
      if (ageMs >= 0 && ageMs <= AT_ONCE_MS) return 'at-once';
      return atMs <= Math.abs(this.#untilMs[place]!) ? 'within-ttl' : 'earlier';
    }
    return this.#ever.has(host, hash) ? 'earlier' : 'never';
  }

  /** A resolver that may be asked has just told the host this address: of a query straight to it, "indirect outbound" (Morto). */
  isJustResolved(host: number, address: Address, atMs: number): boolean {
    const place = this.#find(host, hashAddress(address, this.#seed));
    return place >= 0 && this.#untilMs[place]! > 0 && Math.abs(atMs - this.#atMs[place]!) <= JUST_RESOLVED_MS;
  }

  forget(host: number): void {
    if (host < this.#answers.length) this.#answers[host] = 0;
    this.#ever.clear(host);
    const from = host * RECENT;
    if (from >= this.#hashes.length) return;
    this.#hashes.fill(0, from, from + RECENT);
    this.#atMs.fill(0, from, from + RECENT);
    this.#untilMs.fill(0, from, from + RECENT);
  }

  #find(host: number, hash: number): number {
    const from = host * RECENT;
    if (from >= this.#hashes.length) return -1;
    for (let place = from; place < from + RECENT; place++) {
      if (this.#hashes[place] === hash && this.#untilMs[place] !== 0) return place;
    }
    return -1;
  }

  /** The place that the address has, or that of the oldest. */
  #placeFor(host: number, hash: number): number {
    const from = host * RECENT;
    let oldest = from;
    for (let place = from; place < from + RECENT; place++) {
      if (this.#hashes[place] === hash) return place;
      if (this.#atMs[place]! < this.#atMs[oldest]!) oldest = place;
    }
    return oldest;
  }

  #grow(): void {
    this.#hashes = grown(this.#hashes, this.#answers.length * RECENT);
    this.#atMs = grown(this.#atMs, this.#answers.length * RECENT);
    this.#untilMs = grown(this.#untilMs, this.#answers.length * RECENT);
  }
}
