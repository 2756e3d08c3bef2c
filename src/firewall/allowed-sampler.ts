import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';

/** Repeated queries that are remembered; the one told longest ago makes room. */
const MAX_REMEMBERED = 65_536;

/** Tells which allowed queries are worth an event: the same one again only after a time. */
export class AllowedSampler {
  readonly #clock: TimeSource;
  readonly #everyMs: number;
  /** When each was told last, milliseconds; the one told longest ago first. */
  readonly #toldAtMs = new Map<string, number>();

  constructor(clock: TimeSource, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  isNews(client: Address, destination: Address, queryName: Name | undefined): boolean {
    const key = `${client} ${destination} ${queryName}`;
    const nowMs = this.#clock.nowMs();
    const toldAtMs = this.#toldAtMs.get(key);
    if (toldAtMs !== undefined && nowMs - toldAtMs < this.#everyMs) return false;
    this.#toldAtMs.delete(key);
    this.#toldAtMs.set(key, nowMs);
    if (this.#toldAtMs.size > MAX_REMEMBERED) this.#toldAtMs.delete(this.#toldAtMs.keys().next().value!);
    return true;
  }
}
