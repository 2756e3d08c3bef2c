import type { Address } from '../../core/address.ts';
import { DAY_MS } from '../../core/clock.ts';
import { canonicalName, type Name } from '../../dns/name.ts';
import type { Candidate, CandidateNames } from './candidate-names.ts';
import type { Episode } from './episodes.ts';
import type { LogReader } from './log-reader.ts';

/** Slots of time, by their numbers, in which a host asked. */
interface HostSlots {
  readonly forAnything: Set<number>;
  readonly forName: Map<Name, Set<number>>;
  readonly forDomain: Map<Name, Set<number>>;
}

/** What hosts ask for at other times, in slots of the length of an episode. */
export class HostHabits {
  readonly #slots = new Map<Address, HostSlots>();
  /** The oldest entry that was read, milliseconds; Infinity: none was. */
  firstAtMs = Number.POSITIVE_INFINITY;

  /** Slots in which this host asked for anything. */
  activeSlots(host: Address): number {
    return this.#slots.get(host)?.forAnything.size ?? 0;
  }

  /** Those of them in which it asked for this. */
  slotsWith(host: Address, { name, isDomain }: Pick<Candidate, 'name' | 'isDomain'>): number {
    const slots = this.#slots.get(host);
    return (isDomain ? slots?.forDomain : slots?.forName)?.get(name)?.size ?? 0;
  }

  /** Reads the day before the first of a host's episodes, and what lies between them: the newest `maxEntries`. */
  async read(
    reader: LogReader,
    host: Address,
    episodes: readonly Episode[],
    slotMs: number,
    names: CandidateNames,
    maxEntries: number,
  ): Promise<void> {
    const slots: HostSlots = { forAnything: new Set(), forName: new Map(), forDomain: new Map() };
    this.#slots.set(host, slots);
    const time = { sinceMs: episodes[0]!.fromMs - DAY_MS, untilMs: episodes.at(-1)!.toMs };
    await reader.read({ client: host, ...time }, maxEntries, (entry) => {
      this.firstAtMs = Math.min(this.firstAtMs, entry.atMs);
      if (episodes.some(({ fromMs, toMs }) => entry.atMs >= fromMs && entry.atMs < toMs)) return;
      const slot = Math.floor(entry.atMs / slotMs);
      slots.forAnything.add(slot);
      const name = canonicalName(entry.name);
      if (names.has(name)) addTo(slots.forName, name, slot);
      const domain = names.sharedDomain(name);
      if (domain !== undefined) addTo(slots.forDomain, domain, slot);
    });
  }
}

function addTo(slots: Map<Name, Set<number>>, name: Name, slot: number): void {
  const known = slots.get(name);
  if (known === undefined) slots.set(name, new Set([slot]));
  else known.add(slot);
}
