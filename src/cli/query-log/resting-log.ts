import { existsSync } from 'node:fs';
import type { Config } from '../../config/schema.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import type { QueryLogStore } from '../../querylog/query-log-store.ts';
import type { AskedLog } from '../../services/log-services.ts';
import { stderrLog } from '../stderr-log.ts';
import { clientsKey, logClients } from './log-clients.ts';
import { formatLogStorePlace, logSettings, logStorePlace } from './log-order.ts';
import { openLogStore } from './open-log-store.ts';
import { retentionOf } from './retention.ts';

/** The query log of a gluewall that does not run; its store is closed by whoever opened it. Throws `not-running` where there is none. */
export function openRestingLog(config: Config): { readonly asked: AskedLog; readonly store: QueryLogStore } {
  const place = logStorePlace(config);
  if (place.kind === 'memory') {
    throw noLog('store.kind is memory, so nothing is kept', 'start it with `gluewall run`');
  }
  if (place.kind === 'sqlite' && !existsSync(place.folder))
    throw noLog(`there is no query log ${formatLogStorePlace(place)}`, FIRST_LOG);
  const store = openLogStore(place, stderrLog);
  const asked: AskedLog = {
    search: (question) => store.search(question),
    coverage: (gapMs) => store.coverage(gapMs),
    quarantined: (source) => store.quarantined(source),
    trim: async () => store.trim(await retentionOf(logSettings(config), store), systemClock.nowMs()),
    sourceFigures: async () => null,
    clientInLog: (client) => logClients(clientsKey(config, silentLog))(client),
  };
  return { asked, store };
}

const FIRST_LOG =
  'start it with `gluewall run`, fill a log with `gluewall log import`, or name its configuration with --config';

function noLog(why: string, remedy: string): GluewallError {
  return new GluewallError('not-running', `no gluewall answers, and ${why}: ${remedy}`);
}
