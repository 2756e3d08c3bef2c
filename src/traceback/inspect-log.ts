import type { Address, Network } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { FoundEntry } from '../querylog/query-log-store.ts';
import { type SearchedLog, visitEntries } from './log-entries.ts';
import type { Window } from './messages.ts';
import type { Peer } from './node-options.ts';
import type { Party, Registry } from './registry.ts';

/** Entries that are looked at for one request. */
export const MAX_INSPECTED_ENTRIES = 100_000;
/** Hosts of a window that are looked at: of more, none is the bot with a probability worth a name. */
const MAX_INSPECTED_HOSTS = 5000;
/** A log without any entry so long before and after the window has nothing to say of it. */
const SILENCE_MS = 3_600_000;

/** A span of time, milliseconds since the epoch: from, included, to, excluded. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is looked for in the log. */
export interface InspectionQuestion extends Span {
  /** Canonical. */
  readonly name: Name;
  /** How long before the window a DNS server may have asked; undefined: servers do not matter. */
  readonly cacheMs: number | undefined;
}

/** What the log says of a host in the window. */
export interface HostSighting {
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly queries: number;
}

/** Who asked for a name. */
export interface Inspection {
  /** Our clients in the window, who asked last first. */
  readonly hosts: ReadonlyMap<Address, HostSighting>;
  /** DNS servers that peers speak for, in the window and as long before as caches reach, as they stand in the registry or the log. */
  readonly servers: ReadonlyMap<Peer, readonly ServerSighting[]>;
  /** Who is neither a client, nor ours, nor a peer's. */
  readonly unknown: readonly Address[];
  /** There are more entries than were looked at. */
  readonly isCut: boolean;
  /** The log has nothing at all around the window. */
  readonly isSilent: boolean;
}

/** A DNS server as it stands in the log, and the network of the registry that it is in. */
export interface ServerSighting {
  readonly address: Address;
  readonly network: Network;
}

/** The window of an attack that began at `atMs`; never empty. */
export function windowSpan(atMs: number, { beforeMs, afterMs }: Window): Span {
  const fromMs = atMs - beforeMs;
  return { fromMs, toMs: Math.max(atMs + afterMs, fromMs + 1) };
}

/** Looks who asked for the name. Rejects as the log does, and with the reason of `signal`. */
export async function inspectLog(
  log: SearchedLog,
  registry: Registry,
  { name, fromMs, toMs, cacheMs }: InspectionQuestion,
  signal: AbortSignal,
): Promise<Inspection> {
  const askers = new Askers(registry, fromMs);
  const question = { name, sinceMs: fromMs - (cacheMs ?? 0), untilMs: toMs };
  const isCut = await visitEntries(log, question, MAX_INSPECTED_ENTRIES, signal, (entry) => askers.add(entry));
  const isSilent = askers.newestAtMs < fromMs - SILENCE_MS && (await isSilentAround(log, { fromMs, toMs }, signal));
  return { ...askers.result(cacheMs !== undefined), isCut, isSilent };
}

async function isSilentAround(log: SearchedLog, { fromMs, toMs }: Span, signal: AbortSignal): Promise<boolean> {
  let count = 0;
  const around = { sinceMs: fromMs - SILENCE_MS, untilMs: toMs + SILENCE_MS };
  await visitEntries(log, around, 1, signal, () => {
    count++;
    return undefined;
  });
  return count === 0;
}

/** Sorts entries by who asked. */
class Askers {
  readonly #registry: Registry;
  readonly #fromMs: number;
  readonly #parties = new Map<Address, Party | undefined>();
  readonly #hosts = new Map<Address, { firstAtMs: number; readonly lastAtMs: number }>();
  /** Queries of hosts, by source of the log: several may have recorded the same ones. */
  readonly #queries = new Map<string, Map<Address, number>>();
  newestAtMs = Number.NEGATIVE_INFINITY;

  constructor(registry: Registry, fromMs: number) {
    this.#registry = registry;
    this.#fromMs = fromMs;
  }

  /** Entries come newest first. */
  add({ client, atMs, source }: FoundEntry): 'enough' | undefined {
    this.newestAtMs = Math.max(this.newestAtMs, atMs);
    if (client === undefined) return undefined;
    if (!this.#parties.has(client)) this.#parties.set(client, this.#registry.partyOf(client));
    if (atMs < this.#fromMs || this.#parties.get(client)?.kind !== 'client') return undefined;
    const asker = this.#hosts.get(client);
    if (asker !== undefined) asker.firstAtMs = atMs;
    else if (this.#hosts.size === MAX_INSPECTED_HOSTS) return 'enough';
    else this.#hosts.set(client, { firstAtMs: atMs, lastAtMs: atMs });
    this.#count(client, source);
    return undefined;
  }

  #count(client: Address, source: string): void {
    const ofSource = this.#queries.get(source) ?? new Map<Address, number>();
    ofSource.set(client, (ofSource.get(client) ?? 0) + 1);
    this.#queries.set(source, ofSource);
  }

  result(areServersWanted: boolean): Pick<Inspection, 'hosts' | 'servers' | 'unknown'> {
    const hosts = new Map<Address, HostSighting>();
    const queries = new Map<Address, number>();
    for (const ofSource of this.#queries.values()) {
      for (const [host, count] of ofSource) queries.set(host, Math.max(count, queries.get(host) ?? 0));
    }
    for (const [host, sighting] of this.#hosts) hosts.set(host, { ...sighting, queries: queries.get(host)! });
    const servers = new Map<Peer, ServerSighting[]>();
    const unknown: Address[] = [];
    for (const [address, party] of areServersWanted ? this.#parties : []) {
      if (party === undefined) unknown.push(address);
      if (party?.kind !== 'peer') continue;
      const { peer, network } = party;
      const sightings = servers.get(peer);
      if (sightings === undefined) servers.set(peer, [{ address, network }]);
      else sightings.push({ address, network });
    }
    return { hosts, servers, unknown };
  }
}
