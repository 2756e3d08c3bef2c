/** The queries of one host, as parallel axes show them (paper 1, figure 4). */
import { type Address, formatAddress } from '../core/address.ts';
import { DAY_MS, type TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { type AxesQuery, type QueryAxes, queryAxes } from '../correlation/pictures/query-axes.ts';
import { DNS_PORT } from '../dns/registry.ts';
import type { LogPlace } from '../querylog/query-log-store.ts';
import { formatInstant } from './instant.ts';
import type { AskedLog } from './log-services.ts';

export interface HostAxesView {
  readonly address: string;
  readonly since: string;
  readonly until: string;
  /** One for each family that has queries, IPv4 first. */
  readonly axes: readonly QueryAxes[];
  /** True when there are more queries than are shown. */
  readonly more: boolean;
}

export interface AxesParts {
  readonly clock: TimeSource;
  /** Left out where there is no query log to ask. */
  readonly queryLog?: Pick<AskedLog, 'search' | 'clientInLog'> | undefined;
}

const MAX_QUERIES = 20_000;
const PAGE_ENTRIES = 2000;

/**
 * Of the last day where no time is given: the newest MAX_QUERIES of the query log, as far as it says whom they were sent to.
 * Throws GluewallError `no-query-log` where there is none.
 */
export async function hostAxes(
  { host, sinceMs: wantedSinceMs }: { readonly host: Address; readonly sinceMs?: number | undefined },
  { clock, queryLog }: AxesParts,
): Promise<HostAxesView> {
  if (queryLog === undefined) {
    const remedy = 'start `gluewall run`, and give it logs to read (querylog in the configuration)';
    throw new GluewallError('no-query-log', `there is no query log to ask: ${remedy}`);
  }
  const untilMs = clock.nowMs();
  const sinceMs = wantedSinceMs ?? untilMs - DAY_MS;
  const client = queryLog.clientInLog(host);
  const queries: AxesQuery[] = [];
  let after: LogPlace | undefined;
  let looked = 0;
  do {
    const page = await queryLog.search({ client, sinceMs, untilMs, after, limit: PAGE_ENTRIES });
    looked += page.entries.length;
    for (const { clientPort, server } of page.entries) {
      if (clientPort !== undefined && server !== undefined)
        queries.push({ client: host, clientPort, server, serverPort: DNS_PORT });
    }
    after = page.last;
  } while (after !== undefined && looked < MAX_QUERIES);
  const families = [queryAxes(queries, 'ipv4'), queryAxes(queries, 'ipv6')];
  return {
    address: formatAddress(host),
    since: formatInstant(sinceMs)!,
    until: formatInstant(untilMs)!,
    axes: families.filter((one) => one.queries > 0),
    more: after !== undefined,
  };
}
