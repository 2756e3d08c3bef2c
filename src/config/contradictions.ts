import { DEFAULT_GROUP_NAME } from '../policy/client-group.ts';
import { behaviourProblems } from './behaviour-problems.ts';
import { consoleProblems } from './console-problems.ts';
import { isJudging } from './effective.ts';
import { nodeProblems } from './node-problems.ts';
import { isLoopback, plainPlaces } from './plain-places.ts';
import { MAX_GROUP_CLIENTS } from './policy-keys.ts';
import { queryLogProblems } from './querylog-problems.ts';
import { responseProblems } from './response-problems.ts';
import type { Config } from './schema.ts';

/** Two keys, each right, that do not go together. */
export interface Contradiction {
  /** The key to look at. */
  readonly path: readonly PropertyKey[];
  readonly problem: string;
}

/** What no single key is to blame for. */
export function contradictions(config: Config): readonly Contradiction[] {
  const problems: Contradiction[] = [];
  const { inside, outside, ttl } = config;
  const enforced = enforcedKey(config);
  if (enforced !== undefined && (inside.networks.length === 0 || outside.ports.length === 0)) {
    const problem =
      'mode: enforce needs inside.networks and outside.ports, else nobody can tell which queries are outbound';
    problems.push({ path: enforced, problem });
  }
  if (config.openflow.learn && !isJudging(config)) {
    const problem = 'openflow.learn needs inside.networks and outside.ports, else nobody can tell what left';
    problems.push({ path: ['openflow', 'learn'], problem });
  }
  if (config.teach === 'resolvers' && config.trusted_resolvers.length === 0) {
    const problem = 'teach: resolvers needs trusted_resolvers, else nobody teaches';
    problems.push({ path: ['teach'], problem });
  }
  if (ttl.floor > ttl.cap) problems.push({ path: ['ttl', 'floor'], problem: 'ttl.floor is above ttl.cap' });
  if (config.history.stale > config.history.keep) {
    const problem = 'history.stale is above history.keep: what is forgotten cannot be used on';
    problems.push({ path: ['history', 'stale'], problem });
  }
  if (config.drop_flow.life % 1000 !== 0) {
    const problem = 'drop_flow.life must be whole seconds: the switch counts in seconds';
    problems.push({ path: ['drop_flow', 'life'], problem });
  }
  const { kind, url } = config.store;
  if (kind === 'mariadb' && url === undefined) {
    problems.push({ path: ['store', 'kind'], problem: 'store.kind: mariadb needs store.url' });
  }
  if (kind !== 'mariadb' && url !== undefined) {
    problems.push({ path: ['store', 'url'], problem: 'store.url is for store.kind: mariadb' });
  }
  const { listen, tls } = config.capture;
  if (listen !== undefined && !('path' in listen) && tls === undefined) {
    const problem = 'capture.listen: an address is served by TLS alone: set capture.tls, or name a unix socket';
    problems.push({ path: ['capture', 'listen'], problem });
  }
  const { dnstap } = config;
  if (
    dnstap.listen !== undefined &&
    'host' in dnstap.listen &&
    dnstap.plain === 'loopback' &&
    !isLoopback(dnstap.listen.host)
  ) {
    const problem =
      'dnstap.listen: whoever reaches it can teach, so it stays on loopback; name a unix socket, or set dnstap.plain: anywhere where only resolvers reach it';
    problems.push({ path: ['dnstap', 'listen'], problem });
  }
  for (const [index, { name }] of config.lists.entries()) {
    if (config.lists.findIndex((other) => other.name === name) === index) continue;
    problems.push({ path: ['lists', index, 'name'], problem: `lists: another list is named ${name}, too` });
  }
  return [
    ...problems,
    ...groupProblems(config),
    ...connectionProblems(config),
    ...queryLogProblems(config),
    ...nodeProblems(config),
    ...responseProblems(config),
    ...behaviourProblems(config),
    ...consoleProblems(config),
  ];
}

function groupProblems({ groups }: Config): readonly Contradiction[] {
  const clients = groups.reduce((sum, group) => sum + group.clients.length, 0);
  if (clients > MAX_GROUP_CLIENTS) {
    const problem = `groups: ${clients} clients in all, at most ${MAX_GROUP_CLIENTS}: put them together as networks`;
    return [{ path: ['groups'], problem }];
  }
  const names = new Set<string>([DEFAULT_GROUP_NAME]);
  return groups.flatMap(({ name }, index) => {
    const isNew = !names.has(name);
    names.add(name);
    if (isNew) return [];
    const problem =
      name === DEFAULT_GROUP_NAME
        ? `the group ${name} is that of all other clients: \`mode\` and \`strictness\` are its own`
        : `there are two groups ${name}: put their clients into one, or give the second another name`;
    return [{ path: ['groups', index, 'name'], problem }];
  });
}

/** The first key that asks for enforcement; undefined when none does. */
function enforcedKey({ mode, groups }: Config): readonly PropertyKey[] | undefined {
  if (mode === 'enforce') return ['mode'];
  const index = groups.findIndex((group) => group.mode === 'enforce');
  return index < 0 ? undefined : ['groups', index, 'mode'];
}

function connectionProblems(config: Config): readonly Contradiction[] {
  const { connect, switches, tls, plain } = config.openflow;
  const problems: Contradiction[] = [];
  if (plain === 'loopback') {
    const otherwise = 'or openflow.plain: anywhere where only switches reach it';
    for (const { path, what, remedy } of plainPlaces(config)) {
      const problem = `${what}: OpenFlow without TLS, neither authenticated nor encrypted, stays on loopback; ${remedy}, ${otherwise}`;
      problems.push({ path, problem });
    }
  }
  for (const [index, { scheme }] of connect.entries()) {
    if (scheme !== 'ssl' || tls !== undefined) continue;
    const problem = 'openflow.connect: ssl: needs openflow.tls, with a key and a certificate of ours';
    problems.push({ path: ['openflow', 'connect', index], problem });
  }
  if (connect.length > switches) {
    const problem = `openflow.connect names ${connect.length} switches, openflow.switches is ${switches}: raise it`;
    problems.push({ path: ['openflow', 'connect'], problem });
  }
  return problems;
}
