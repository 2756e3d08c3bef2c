import type { QueryLogStore } from '../querylog/query-log-store.ts';
import { NODE_DEFAULTS, type PeerDoor } from '../traceback/node-options.ts';
import { askFederation, NOTHING_FOUND } from './ask-federation.ts';
import { type CaseFinding, type CaseOutcome, type CaseTruth, SEARCHES, type Search } from './case-outcome.ts';
import { Federation, type Member } from './federation.ts';
import { Internet, type InternetOptions, type Organisation, type Scene } from './internet.ts';
import { makeTraffic, type Traffic } from './traffic.ts';
import { VirtualTime } from './virtual-time.ts';

/** How long after an attack began the victim asks. */
const REPORTED_AFTER_MS = 10_000;

/**
 * The cases of a generated Internet one after the other, each as it is done. `newLog` gives a query log without entries; `door` is put
 * before that of every node, for peers that are not as they should be.
 */
export async function* simulate(
  options: InternetOptions & { readonly cases: number },
  newLog: () => QueryLogStore,
  door?: (door: PeerDoor) => PeerDoor,
): AsyncGenerator<CaseOutcome, void> {
  const internet = new Internet(options);
  for (let number = 0; number < options.cases; number++) {
    yield await simulateCase(internet, internet.scene(number), newLog, door);
  }
}

async function simulateCase(
  internet: Internet,
  scene: Scene,
  newLog: () => QueryLogStore,
  door: ((door: PeerDoor) => PeerDoor) | undefined,
): Promise<CaseOutcome> {
  const logs = new Map(scene.organisations.flatMap((one) => (one.takesPart ? [[one, newLog()] as const] : [])));
  const traffic = await makeTraffic(internet, scene, logs);
  const members = [...logs].map(([organisation, log]) => memberOf(organisation, scene, log));
  const findings: Partial<Record<Search, CaseFinding>> = {};
  // Without caches a destination sees every query as it is asked.
  const searches = internet.options.hasCaches ? SEARCHES : (['two windows'] as const);
  for (const search of searches) {
    const time = new VirtualTime(scene.attackAtMs + REPORTED_AFTER_MS);
    const cacheMs = search === 'two windows' ? NODE_DEFAULTS.cacheMs : 0;
    const federation = new Federation(members, time, cacheMs, door);
    findings[search] = await findBot(federation, internet, scene, time);
    federation.beginCase();
  }
  for (const log of logs.values()) await log.close();
  return { truth: truthOf(scene, traffic, internet.options), findings, queries: traffic };
}

async function findBot(
  federation: Federation,
  internet: Internet,
  scene: Scene,
  time: VirtualTime,
): Promise<CaseFinding> {
  const { destination, victim, attackAtMs, madeUpSource, bot } = scene;
  const node = federation.node(destination.name);
  if (node === undefined) return NOTHING_FOUND;
  const question = { name: victim.name, atMs: attackAtMs, source: madeUpSource, hosts: [bot.address] };
  return askFederation(node, destination.name, question, time, internet.random(scene.number, 'ids'));
}

/** Whom a node may ask is who asks its server, or whom its server asks. */
function memberOf(organisation: Organisation, { organisations, zone }: Scene, log: QueryLogStore): Member {
  const { name, address, network, upstream } = organisation;
  const downstream = organisations.filter((one) => one.upstream === organisation);
  return {
    name,
    servers: [address],
    zones: upstream === undefined ? [zone] : [],
    clients: network === undefined ? [] : [network],
    isForwarder: upstream !== undefined && network === undefined,
    peers: [...(upstream === undefined ? [] : [upstream]), ...downstream].map((one) => one.name),
    log,
  };
}

function truthOf({ bot, victim }: Scene, { isBotSeen }: Traffic, { hops }: InternetOptions): CaseTruth {
  return {
    hops,
    missing: missingOf(bot.source),
    isAsked: bot.asksAtMs !== undefined,
    isSeen: isBotSeen,
    ttlMs: victim.ttlMs,
  };
}

/** The first on the way from the destination. */
function missingOf(source: Organisation): CaseTruth['missing'] {
  let missing: CaseTruth['missing'];
  for (let one: Organisation | undefined = source; one !== undefined; one = one.upstream) {
    if (one.takesPart) continue;
    if (one === source) missing = 'source';
    else missing = one.upstream === undefined ? 'destination' : 'forwarder';
  }
  return missing;
}
