import type { Clock } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import type { Lesson } from './ns-triple.ts';

/** A lesson that lacks its address. */
export type Glueless = Omit<Lesson, 'address' | 'glueTtlSeconds'>;

export interface AwaitingGlueOptions {
  /** How long an NS record without glue waits for an address (paper 3: two seconds), milliseconds. */
  readonly timeMs: number;
  /** The most NS records that wait at once; beyond it they are not kept. */
  readonly size: number;
}

/** NS records that came without glue, waiting for an A or AAAA answer for the name server's name. */
export class AwaitingGlue {
  readonly #clock: Clock;
  readonly #options: AwaitingGlueOptions;
  /** By name server, then by zone; the outer order is that of the newest sighting. */
  readonly #waiting = new Map<Name, Map<Name, Glueless>>();
  #size = 0;
  #refused = 0;

  constructor(clock: Clock, options: AwaitingGlueOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  /** NS records that found no room. */
  get refused(): number {
    return this.#refused;
  }

  add(glueless: Glueless): void {
    this.#dropOverdue();
    const zones = this.#waiting.get(glueless.nameServer) ?? new Map<Name, Glueless>();
    if (!zones.has(glueless.zone)) {
      if (this.#size >= this.#options.size) {
        this.#refused++;
        return;
      }
      this.#size++;
    }
    zones.set(glueless.zone, glueless);
    this.#waiting.delete(glueless.nameServer);
    this.#waiting.set(glueless.nameServer, zones);
  }

  /** The NS records that name `nameServer` and still wait. They go on waiting: a second address may come. */
  waitingFor(nameServer: Name): readonly Glueless[] {
    this.#dropOverdue();
    return [...(this.#waiting.get(nameServer)?.values() ?? [])].filter((glueless) => !this.#isOverdue(glueless));
  }

  #isOverdue(glueless: Glueless): boolean {
    return glueless.responseAtMs < this.#clock.nowMs() - this.#options.timeMs;
  }

  #dropOverdue(): void {
    for (const [nameServer, zones] of this.#waiting) {
      for (const [zone, glueless] of zones) {
        if (!this.#isOverdue(glueless)) continue;
        zones.delete(zone);
        this.#size--;
      }
      if (zones.size > 0) return;
      this.#waiting.delete(nameServer);
    }
  }
}
