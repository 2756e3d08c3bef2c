import { isAtOrBelow, type Name } from '../../dns/name.ts';
import { hasListedSuffix } from '../../dns/public-suffix.ts';

const HOUR_MS = 3_600_000;
/** Names below the local domain that are asked for in so many hours are hosts of it, as far as nobody says otherwise. */
const HABIT_HOURS = 3;
const MAX_NAMES = 8192;

/**
 * Which names cannot be resolved, where no response code is known (paper 4, 2.3 and 3.1): a host or a whole name with the local
 * domain behind it, as a resolver's search list makes them, that is no known host of the domain. Known are those that are listed,
 * those that were ever answered, and those that were asked for in several hours; not a whole name with the
 * domain behind it, which stays what it is however often it is asked for.
 */
export class LocalNames {
  readonly #domains: readonly Name[];
  readonly #known: Set<Name>;
  /** Names that may become known: the hour of the last query for each, and in how many hours there was one. */
  readonly #asked = new Map<Name, { hours: number; lastHour: number }>();

  /** Canonical names. */
  constructor(domains: readonly Name[], knownHosts: readonly Name[] = []) {
    this.#domains = domains;
    this.#known = new Set(knownHosts);
  }

  get hasDomains(): boolean {
    return this.#domains.length > 0;
  }

  /** Whether a query for this canonical name is one that cannot be resolved. */
  isUnresolvable(name: Name, atMs: number): boolean {
    const domain = this.#domainOf(name);
    if (domain === undefined || this.#known.has(name)) return false;
    const front = `${name.slice(0, name.length - domain.length)}\0` as Name;
    const isWhole = front.length > front.charCodeAt(0) + 2 && hasListedSuffix(front);
    return isWhole || !this.#isHabit(name, Math.floor(atMs / HOUR_MS));
  }

  /** The name exists. */
  resolved(name: Name): void {
    if (this.#known.size < MAX_NAMES && this.#domainOf(name) !== undefined) this.#known.add(name);
  }

  #domainOf(name: Name): Name | undefined {
    return this.#domains.find((domain) => name.length > domain.length && isAtOrBelow(name, domain));
  }

  #isHabit(name: Name, hour: number): boolean {
    const asked = this.#asked.get(name);
    if (asked === undefined) {
      if (this.#asked.size >= MAX_NAMES) this.#asked.delete(this.#asked.keys().next().value!);
      this.#asked.set(name, { hours: 1, lastHour: hour });
      return false;
    }
    if (asked.lastHour !== hour) {
      asked.hours++;
      asked.lastHour = hour;
    }
    if (asked.hours < HABIT_HOURS || this.#known.size >= MAX_NAMES) return false;
    this.#asked.delete(name);
    this.#known.add(name);
    return true;
  }
}
