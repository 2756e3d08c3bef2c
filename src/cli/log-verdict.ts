import { formatAddress } from '../core/address.ts';
import type { Log } from '../core/log.ts';
import { formatName } from '../dns/name.ts';
import { formatRecordType } from '../dns/registry.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import { formatInstant } from '../services/instant.ts';

/** One line for each verdict: a warning for what is blocked, or would be. */
export function logVerdict(log: Log, event: VerdictEvent): void {
  const { message, atMs, client, destination, queryName, queryType, ...rest } = event;
  const fields = {
    event: 'dns_verdict',
    at: formatInstant(atMs),
    client: formatAddress(client),
    destination: formatAddress(destination),
    queryName: queryName === undefined ? null : formatName(queryName),
    queryType: queryType === undefined ? null : formatRecordType(queryType),
    ...rest,
  };
  if (event.verdict === 'block') log.warn(fields, message);
  else log.info(fields, message);
}
