import type { TimeSource } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import type { Lesson } from './ns-triple.ts';

/** A lesson that lacks its address. */
export type Glueless = Omit<Lesson, 'address' | 'glueTtlSeconds'>;

export interface AwaitingGlueOptions {
  /** How long an NS record without glue waits for an address (Ichise et al.: two seconds), milliseconds. */
  readonly timeMs: number;
  /** The most NS records that wait at once; beyond it they are not kept. */
  readonly size: number;
}

/** Zones that wait for one name server at once: its address, when it comes, completes them all in one turn. */
const MAX_ZONES = 256;

/** NS records that came without glue, waiting for an A or AAAA answer for the name server's name. */
export class AwaitingGlue {
  readonly #clock: TimeSource;
  readonly #options: AwaitingGlueOptions;
  /** By zone and name server, in order of time. */
  readonly #waiting = new Map<string, Glueless>();
  readonly #byNameServer = new Map<Name, Set<Glueless>>();
  #refused = 0;

  constructor(clock: TimeSource, options: AwaitingGlueOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** NS records that found no room. */
  get refused(): number {
    return this.#refused;
  }

  add(glueless: Glueless): void {
    this.#dropOverdue();
    const key = glueless.zone + glueless.nameServer;
    const held = this.#waiting.get(key);
    if (held !== undefined) this.#remove(key, held);
    const siblings = this.#byNameServer.get(glueless.nameServer);
    if (this.#waiting.size >= this.#options.size || (siblings?.size ?? 0) >= MAX_ZONES) {
      this.#refused++;
      return;
    }
    this.#waiting.set(key, glueless);
    if (siblings === undefined) this.#byNameServer.set(glueless.nameServer, new Set([glueless]));
    else siblings.add(glueless);
  }

  /** The NS records that name `nameServer` and still wait. They go on waiting: a second address may come. */
  waitingFor(nameServer: Name): readonly Glueless[] {
    this.#dropOverdue();
    return [...(this.#byNameServer.get(nameServer) ?? [])];
  }

  #remove(key: string, glueless: Glueless): void {
    this.#waiting.delete(key);
    const siblings = this.#byNameServer.get(glueless.nameServer);
    siblings?.delete(glueless);
    if (siblings?.size === 0) this.#byNameServer.delete(glueless.nameServer);
  }

  #dropOverdue(): void {
    const oldestMs = this.#clock.nowMs() - this.#options.timeMs;
    for (const [key, glueless] of this.#waiting) {
      if (glueless.responseAtMs >= oldestMs) return;
      this.#remove(key, glueless);
    }
  }
}
