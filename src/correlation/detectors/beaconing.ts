import { type Address, formatAddress } from '../../core/address.ts';
import { percent } from '../../core/words.ts';
import { formatName, type Name } from '../../dns/name.ts';
import { MAX_SAMPLES } from '../../findings/finding.ts';
import type { AnswerMemory } from '../answer-memory.ts';
import type { Detector, Evidence } from '../detector.ts';
import { isDirectQuery } from '../direct-query.ts';
import { endText } from '../event-text.ts';
import { grown } from '../grown.ts';
import { hashAddress, hashText, mixBits } from '../hashing.ts';
import type { HostEvent } from '../host-event.ts';
import { ReturnSketch } from '../return-sketch.ts';
import { leftAfter, ramp } from '../weights.ts';
import { LEAST_WEIGHT } from './trail-detector.ts';

/** Clients of mail, time, updates and telemetry call home all day, by name. */
const MOST_BY_NAME = 0.3;
/** To an address that no answer named, or with DNS itself. */
const MOST_BY_ADDRESS = 0.45;
/** Contacts that follow sooner belong to the one before: several connections at once, A with AAAA. */
const SAME_BEAT_MS = 5000;
/** A beat may come this much too early or late, as a share of the period: bots that hide use up to a third. */
const JITTER = 0.35;
/** After missed beats, or some that went to another address of the same master. Of gaps by chance a third pass in all. */
const JITTER_AFTER_MISSED = 0.2;
const MOST_MISSED = 3;
/** Fewer beats, or fewer of them in time, are chance. */
const FEW_BEATS = 4;
const MANY_BEATS = 12;
const LEAST_SHARE = 0.7;
const SHORT_MS = 1_800_000;
const LONG_MS = 3 * 3_600_000;

/** Contacts of a host that are followed at once. */
const SLOTS = 12;
const LAST = 0;
const FIRST = 1;
const PERIOD = 2;
const BEATS = 3;
const MISSES = 4;
/** The port of a connection, or one of the next two. */
const WHAT = 5;
const WIDTH = 6;
const A_SERVER = -1;
const A_NAME = -2;

/**
 * Contacts at regular intervals, through hours, with jitter and missed beats. By itself it only says that a program and not a person
 * is at work; that others do the same, and nobody else does, is for the groups to say.
 */
export class Beaconing implements Detector {
  readonly kind = 'beaconing';
  readonly takes = ['query', 'verdict', 'syn'] as const;
  readonly #halfLifeMs: number;
  readonly #seed: number;
  readonly #answers: AnswerMemory;
  readonly #returns = new ReturnSketch();
  /** Hash of the contact in each slot of each host; 0: free. */
  #keys = new Uint32Array(0);
  #values = new Float64Array(0);
  /** The address or the name of each slot. */
  readonly #subjects: (Address | Name | undefined)[] = [];

  constructor(halfLifeMs: number, seed: number, answers: AnswerMemory) {
    this.#halfLifeMs = halfLifeMs;
    this.#seed = seed;
    this.#answers = answers;
  }

