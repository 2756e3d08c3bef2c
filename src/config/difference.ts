/** What a reload would change. */
import { composeConfig } from './compose.ts';
import { withoutSecrets } from './config-hash.ts';
import type { Config } from './schema.ts';

/** Items of one key that are told. */
const MAX_ITEMS = 500;

/**
 * A key whose value is another one. Values are as they are written, in JSON; of lists, what came and what went, the first MAX_ITEMS
 * of each and then how many more.
 */
export interface KeyDifference {
  readonly path: string;
  readonly removed: readonly string[];
  readonly added: readonly string[];
  /** False for a key that is read at the start only: it takes a restart. */
  readonly isLive: boolean;
}

/** Keys that a running gluewall takes up; the others are read at the start. */
const LIVE_KEYS: readonly string[] = [
  'mode',
  'on_failure',
  'warmup',
  'inside',
  'trusted_resolvers',
  'allow',
  'groups',
  'strictness',
  'rules',
  'copy',
  'capture.fallback',
  'packs',
  'lists',
  'querylog.keep',
  'querylog.size',
  'querylog.capture',
  'querylog.dnstap',
  'querylog.sources',
  'behaviour.min_score',
  'behaviour.round',
  'behaviour.mail_servers',
  'response.rpz.keep',
  'response.rules',
  'response.remediation',
  'response.never',
  'response.most_hosts',
  'node.servers',
  'node.zones',
  'node.clients',
  'node.forwarder',
  'node.window',
  'node.cache',
  'node.confirm',
  'node.named_hosts',
  'node.min_confidence',
  'node.model',
  'node.peers',
];

/** The keys that differ, in the order of the schema. */
export function configDifference(before: Config, after: Config): readonly KeyDifference[] {
  return differences(composeConfig(before), composeConfig(after), '');
}

/** `after` as far as a running gluewall can take it up, the rest from `before`. */
export function liveConfig(before: Config, after: Config): Config {
  return {
    ...before,
    mode: after.mode,
    on_failure: after.on_failure,
    warmup: after.warmup,
    inside: after.inside,
    trusted_resolvers: after.trusted_resolvers,
    allow: after.allow,
    groups: after.groups,
    strictness: after.strictness,
    rules: after.rules,
    copy: after.copy,
    packs: after.packs,
    lists: after.lists,
    capture: { ...before.capture, fallback: after.capture.fallback },
    querylog: { ...after.querylog, folder: before.querylog.folder, anonymise: before.querylog.anonymise },
    node: liveNode(before.node, after.node),
    behaviour: liveBehaviour(before.behaviour, after.behaviour),
    response: liveResponse(before.response, after.response),
  };
}

/** A node begins and ends with its process, and keeps its name, keys, address and folder. */
function liveNode(before: Config['node'], after: Config['node']): Config['node'] {
  if (before === undefined || after === undefined) return before;
  const { name, listen, tls, folder } = before;
  return { ...after, name, listen, tls, folder };
}

/** Who gets the zone, and how, is settled at the start. */
function liveResponse(before: Config['response'], after: Config['response']): Config['response'] {
  const { rpz } = before;
  return { ...after, rpz: rpz === undefined ? rpz : { ...rpz, keep: after.rpz?.keep ?? rpz.keep } };
}

/** What hosts are held in is made at the start. */
function liveBehaviour(before: Config['behaviour'], after: Config['behaviour']): Config['behaviour'] {
  const { min_score, round, mail_servers } = after;
  return { ...before, min_score, round, mail_servers };
}

function differences(before: unknown, after: unknown, path: string): readonly KeyDifference[] {
  if (isGroup(before) && isGroup(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => differences(before[name], after[name], path === '' ? name : `${path}.${name}`));
  }
  const removed = itemsOf(before);
  const added = itemsOf(after);
  const gone = without(removed, added);
  const come = without(added, removed);
  const isSame = gone.length === 0 && come.length === 0;
  // The order of rules and groups decides between them.
  const isReordered = isSame && removed.some((item, index) => item !== added[index]);
  if (isSame && !isReordered) return [];
  const shown = isReordered ? ['(in another order)'] : come;
  return [{ path, removed: told(gone), added: told(shown), isLive: isLive(path) }];
}

/** Without secrets, and no more of them than a person reads. */
function told(items: readonly string[]): readonly string[] {
  const first = items.slice(0, MAX_ITEMS).map(withoutSecrets);
  return items.length > MAX_ITEMS ? [...first, `(and ${items.length - MAX_ITEMS} more)`] : first;
}

function isLive(path: string): boolean {
  return LIVE_KEYS.some((key) => path === key || path.startsWith(`${key}.`));
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function itemsOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((item) => JSON.stringify(item));
}

/** What of `items` is not in `others`; of one that is there twice, as often as it is there more often. */
function without(items: readonly string[], others: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1);
  return items.filter((item) => {
    const left = counts.get(item) ?? 0;
    if (left > 0) counts.set(item, left - 1);
    return left === 0;
  });
}
