import type { Address } from '../core/address.ts';
import { DAY_MS } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import { EntryBatchWriter } from '../querylog/entry-batch.ts';
import type { Role } from '../querylog/log-entry.ts';
import type { QueryLogStore } from '../querylog/query-log-store.ts';
import type { Internet, Organisation, Scene } from './internet.ts';
import type { Random } from './random.ts';

/** What logs go back: a day for the base rate of a name, and a little more. */
const HISTORY_MS = DAY_MS + 2 * 3_600_000;
/** How long people go on asking when the attack has begun. */
const AFTER_MS = 60_000;
/** Of what clients ask beside the name of the victim only so much is kept, for nobody is asked about it. */
const OTHER_QUERIES = 2;
/** From one server to the next. */
const HOP_MS = { least: 2, most: 30 };
const TYPE_A = 1;
const CLASS_IN = 1;

/** What became of the queries for the name of the victim. */
export interface Traffic {
  /** Queries of clients for it, and how many of them the destination saw; both within the day before the attack. */
  readonly asked: number;
  readonly seen: number;
  /** Whether the destination saw that of the bot; undefined: the bot did not ask. */
  readonly isBotSeen: boolean | undefined;
}

interface Query {
  readonly atMs: number;
  readonly source: Organisation;
  readonly client: Address;
  readonly isBot: boolean;
}

/**
 * Lets everybody in a scene ask, and writes the logs of those who take part: of each organisation all that its server saw.
 * `logs` has the log of each of them.
 */
export async function makeTraffic(
  internet: Internet,
  scene: Scene,
  logs: ReadonlyMap<Organisation, QueryLogStore>,
): Promise<Traffic> {
  const random = internet.random(scene.number, 'traffic');
  const writers = new Map([...logs.keys()].map((organisation) => [organisation, new EntryBatchWriter()]));
  const servers = new Servers(internet.options.hasCaches, scene, writers, random);
  let asked = 0;
  let seen = 0;
  let isBotSeen: boolean | undefined;
  for (const query of queriesForVictim(internet, scene, random)) {
    const isSeen = servers.ask(query);
    if (query.isBot) isBotSeen = isSeen;
    if (query.atMs < scene.attackAtMs - DAY_MS || query.atMs >= scene.attackAtMs) continue;
    asked++;
    if (isSeen) seen++;
  }
  if (internet.options.queriesPerClient > 0) addOtherQueries(internet, scene, random, servers);
  for (const [organisation, writer] of writers) {
    const batch = { source: 'simulation', entries: writer.take(), position: undefined, quarantined: [] };
    await logs.get(organisation)!.append(batch);
  }
  return { asked, seen, isBotSeen };
}

/** In order of time. */
function queriesForVictim(internet: Internet, scene: Scene, random: Random): readonly Query[] {
  const { bot, victim, attackAtMs } = scene;
  const share = internet.popularity.share(victim.rank);
  const queries: Query[] = [];
  for (const source of scene.organisations) {
    const bystanders = source.clients.filter((client) => client !== bot.address);
    const perMs = (share * internet.options.queriesPerClient * bystanders.length) / DAY_MS;
    // Caches begin empty, each at its own time: else all of one TTL would be filled anew together.
    const fromMs = attackAtMs - HISTORY_MS - (internet.options.hasCaches ? random.between(0, victim.ttlMs) : 0);
    for (const atMs of random.moments(perMs, fromMs, attackAtMs + AFTER_MS)) {
      queries.push({ atMs, source, client: bystanders[random.below(bystanders.length)]!, isBot: false });
    }
  }
  if (bot.asksAtMs !== undefined) {
    queries.push({ atMs: bot.asksAtMs, source: bot.source, client: bot.address, isBot: true });
  }
  return queries.sort((a, b) => a.atMs - b.atMs);
}

/** They stay in the log of the source: what its server asked for them goes to others. */
function addOtherQueries(internet: Internet, scene: Scene, random: Random, servers: Servers): void {
  for (const source of scene.organisations) {
    for (const client of source.clients) {
      for (const atMs of random.moments(OTHER_QUERIES / HISTORY_MS, scene.attackAtMs - HISTORY_MS, scene.attackAtMs)) {
        servers.write(source, atMs, internet.name(internet.popularity.draw(random)), client);
      }
    }
  }
}

/** The servers of a scene: what each has in its cache, and writes to its log. */
class Servers {
  readonly #hasCaches: boolean;
  readonly #scene: Scene;
  readonly #writers: ReadonlyMap<Organisation, EntryBatchWriter>;
  readonly #random: Random;
  /** Until when each knows the address of the victim. */
  readonly #knownUntilMs = new Map<Organisation, number>();

  constructor(hasCaches: boolean, scene: Scene, writers: ReadonlyMap<Organisation, EntryBatchWriter>, random: Random) {
    this.#hasCaches = hasCaches;
    this.#scene = scene;
    this.#writers = writers;
    this.#random = random;
  }

  /** A client asks for the name of the victim, after all queries before. Says whether the destination saw it. */
  ask({ atMs, source, client }: Query): boolean {
    const { name, ttlMs } = this.#scene.victim;
    const asked: Organisation[] = [];
    let asker = client;
    let nowMs = atMs;
    let untilMs: number | undefined;
    for (let server: Organisation | undefined = source; server !== undefined; server = server.upstream) {
      this.write(server, nowMs, name, asker);
      untilMs = this.#knownAt(server, nowMs);
      if (untilMs !== undefined) break;
      asked.push(server);
      asker = server.address;
      nowMs += this.#random.between(HOP_MS.least, HOP_MS.most);
    }
    // The TTL goes on counting wherever the answer is kept (RFC 1035 §3.2.1).
    for (const server of asked) this.#knownUntilMs.set(server, untilMs ?? nowMs + ttlMs);
    return untilMs === undefined;
  }

  /** Into the log of the server, by its clock; not what lies before its beginning. */
  write(server: Organisation, atMs: number, name: Name, client: Address): void {
    if (atMs < this.#scene.attackAtMs - HISTORY_MS) return;
    this.#writers.get(server)?.add({
      atMs: Math.round(atMs + server.clockErrorMs),
      name,
      client,
      type: TYPE_A,
      class: CLASS_IN,
      clientPort: undefined,
      server: server.address,
      role: roleOf(server),
      responseCode: 0,
      answers: [],
      mark: undefined,
    });
  }

  #knownAt(server: Organisation, atMs: number): number | undefined {
    const untilMs = this.#knownUntilMs.get(server);
    if (!this.#hasCaches || server.upstream === undefined || untilMs === undefined || untilMs <= atMs) return undefined;
    return untilMs;
  }
}

function roleOf({ upstream, clients }: Organisation): Role {
  if (upstream === undefined) return 'authoritative';
  return clients.length > 0 ? 'recursive' : 'forwarded';
}
