import type { Address } from '../core/address.ts';
import { DAY_MS, type TimeSource } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import type { FoundEntry } from '../querylog/query-log-store.ts';
import { KNOWN_AFTER_MS } from './confidence.ts';
import type { HostSighting, Span } from './inspect-log.ts';
import { type Census, LogCensus } from './log-census.ts';
import { type SearchedLog, visitEntries } from './log-entries.ts';
import { RecentResults } from './recent-results.ts';
import type { Registry } from './registry.ts';
import type { WindowFacts } from './window-facts.ts';

/**
 * Entries of a name that are looked at, the newest before the window: of so many the mean is right to a few per cent, and each
 * costs the log some ten microseconds.
 */
export const MAX_BASE_ENTRIES = 1000;
const MAX_HELD = 256;
const KEEP_MS = 60_000;

/** How often a name is asked for by chance. */
interface BaseRate {
  /** As WindowFacts has them. */
  readonly expected: number;
  readonly slots: number;
  readonly coveredMs: number;
  readonly clients: number;
  /** Slots in which each host asked. */
  readonly slotsOf: ReadonlyMap<Address, number>;
}

/** Measures how often names are asked for by chance: over the day before a window, in slots of the window's length. */
export class BaseRates {
  readonly #log: SearchedLog;
  readonly #registry: Registry;
  readonly #census: LogCensus;
  readonly #rates: RecentResults<BaseRate>;

  constructor(log: SearchedLog, registry: Registry, clock: TimeSource) {
    this.#log = log;
    this.#registry = registry;
    this.#census = new LogCensus(log, registry, clock);
    this.#rates = new RecentResults(MAX_HELD, KEEP_MS, clock);
  }

  /** The facts of a window of the canonical `name`. Rejects as the log does, and with the reason of `signal`. */
  async factsOf(
    name: Name,
    window: Span,
    sightings: ReadonlyMap<Address, HostSighting>,
    signal: AbortSignal,
  ): Promise<WindowFacts> {
    const key = `${window.fromMs} ${window.toMs} ${name}`;
    const rate = await this.#rates.get(key, () => this.#measure(name, window, signal), signal);
    // The log of the time before may be imported at any time.
    if (rate.coveredMs < KNOWN_AFTER_MS) this.#rates.forget(key);
    const { expected, slots, coveredMs, slotsOf } = rate;
    const hosts = Array.from(sightings, ([address, sighting]) => {
      return { address, ...sighting, slots: slotsOf.get(address) ?? 0 };
    });
    const askers = slotsOf.size;
    const askedOnce = [...slotsOf.values()].filter((count) => count === 1).length;
    const clients = Math.max(rate.clients, hosts.length);
    return { name, ...window, expected, slots, coveredMs, askers, askedOnce, clients, hosts };
  }

  async #measure(name: Name, { fromMs, toMs }: Span, signal: AbortSignal): Promise<BaseRate> {
    const slotMs = toMs - fromMs;
    const count = new SlotCount(this.#registry, fromMs, slotMs);
    const question = { name, sinceMs: fromMs - DAY_MS, untilMs: fromMs };
    const [isCut, census] = await Promise.all([
      visitEntries(this.#log, question, MAX_BASE_ENTRIES, signal, (entry) => {
        count.add(entry);
        return undefined;
      }),
      this.#census.before(fromMs, signal),
    ]);
    const { sum, slotsOf, oldestAtMs } = count.result();
    const countedMs = coveredSince(census.covered, isCut ? oldestAtMs : fromMs - DAY_MS);
    // At least one where the log covers any time, for λ must not be made too small.
    const slots = countedMs > 0 ? Math.max(1, Math.floor(countedMs / slotMs)) : 0;
    const expected = slots === 0 ? 0 : sum / slots;
    const coveredMs = coveredSince(census.covered, fromMs - DAY_MS);
    return { expected, slots, coveredMs, clients: Math.max(census.clients, slotsOf.size), slotsOf };
  }
}

/** How much time since then the log covers. */
function coveredSince(covered: Census['covered'], sinceMs: number): number {
  return covered.reduce((sum, { fromMs, toMs }) => sum + Math.max(0, toMs - Math.max(fromMs, sinceMs)), 0);
}

/** Counts different hosts in each slot. */
class SlotCount {
  readonly #registry: Registry;
  readonly #endMs: number;
  readonly #slotMs: number;
  readonly #isHost = new Map<Address, boolean>();
  readonly #slotsOf = new Map<Address, number>();
  /** The oldest slot so far, counted back from the window, and who asked in it. */
  #slot = -1;
  #hostsOfSlot = new Set<Address>();
  #sum = 0;
  #oldestAtMs: number;

  constructor(registry: Registry, endMs: number, slotMs: number) {
    this.#registry = registry;
    this.#endMs = endMs;
    this.#slotMs = slotMs;
    this.#oldestAtMs = endMs;
  }

  /** Entries come newest first. */
  add({ client, atMs }: FoundEntry): void {
    this.#oldestAtMs = atMs;
    if (client === undefined || !this.#isClient(client)) return;
    const slot = Math.ceil((this.#endMs - atMs) / this.#slotMs);
    if (slot !== this.#slot) {
      this.#slot = slot;
      this.#hostsOfSlot = new Set();
    }
    if (this.#hostsOfSlot.has(client)) return;
    this.#hostsOfSlot.add(client);
    this.#slotsOf.set(client, (this.#slotsOf.get(client) ?? 0) + 1);
    this.#sum++;
  }

  result(): { readonly sum: number; readonly slotsOf: ReadonlyMap<Address, number>; readonly oldestAtMs: number } {
    return { sum: this.#sum, slotsOf: this.#slotsOf, oldestAtMs: this.#oldestAtMs };
  }

  #isClient(client: Address): boolean {
    let isHost = this.#isHost.get(client);
    if (isHost === undefined) {
      isHost = this.#registry.partyOf(client)?.kind === 'client';
      this.#isHost.set(client, isHost);
    }
    return isHost;
  }
}
