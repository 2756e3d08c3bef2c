/** A source whose clients browse all day, some of which are bots: what its log has, and who commands them. */
import { type Address, addressFromOctets } from '../../src/core/address.ts';
import { canonicalName, isAtOrBelow, labelCount, type Name, parentName } from '../../src/dns/name.ts';
import type { LogEntry } from '../../src/querylog/log-entry.ts';
import type { FoundEntry, LogPage, LogQuestion } from '../../src/querylog/query-log-store.ts';
import type { Occasion } from '../../src/traceback/command-and-control/episodes.ts';
import { poisson } from './bot-world.ts';
import { entryOf, NOON_MS } from './log-entries.ts';
import { nameOf } from './store-rows.ts';

const HOUR_MS = 3_600_000;
const SITES = 1500;
/** Names that pages of all sites ask for, too. */
const HELPERS = 40;
const PLAIN = entryOf(0);

export interface BrowsingOptions {
  readonly clients: number;
  readonly bots: number;
  readonly attacks: number;
  /** How long before its attack a bot asks for its command and control, at most; 1 s at least. */
  readonly leadMs: number;
  /** How often bots ask for it beside attacks: once in so many hours; Infinity: never. */
  readonly beaconHours: number;
  /** How likely any client asks for that name in an hour. */
  readonly popularity: number;
  /** Names that a bot makes up and tries in vain before it asks for the right one. */
  readonly madeUp: number;
  /** How likely a bot asks at all before an attack: it may have the address still. */
  readonly asks: number;
}

export const BROWSING: BrowsingOptions = {
  clients: 30,
  bots: 2,
  attacks: 3,
  leadMs: 600_000,
  beaconHours: Number.POSITIVE_INFINITY,
  popularity: 0,
  madeUp: 0,
  asks: 1,
};

/** A bot asked for a victim's name. */
interface Attack extends Occasion {
  readonly name: Name;
}

export interface BrowsingWorld {
  readonly log: IndexedLog;
  readonly bots: readonly Address[];
  readonly master: Name;
  /** What bots asked for at each attack: the last is the case. */
  readonly occasions: readonly (readonly Attack[])[];
}

export function browsingWorld(options: BrowsingOptions, random: () => number): BrowsingWorld {
  const master = nameOf(`${word(random)}.${word(random)}.example`);
  const entries: LogEntry[] = [];
  for (let client = 0; client < options.clients; client++) browse(entries, client, options, master, random);
  const bots = Array.from({ length: options.bots }, (_, bot) => clientAddress(bot));
  const occasions = Array.from({ length: options.attacks }, (_, attack) => {
    const atMs = NOON_MS - (options.attacks - 1 - attack) * HOUR_MS * (1 + random());
    const name = nameOf(`www.victim${attack}.example`);
    return bots.map((host) => attackOf(entries, host, { name, atMs }, options, master, random));
  });
  for (const bot of bots) beacon(entries, bot, options, master, random);
  return { log: new IndexedLog(entries), bots, master, occasions };
}

/** A client on a day: a few hours of pages, each with names of its site, of helpers, and some that nobody else asks for. */
function browse(
  entries: LogEntry[],
  client: number,
  options: BrowsingOptions,
  master: Name,
  random: () => number,
): void {
  const host = clientAddress(client);
  const favourites = Array.from({ length: 12 }, () => zipf(SITES, random));
  const hours = Array.from({ length: 27 }, (_, hour) => hour).filter((hour) => hour >= 23 || random() < 0.3);
  for (const hour of hours) {
    const startMs = NOON_MS - (26 - hour) * HOUR_MS;
    // Who sits at a bot is busy, and most of all when it attacks.
    const pages = client >= options.bots ? 4 : hour >= 23 ? 150 : 30;
    for (let page = poisson(pages, random); page > 0; page--) {
      const atMs = startMs + random() * HOUR_MS;
      const site = random() < 0.5 ? favourites[Math.floor(random() * favourites.length)]! : zipf(SITES, random);
      const names = [`www.site${site}.example`, `img${Math.floor(random() * 3)}.site${site}.example`];
      for (let more = 0; more < 3; more++) names.push(`cdn.helper${zipf(HELPERS, random)}.example`);
      if (random() < 0.4) names.push(`${word(random)}.rare${word(random)}.example`);
      for (const name of names) ask(entries, host, plainName(name), atMs + random() * 2000, random() < 0.03);
    }
    if (random() < options.popularity) ask(entries, host, master, startMs + random() * HOUR_MS);
  }
}

