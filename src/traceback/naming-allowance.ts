import type { Address } from '../core/address.ts';
import { DAY_MS, type TimeSource } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import type { Span } from './inspect-log.ts';

/** Windows of one name that lie less than this apart have one allowance. */
const APART_MS = 3_600_000;
const KEPT_MS = DAY_MS;
/** Windows that are remembered of one peer, the newest. */
const MAX_WINDOWS = 1000;

interface ToldWindow extends Span {
  readonly name: Name;
  readonly hosts: readonly Address[];
  readonly atMs: number;
}

/**
 * How many hosts may still be named to a peer: windows of a name that overlap, or lie near each other, have one allowance, or many narrow
 * ones would get around the bound of one.
 */
export class NamingAllowance {
  readonly #clock: TimeSource;
  /** By peer, each a peer of the configuration; the oldest first. */
  readonly #told = new Map<string, readonly ToldWindow[]>();

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** The hosts that were named to the peer of the name, in windows near to this one. */
  namedNear(peer: string, name: Name, { fromMs, toMs }: Span): Set<Address> {
    const isNear = (told: ToldWindow) =>
      told.name === name && told.fromMs < toMs + APART_MS && fromMs < told.toMs + APART_MS;
    return new Set(this.#live(peer).flatMap((told) => (isNear(told) ? told.hosts : [])));
  }

  note(peer: string, name: Name, { fromMs, toMs }: Span, hosts: readonly Address[]): void {
    if (hosts.length === 0) return;
    const told = [...this.#live(peer), { name, fromMs, toMs, hosts, atMs: this.#clock.nowMs() }];
    this.#told.set(peer, told.slice(-MAX_WINDOWS));
  }

  #live(peer: string): readonly ToldWindow[] {
    const sinceMs = this.#clock.nowMs() - KEPT_MS;
    return (this.#told.get(peer) ?? []).filter(({ atMs }) => atMs > sinceMs);
  }
}
