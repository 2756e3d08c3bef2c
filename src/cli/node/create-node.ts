import type { Config } from '../../config/schema.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Clients } from '../../identity/clients.ts';
import type { QueryLogStore } from '../../querylog/query-log-store.ts';
import type { NamedHosts } from '../../traceback/named-hosts.ts';
import { NodeHost } from './node-host.ts';
import { nodeOrder } from './node-order.ts';

/** The traceback node of a gluewall that is to run; undefined where the configuration has none. Throws `querylog-key`. */
export function createNode(
  config: Config,
  queryLog: Pick<QueryLogStore, 'search'> | undefined,
  clients: Pick<Clients, 'describe'>,
  clock: Clock,
  log: Log,
  onNamed: (named: NamedHosts) => void = () => {},
): NodeHost | undefined {
  const order = queryLog === undefined ? undefined : nodeOrder(config, log);
  if (queryLog === undefined || order === undefined) return undefined;
  // A pseudonym may be the address of somebody else.
  const names = order.key === undefined ? clients : { describe: () => undefined };
  return new NodeHost({ order, queryLog, names: (address) => names.describe(address)?.name, onNamed }, clock, log);
}
