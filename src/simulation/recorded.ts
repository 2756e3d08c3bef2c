import type { Address } from '../core/address.ts';
import type { QueryLogStore } from '../querylog/query-log-store.ts';
import { NODE_DEFAULTS } from '../traceback/node-options.ts';
import { askFederation, NOTHING_FOUND } from './ask-federation.ts';
import { type CaseFinding, type CaseOutcome, type CaseTruth, SEARCHES, type Search } from './case-outcome.ts';
import { Federation, type Member } from './federation.ts';
import { Random } from './random.ts';
import { destinationOf, sourceOf, type Truth, type TruthCase, type TruthNode, wayBetween } from './truth.ts';
import { VirtualTime } from './virtual-time.ts';

/** By the name of the node. */
type NodeLogs = ReadonlyMap<string, Pick<QueryLogStore, 'search'>>;

/** How long after an attack began the victim asks. */
const REPORTED_AFTER_MS = 10_000;
const PAGE = 1000;

/**
 * The cases of a truth in the order of their time, each as it is done, over the logs of the nodes that have some. `truth` is
 * without problems.
 */
export async function* traceRecorded(truth: Truth, logs: NodeLogs): AsyncGenerator<CaseOutcome, void> {
  const members = truth.nodes.flatMap((node) => membersOf(truth, node, logs.get(node.name)));
  const cases = truth.cases.toSorted((one, other) => one.at - other.at);
  const searches = SEARCHES.map((search) => {
    const time = new VirtualTime(cases[0]!.at);
    return {
      search,
      time,
      federation: new Federation(members, time, search === 'two windows' ? NODE_DEFAULTS.cacheMs : 0),
    };
  });
  const random = new Random('ids');
  for (const one of cases) {
    const findings: Partial<Record<Search, CaseFinding>> = {};
    const destination = destinationOf(truth.nodes, one.name)!.name;
    for (const { search, time, federation } of searches) {
      time.advanceTo(one.at + REPORTED_AFTER_MS);
      const node = federation.node(destination);
      const question = { name: one.name, atMs: one.at, source: one.source, hosts: one.hosts };
      findings[search] =
        node === undefined ? NOTHING_FOUND : await askFederation(node, destination, question, time, random);
      federation.beginCase();
    }
    yield { truth: await truthOf(truth, one, logs), findings, queries: undefined };
  }
}

function membersOf({ nodes }: Truth, node: TruthNode, log: Pick<QueryLogStore, 'search'> | undefined): Member[] {
  if (log === undefined) return [];
  const { name, servers, zones, clients, forwarder } = node;
  // Who may ask a node is who has it as a peer: one of both that says so is enough.
  const isPeer = (other: TruthNode) =>
    other !== node &&
    (other.peers === undefined || other.peers.includes(name) || (node.peers ?? [other.name]).includes(other.name));
  const peers = nodes.filter(isPeer).map((other) => other.name);
  return [{ name, servers, zones, clients, isForwarder: forwarder, peers, log }];
}

/** That of the host with the best way, of several. */
async function truthOf({ nodes }: Truth, one: TruthCase, logs: NodeLogs): Promise<CaseTruth> {
  const destination = destinationOf(nodes, one.name)!;
  const truths: CaseTruth[] = [];
  for (const host of one.hosts) {
    const way = wayBetween(nodes, destination, sourceOf(nodes, host)!);
    const missing = missingOf(way ?? [destination, sourceOf(nodes, host)!], logs);
    const isAsked = one.asked ?? (await isAskedBy(one, [host], way?.at(-1), logs));
    const isSeen = way?.[1] === undefined ? isAsked : await isAskedBy(one, way[1].servers, destination, logs);
    truths.push({ hops: way?.length, missing, isAsked, isSeen, ttlMs: undefined });
  }
  return truths.find(({ missing, isAsked }) => missing === undefined && isAsked === true) ?? truths[0]!;
}

function missingOf(way: readonly TruthNode[], logs: NodeLogs): CaseTruth['missing'] {
  const missing = way.findIndex(({ name }) => !logs.has(name));
  if (missing < 0) return undefined;
  if (missing === 0) return 'destination';
  return missing === way.length - 1 ? 'source' : 'forwarder';
}

/** Whether one of these asked a node's servers for the name of a case within the window; undefined: its log is not here. */
async function isAskedBy(
  { name, at }: TruthCase,
  askers: readonly Address[],
  node: TruthNode | undefined,
  logs: NodeLogs,
): Promise<boolean | undefined> {
  const log = node && logs.get(node.name);
  if (log === undefined) return undefined;
  const question = {
    name,
    sinceMs: at - NODE_DEFAULTS.window.beforeMs,
    untilMs: at + NODE_DEFAULTS.window.afterMs,
    limit: PAGE,
  };
  let page = await log.search(question);
  for (;;) {
    if (page.entries.some(({ client }) => client !== undefined && askers.includes(client))) return true;
    if (page.last === undefined) return false;
    page = await log.search({ ...question, after: page.last });
  }
}