  observe(host: number, event: HostEvent): void {
    if (event.kind === 'syn') {
      const key = (hashAddress(event.destination, this.#seed) ^ mixBits(event.port)) >>> 0;
      this.#contact(host, key, event.destination, event.port, event.atMs);
    } else if (isDirectQuery(event)) {
      const { server } = event;
      this.#contact(host, hashAddress(server, this.#seed + 1), server, A_SERVER, event.atMs);
    } else if (event.kind === 'query') {
      this.#contact(host, hashText(event.name, this.#seed), event.name, A_NAME, event.atMs);
    }
  }

  weight(host: number, nowMs: number): number {
    const from = host * SLOTS;
    if (from >= this.#keys.length) return 0;
    let most = 0;
    for (let slot = from; slot < from + SLOTS; slot++) most = Math.max(most, this.#slotWeight(host, slot, nowMs));
    return most < LEAST_WEIGHT ? 0 : most;
  }

  evidence(host: number, nowMs: number): Evidence | undefined {
    const weight = this.weight(host, nowMs);
    if (weight === 0) return undefined;
    const slots = Array.from({ length: SLOTS }, (_, index) => host * SLOTS + index)
      .map((slot) => ({ slot, weight: this.#slotWeight(host, slot, nowMs) }))
      .filter((regular) => regular.weight >= LEAST_WEIGHT)
      .sort((a, b) => b.weight - a.weight)
      .map(({ slot }) => slot);
    const best = slots[0]!;
    const more = slots.length > 1 ? `; ${slots.length - 1} more so` : '';
    return {
      kind: this.kind,
      weight,
      line: `${this.#slotText(best)}, ${percent(this.#share(best))} of ${this.#beats(best)} times in time${more}`,
      events: slots.reduce((sum, slot) => sum + this.#beats(slot) + 1, 0),
      firstAtMs: Math.min(...slots.map((slot) => this.#value(slot, FIRST))),
      lastAtMs: Math.max(...slots.map((slot) => this.#value(slot, LAST))),
      samples: slots
        .slice(0, MAX_SAMPLES)
        .map((slot) => ({ atMs: this.#value(slot, LAST), text: this.#slotText(slot) })),
    };
  }

  forget(host: number): void {
    this.#returns.forget(host);
    const from = host * SLOTS;
    if (from >= this.#keys.length) return;
    this.#keys.fill(0, from, from + SLOTS);
    this.#values.fill(0, from * WIDTH, (from + SLOTS) * WIDTH);
    this.#subjects.fill(undefined, from, from + SLOTS);
  }

  #contact(host: number, hash: number, subject: Address | Name, what: number, atMs: number): void {
    const key = hash === 0 ? 1 : hash;
    const from = host * SLOTS;
    if (from + SLOTS > this.#keys.length) this.#grow(host + 1);
    for (let slot = from; slot < from + SLOTS; slot++) {
      if (this.#keys[slot] !== key) continue;
      this.#beat(slot * WIDTH, atMs);
      return;
    }
    if (!this.#returns.isReturn(host, key, atMs)) return;
    const slot = this.#slotFor(from, atMs);
    const at = slot * WIDTH;
    this.#keys[slot] = key;
    this.#subjects[slot] = subject;
    this.#values.fill(0, at, at + WIDTH);
    this.#values[at + LAST] = atMs;
    this.#values[at + FIRST] = atMs;
    this.#values[at + WHAT] = what;
  }

  #beat(at: number, atMs: number): void {
    const values = this.#values;
    const gapMs = atMs - values[at + LAST]!;
    if (gapMs >= 0 && gapMs < SAME_BEAT_MS) return;
    const period = values[at + PERIOD]!;
    values[at + LAST] = atMs;
    // The clock went back: begin anew, or gaps mean nothing.
    if (gapMs < 0 || period === 0) {
      this.#restart(at, atMs, gapMs);
      return;
    }
    const beats = Math.max(1, Math.round(gapMs / period));
    const allowed = beats === 1 ? JITTER : JITTER_AFTER_MISSED;
    if (beats <= 1 + MOST_MISSED && Math.abs(gapMs - beats * period) <= allowed * period) {
      values[at + BEATS]!++;
      // The mean of the first beats, later one that follows slowly.
      values[at + PERIOD] = period + (gapMs / beats - period) / Math.min(values[at + BEATS]! + 1, 16);
      return;
    }
    values[at + MISSES]!++;
    if (values[at + MISSES]! > values[at + BEATS]! + 1) this.#restart(at, atMs, gapMs);
  }

  #restart(at: number, atMs: number, gapMs: number): void {
    this.#values[at + FIRST] = gapMs > 0 ? atMs - gapMs : atMs;
    this.#values[at + PERIOD] = Math.max(0, gapMs);
    this.#values[at + BEATS] = 0;
    this.#values[at + MISSES] = 0;
  }

  /** A free slot, else that of the contact which promises least: not yet regular and longest not seen. */
  #slotFor(from: number, atMs: number): number {
    let worst = from;
    let worstPromise = Number.POSITIVE_INFINITY;
    for (let slot = from; slot < from + SLOTS; slot++) {
      if (this.#keys[slot] === 0) return slot;
      const at = slot * WIDTH;
      const ageMs = atMs - this.#values[at + LAST]!;
      const isDue = this.#values[at + BEATS]! >= 2 && ageMs <= (2 + MOST_MISSED) * this.#values[at + PERIOD]!;
      const promise = (isDue ? this.#values[at + BEATS]! * LONG_MS : 0) - ageMs;
      if (promise >= worstPromise) continue;
      worst = slot;
      worstPromise = promise;
    }
    return worst;
  }

  #slotWeight(host: number, slot: number, nowMs: number): number {
    const at = slot * WIDTH;
    const beats = this.#values[at + BEATS]!;
    if (this.#keys[slot] === 0 || beats < FEW_BEATS) return 0;
    const lastMs = this.#values[at + LAST]!;
    return (
      this.#most(host, slot) *
      ramp(beats, FEW_BEATS, MANY_BEATS) *
      ramp(this.#share(slot), LEAST_SHARE, 0.95) *
      ramp(lastMs - this.#values[at + FIRST]!, SHORT_MS, LONG_MS) *
      leftAfter(nowMs - lastMs, this.#halfLifeMs)
    );
  }

  #most(host: number, slot: number): number {
    const what = this.#value(slot, WHAT);
    if (what === A_NAME) return MOST_BY_NAME;
    if (what === A_SERVER) return MOST_BY_ADDRESS;
    if (!this.#answers.hasAnswers(host)) return MOST_BY_NAME;
    const standing = this.#answers.standing(host, this.#subjects[slot] as Address, this.#value(slot, LAST));
    return standing === 'never' ? MOST_BY_ADDRESS : MOST_BY_NAME;
  }

  #share(slot: number): number {
    const beats = this.#value(slot, BEATS);
    return beats / (beats + this.#value(slot, MISSES));
  }

  #beats(slot: number): number {
    return this.#value(slot, BEATS) + this.#value(slot, MISSES);
  }

  #slotText(slot: number): string {
    const period = durationText(this.#value(slot, PERIOD));
    const what = this.#value(slot, WHAT);
    const subject = this.#subjects[slot]!;
    if (what === A_NAME) return `asked for ${formatName(subject as Name)} every ${period}`;
    if (what === A_SERVER) return `asked the DNS server ${formatAddress(subject as Address)} every ${period}`;
    return `began a TCP connection to ${endText(subject as Address, what)} every ${period}`;
  }

  #value(slot: number, what: number): number {
    return this.#values[slot * WIDTH + what]!;
  }

  #grow(hosts: number): void {
    this.#keys = grown(this.#keys, hosts * SLOTS);
    this.#values = grown(this.#values, this.#keys.length * WIDTH);
    while (this.#subjects.length < this.#keys.length) this.#subjects.push(undefined);
  }
}

function durationText(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
