import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';

const MAX_MATCHES = 10_000;
/** Cases whose hosts are remembered, and hosts of all of them together. */
const MAX_NAMED_CASES = 1024;
const MAX_NAMED_HOSTS = 100_000;
/** How often one peer is asked the same of a case for one that asks us, and how long this is remembered. */
const MAX_WAYS = 4;
const WAYS_KEPT_MS = 60_000;
const MAX_WAYS_KEPT = 10_000;

/** Which hosts a node named, and by which of its servers it was found. */
export interface NamedHosts {
  readonly servers: readonly string[];
  readonly hosts: ReadonlySet<Address>;
}

/** What this node remembers of cases that came by, the newest of them. */
export class CaseBook {
  readonly #clock: TimeSource;
  readonly #matches = new Set<string>();
  /** By case and who was told, then by the node that named them; the oldest first. */
  readonly #named = new Map<string, Map<string, NamedHosts>>();
  #namedHosts = 0;
  readonly #ways = new Map<string, { count: number; readonly untilMs: number }>();

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Our log has the very address that a case's packets came from. */
  noteMatch(caseId: string): void {
    addBounded(this.#matches, caseId.toLowerCase(), MAX_MATCHES);
  }

  isMatched(caseId: string): boolean {
    return this.#matches.has(caseId.toLowerCase());
  }

  /** `told` has learned that these hosts asked for the name of the case. */
  noteNamed(caseId: string, told: string, by: string, named: NamedHosts): void {
    if (named.hosts.size === 0) return;
    const key = keyOf(caseId, told);
    const byNode = this.#named.get(key) ?? new Map<string, NamedHosts>();
    this.#namedHosts += named.hosts.size - (byNode.get(by)?.hosts.size ?? 0);
    byNode.set(by, named);
    this.#named.delete(key);
    this.#named.set(key, byNode);
    this.#forgetOldest();
  }

  /** The hosts of a case that `told` has learned of, by the node that named them. */
  namedTo(caseId: string, told: string): ReadonlyMap<string, NamedHosts> {
    return this.#named.get(keyOf(caseId, told)) ?? new Map();
  }

  /** False: the peer was asked this often enough for `asker`. Otherwise it counts. */
  takeWay(question: string, asker: string, peer: string): boolean {
    const key = `${asker} ${peer} ${question}`;
    const nowMs = this.#clock.nowMs();
    const way = this.#ways.get(key);
    if (way !== undefined && way.untilMs > nowMs) return way.count++ < MAX_WAYS;
    this.#ways.delete(key);
    this.#ways.set(key, { count: 1, untilMs: nowMs + WAYS_KEPT_MS });
    if (this.#ways.size > MAX_WAYS_KEPT) this.#ways.delete(this.#ways.keys().next().value!);
    return true;
  }

  #forgetOldest(): void {
    for (const [key, byNode] of this.#named) {
      if (this.#named.size <= MAX_NAMED_CASES && this.#namedHosts <= MAX_NAMED_HOSTS) return;
      for (const { hosts } of byNode.values()) this.#namedHosts -= hosts.size;
      this.#named.delete(key);
    }
  }
}

function keyOf(caseId: string, told: string): string {
  return `${caseId.toLowerCase()} ${told}`;
}

function addBounded(set: Set<string>, value: string, most: number): void {
  set.delete(value);
  set.add(value);
  if (set.size > most) set.delete(set.values().next().value!);
}
