import { dirname, join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { isIpv4 } from '../../core/address.ts';
import type { Log } from '../../core/log.ts';
import type { TlsFiles } from '../../core/tls-settings.ts';
import type { NodeOptions, Peer } from '../../traceback/node-options.ts';
import { storeFile } from '../open-store.ts';
import { clientsKey } from '../query-log/log-clients.ts';

/** What can change while a node runs. */
export interface NodeSettings {
  readonly options: NodeOptions;
  /** How an address is confirmed to be spoofed, where nobody says how. */
  readonly method: 'hash' | 'oblivious';
}

/** What the thread of the node is told; can be cloned. */
export interface NodeOrder extends NodeSettings {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: TlsFiles & { readonly crl?: string | undefined };
  /** For cases and the audit log. */
  readonly folder: string;
  /** The key by which clients of the query log are anonymised; undefined: they are not. */
  readonly key: Uint8Array | undefined;
}

type NodeConfig = NonNullable<Config['node']>;

/** Requests that are worked on at once: one of an oblivious confirmation is up to seconds of a core. */
const AT_ONCE = 64;
const AT_ONCE_PER_PEER = 16;

/** Undefined where the configuration has no `node`. Throws `querylog-key`. */
export function nodeOrder(config: Config, log: Log): NodeOrder | undefined {
  const { node } = config;
  const settings = nodeSettings(config);
  if (node === undefined || settings === undefined) return undefined;
  const { listen, tls } = node;
  return { ...settings, listen, tls, folder: nodeFolder(config, node), key: clientsKey(config, log) };
}

/** Where cases and the audit log are kept. */
export function nodeFolder(config: Config, node: Pick<NodeConfig, 'folder'> | undefined): string {
  return node?.folder ?? join(dirname(storeFile(config)), 'node');
}

/** The audit log in the folder of a node. */
export function auditFile(folder: string): string {
  return join(folder, 'audit.jsonl');
}

export function nodeSettings({ node, trusted_resolvers }: Config): NodeSettings | undefined {
  if (node === undefined) return undefined;
  const resolvers = trusted_resolvers.map((base) => ({ base, prefixLength: isIpv4(base) ? 32 : 128 }));
  const options: NodeOptions = {
    name: node.name,
    servers: node.servers ?? resolvers,
    zones: node.zones,
    clients: node.clients,
    isForwarder: node.forwarder,
    peers: node.peers.map((peer) => peerOf(peer, node.zones)),
    window: { beforeMs: node.window.before, afterMs: node.window.after },
    cacheMs: node.cache,
    namedHosts: node.named_hosts,
    minConfidence: node.min_confidence,
    model: { queryRate: node.model.query_rate, sameBot: node.model.same_bot },
    atOnce: AT_ONCE,
    atOncePerPeer: AT_ONCE_PER_PEER,
  };
  return { options, method: node.confirm };
}

/** Whoever has a zone may ask about it, and everybody about ours, unless the configuration says which names. */
function peerOf(peer: NodeConfig['peers'][number], ownZones: Peer['zones']): Peer {
  const { name, url, servers, zones, requests, names, per_minute, per_day } = peer;
  return {
    name,
    url,
    servers,
    zones,
    requests,
    names: names ?? [...zones, ...ownZones],
    perMinute: per_minute,
    perDay: per_day,
  };
}
