import type { Found } from '../findings/finding.ts';
import type { BotGroup } from './bot-group.ts';
import type { CorrelationOptions, Site } from './correlation-options.ts';
import { Correlator } from './correlator.ts';
import type { HostEvent } from './host-event.ts';

/** All that was found in events of the past. */
export interface ReplayOutcome {
  readonly events: number;
  /** Milliseconds since the epoch; undefined: there was no event. */
  readonly firstAtMs: number | undefined;
  readonly lastAtMs: number | undefined;
  /** Each finding of any round once, as it was found last. */
  readonly found: readonly Found[];
  /** Each group of any round, as it was last; those that were there last come last. */
  readonly groups: readonly BotGroup[];
}

/** Evidence does not decay much in this time. */
const ROUND_MS = 30 * 60_000;
/** Clocks jump: no more rounds in a time without events. */
const MAX_ROUNDS_IN_A_ROW = 4;
/** The oldest go. */
const MAX_FOUND = 100_000;

/** Events of the past through a correlator, as if they happened now: findings are looked for again and again in the time of the events. */
export class Replay {
  readonly #correlator: Correlator;
  readonly #found = new Map<string, Found>();
  readonly #groups = new Map<string, BotGroup>();
  #events = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(options: CorrelationOptions, site: Site) {
    this.#correlator = new Correlator(options, site);
  }

  /** Takes an event; they come in order of time, but for some. */
  observe(event: HostEvent): void {
    const { atMs } = event;
    if (atMs >= this.#nextMs) this.#passTime(atMs);
    this.#events++;
    if (atMs < this.#firstMs) this.#firstMs = atMs;
    if (atMs > this.#lastMs) this.#lastMs = atMs;
    this.#correlator.observe(event);
  }

  /** To be called when there are no more events. */
  finish(): ReplayOutcome {
    const isEmpty = this.#events === 0;
    if (!isEmpty) this.#round(this.#lastMs);
    return {
      events: this.#events,
      firstAtMs: isEmpty ? undefined : this.#firstMs,
      lastAtMs: isEmpty ? undefined : this.#lastMs,
      found: [...this.#found.values()],
      groups: [...this.#groups.values()],
    };
  }

  #passTime(atMs: number): void {
    const isFirst = this.#events === 0;
    for (let rounds = 0; !isFirst && this.#nextMs <= atMs && rounds < MAX_ROUNDS_IN_A_ROW; rounds++) {
      this.#round(this.#nextMs);
      this.#nextMs += ROUND_MS;
    }
    if (this.#nextMs <= atMs) this.#nextMs = atMs + ROUND_MS;
  }

  #round(atMs: number): void {
    const { found, groups } = this.#run(atMs);
    for (const one of found) keep(this.#found, `${one.kind} ${one.subject}`, one);
    for (const group of groups) keep(this.#groups, group.id, group);
  }

  #run(atMs: number) {
    const steps = this.#correlator.round(atMs);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }
}

/** What was kept last goes last. */
function keep<T>(all: Map<string, T>, key: string, value: T): void {
  all.delete(key);
  all.set(key, value);
  if (all.size <= MAX_FOUND) return;
  for (const oldest of all.keys()) {
    all.delete(oldest);
    return;
  }
}
