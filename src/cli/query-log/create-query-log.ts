import type { Config } from '../../config/schema.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { logClients } from './log-clients.ts';
import { logOrder } from './log-order.ts';
import { QueryLog } from './query-log.ts';

/** The query log of a gluewall that is to run. Throws as `mariadbAccess` does, and `querylog-key`: nothing is logged without it. */
export function createQueryLog(config: Config, clock: Clock, log: Log): QueryLog {
  const order = logOrder(config, log);
  return new QueryLog({ order, clientInLog: logClients(order.key) }, clock, log);
}