function attackOf(
  entries: LogEntry[],
  host: Address,
  { name, atMs }: { readonly name: Name; readonly atMs: number },
  { leadMs, madeUp, asks }: BrowsingOptions,
  master: Name,
  random: () => number,
): Attack {
  const askedMs = atMs - 4000 * random();
  const told = askedMs - 1000 - random() * (leadMs - 1000);
  const day = Math.floor(atMs / HOUR_MS / 24);
  for (let tried = 0; tried < madeUp; tried++)
    ask(entries, host, nameOf(`q${day}x${tried}.example`), told - 100 * (madeUp - tried), true);
  if (random() < asks) ask(entries, host, master, told);
  ask(entries, host, name, askedMs);
  return { host, atMs: askedMs, name };
}

function beacon(
  entries: LogEntry[],
  host: Address,
  { beaconHours }: BrowsingOptions,
  master: Name,
  random: () => number,
): void {
  if (beaconHours === Number.POSITIVE_INFINITY) return;
  for (let atMs = NOON_MS - 26 * HOUR_MS; atMs < NOON_MS; ) {
    atMs += 2 * beaconHours * HOUR_MS * random();
    if (atMs < NOON_MS) ask(entries, host, master, atMs);
  }
}

function ask(entries: LogEntry[], client: Address, name: Name, atMs: number, isMissing = false): void {
  const answers = isMissing ? [] : [clientAddress(200 + (name.length % 50))];
  entries.push({ ...PLAIN, client, name, atMs, answers, responseCode: isMissing ? 3 : 0 });
}

/** 1 to `count`, the first most often. */
function zipf(count: number, random: () => number): number {
  return Math.min(count, Math.floor(Math.exp(random() * Math.log(count + 1))));
}

/** A name without escapes: quicker than reading any. */
function plainName(text: string): Name {
  return `${text
    .split('.')
    .map((label) => String.fromCharCode(label.length) + label)
    .join('')}\0` as Name;
}

function word(random: () => number): string {
  return Math.floor(random() * 36 ** 6).toString(36);
}

function clientAddress(client: number): Address {
  return addressFromOctets(Buffer.from([198, 18, client >> 8, client & 255]))!;
}

function groupBy(entries: readonly FoundEntry[], keyOf: (entry: FoundEntry) => Address | Name | undefined) {
  const groups = new Map<Address | Name | undefined, FoundEntry[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group === undefined) groups.set(keyOf(entry), [entry]);
    else group.push(entry);
  }
  return groups;
}

/** A log that finds by client and name at once: a test asks it for hundreds of names. */
export class IndexedLog {
  readonly #all: readonly FoundEntry[];
  readonly #byClient: ReadonlyMap<Address | Name | undefined, readonly FoundEntry[]>;
  readonly #byDomain: ReadonlyMap<Address | Name | undefined, readonly FoundEntry[]>;
  readonly #byName: ReadonlyMap<Address | Name | undefined, readonly FoundEntry[]>;
  /** Entries that were given. */
  read = 0;

  constructor(entries: readonly LogEntry[]) {
    const sorted = [...entries].sort((a, b) => b.atMs - a.atMs);
    this.#all = sorted.map((entry, index) => {
      return { ...entry, source: 'test', place: { atMs: entry.atMs, number: sorted.length - index } };
    });
    this.#byClient = groupBy(this.#all, ({ client }) => client);
    this.#byDomain = groupBy(this.#all, ({ name }) => domainOf(name));
    this.#byName = groupBy(this.#all, ({ name }) => canonicalName(name));
  }

  get entries(): readonly FoundEntry[] {
    return this.#all;
  }

  async search({ name, zone, client, sinceMs, untilMs, after, limit }: LogQuestion): Promise<LogPage> {
    const pool = this.#pool({ name, zone, client });
    const found = pool.filter(
      (entry) =>
        entry.atMs >= (sinceMs ?? 0) &&
        entry.atMs < (untilMs ?? Number.POSITIVE_INFINITY) &&
        (client === undefined || entry.client === client) &&
        (zone === undefined || isAtOrBelow(canonicalName(entry.name), zone)) &&
        (after === undefined ||
          entry.atMs < after.atMs ||
          (entry.atMs === after.atMs && entry.place.number < after.number)),
    );
    const entries = found.slice(0, limit);
    this.read += entries.length;
    return { entries, last: found.length > limit ? entries.at(-1)!.place : undefined };
  }

  #pool({ name, zone, client }: Pick<LogQuestion, 'name' | 'zone' | 'client'>): readonly FoundEntry[] {
    if (name !== undefined) return this.#byName.get(canonicalName(name)) ?? [];
    if (zone !== undefined) return this.#byDomain.get(domainOf(zone)) ?? [];
    return client === undefined ? this.#all : (this.#byClient.get(client) ?? []);
  }
}

/** The last two labels of a name. */
function domainOf(name: Name): Name {
  let domain = canonicalName(name);
  while (labelCount(domain) > 2) domain = parentName(domain);
  return domain;
}
