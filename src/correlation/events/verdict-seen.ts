import { canonicalName } from '../../dns/name.ts';
import type { VerdictEvent } from '../../events/verdict-event.ts';
import type { VerdictSeen } from '../host-event.ts';

/** What the gate says of a host. */
export function verdictSeen(event: VerdictEvent): VerdictSeen {
  const { atMs, client, clientMac, destination, queryName, queryType, verdict, reason, packetsAtLeast } = event;
  return {
    kind: 'verdict',
    atMs,
    host: client,
    mac: clientMac,
    server: destination,
    name: queryName === undefined ? undefined : canonicalName(queryName),
    type: queryType,
    verdict,
    reason,
    packets: packetsAtLeast,
  };
}
