import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';

const MAX_MATCHES = 10_000;
/** Cases whose hosts are remembered, hosts of all of them together, and for how long. */
const MAX_NAMED_CASES = 1024;
const MAX_NAMED_HOSTS = 100_000;
const NAMED_KEPT_MS = 3_600_000;

/** Which hosts a node named, and by which of its servers it was found. */
export interface NamedHosts {
  readonly servers: readonly string[];
  readonly hosts: ReadonlySet<Address>;
}

interface NamedCase {
  readonly byNode: Map<string, NamedHosts>;
  /** How far back each host was searched. */
  readonly lookbackMsOf: Map<Address, number>;
  readonly untilMs: number;
}

/**
 * What was said of cases that came by, and to whom, the newest of them. An `attack` is a text that says who asks about which attack of
 * which case, and a `window` also in which window: what one was told is nothing to another.
 */
export class GivenAnswers {
  readonly #clock: TimeSource;
  readonly #matches = new Set<string>();
  /** By window; the oldest first. */
  readonly #named = new Map<string, NamedCase>();
  #namedHosts = 0;

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Our log has the very address that the packets came from. */
  noteMatch(attack: string): void {
    addBounded(this.#matches, attack, MAX_MATCHES);
  }

  isMatched(attack: string): boolean {
    return this.#matches.has(attack);
  }

  /** Who asks has learned that these hosts asked for the name in the window. */
  noteNamed(window: string, by: string, named: NamedHosts): void {
    if (named.hosts.size === 0) return;
    const { byNode, lookbackMsOf } = this.#take(window) ?? { byNode: new Map(), lookbackMsOf: new Map() };
    byNode.set(by, named);
    this.#namedHosts += sizeOf(byNode);
    this.#named.set(window, { byNode, lookbackMsOf, untilMs: this.#clock.nowMs() + NAMED_KEPT_MS });
    for (const oldest of this.#named.keys()) {
      if (this.#named.size <= MAX_NAMED_CASES && this.#namedHosts <= MAX_NAMED_HOSTS) break;
      this.#take(oldest);
    }
  }

  /**
   * Which of the hosts may be searched so far back, by the node that named them: those that were named in the last hour, and were
   * searched as far back or not yet.
   */
  takeSearch(window: string, hosts: readonly Address[], lookbackMs: number): ReadonlyMap<string, NamedHosts> {
    const named = this.#named.get(window);
    const granted = new Map<string, NamedHosts>();
    if (named === undefined || named.untilMs <= this.#clock.nowMs()) return granted;
    const { byNode, lookbackMsOf } = named;
    const searched = hosts.filter((host) => (lookbackMsOf.get(host) ?? lookbackMs) === lookbackMs);
    for (const [node, { servers, hosts: ofNode }] of byNode) {
      const wanted = searched.filter((host) => ofNode.has(host));
      for (const host of wanted) lookbackMsOf.set(host, lookbackMs);
      if (wanted.length > 0) granted.set(node, { servers, hosts: new Set(wanted) });
    }
    return granted;
  }

  /** Takes it out; undefined: there is none that still counts. */
  #take(window: string): NamedCase | undefined {
    const named = this.#named.get(window);
    if (named === undefined) return undefined;
    this.#named.delete(window);
    this.#namedHosts -= sizeOf(named.byNode);
    return named.untilMs > this.#clock.nowMs() ? named : undefined;
  }
}

function sizeOf(byNode: ReadonlyMap<string, NamedHosts>): number {
  return [...byNode.values()].reduce((sum, { hosts }) => sum + hosts.size, 0);
}

function addBounded(set: Set<string>, value: string, most: number): void {
  set.delete(value);
  set.add(value);
  if (set.size > most) set.delete(set.values().next().value!);
}
