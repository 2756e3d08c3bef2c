import type { Found } from '../findings/finding.ts';
import type { BotGroup } from './bot-group.ts';
import type { CorrelationOptions, Site } from './correlation-options.ts';
import { Correlator } from './correlator.ts';
import type { HostEvent } from './host-event.ts';

/** All that was found in events of the past. */
export interface ReplayOutcome {
  readonly events: number;
  /** Events left out since their time cannot be right. */
  readonly tooLate: number;
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
/** A round looks at all hosts, and waits for one event to so many of them: else each line of a file whose clock jumps would make one. */
const HOSTS_PER_EVENT = 16;
/** The oldest go. */
const MAX_FOUND = 100_000;

/** Events of the past through a correlator, as if they happened now: findings are looked for again and again in the time of the events. */
export class Replay {
  readonly #correlator: Correlator;
  readonly #found = new Map<string, Found>();
  readonly #groups = new Map<string, BotGroup>();
  readonly #latestMs: number;
  #events = 0;
  #tooLate = 0;
  #sinceRound = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Of the event before. */
  #nowMs = 0;
  /** Of the event that the last round, or the beginning, came with. */
  #roundMs = 0;

  /** Events after `latestMs` are left out, and counted. */
  constructor(options: CorrelationOptions, site: Site, latestMs = Number.POSITIVE_INFINITY) {
    this.#correlator = new Correlator(options, site);
    this.#latestMs = latestMs;
  }

  /** Takes an event; they come in order of time, but for some. */
  observe(event: HostEvent): void {
    const { atMs } = event;
    if (atMs > this.#latestMs) {
      this.#tooLate++;
      return;
    }
    if (this.#events === 0) this.#roundMs = atMs;
    if (this.#isDue(atMs)) {
      // What there was before a jump of the clock is looked for in its own time.
      this.#round(this.#nowMs);
      this.#roundMs = atMs;
    }
    this.#nowMs = atMs;
    this.#events++;
    this.#sinceRound++;
    if (atMs < this.#firstMs) this.#firstMs = atMs;
    if (atMs > this.#lastMs) this.#lastMs = atMs;
    this.#correlator.observe(event);
  }

  /** To be called when there are no more events. */
  finish(): ReplayOutcome {
    const isEmpty = this.#events === 0;
    if (!isEmpty) this.#round(this.#nowMs);
    return {
      events: this.#events,
      tooLate: this.#tooLate,
      firstAtMs: isEmpty ? undefined : this.#firstMs,
      lastAtMs: isEmpty ? undefined : this.#lastMs,
      found: [...this.#found.values()],
      groups: [...this.#groups.values()],
    };
  }

  #isDue(atMs: number): boolean {
    if (Math.abs(atMs - this.#roundMs) < ROUND_MS) return false;
    return this.#sinceRound * HOSTS_PER_EVENT >= this.#correlator.figures.hosts;
  }

  #round(atMs: number): void {
    this.#sinceRound = 0;
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
