/** What the policy is asked about a query that is on record. */
import { canonicalName } from '../dns/name.ts';
import { RECORD_TYPE } from '../dns/registry.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { PolicyQuery, QueryMessage } from '../policy/query.ts';

/**
 * The query of an event, of the group that its client was in; where there is no such group any more, of the one that it is in
 * now. What ports are called is not on record: a rule by the name of a port does not hold for it.
 */
export function queryOfEvent(event: VerdictEvent, { groups }: Pick<PolicyBook, 'groups'>): PolicyQuery {
  const { client: address, clientMac: mac, inPort, destination, transport } = event;
  const client = { address, mac, inPort, portName: undefined };
  const group = groups.get(event.group) ?? groups.groupOf(client);
  return { client, group, destination, transport, message: messageOf(event) };
}

function messageOf({ queryName, queryType, transport, recursionDesired, reason }: VerdictEvent): QueryMessage {
  if (queryName === undefined) return transport === 'tcp' ? 'unseen' : 'unreadable';
  // Events of earlier versions say it by their reason only.
  const isDesired = recursionDesired ?? reason === 'recursionDesired';
  return { name: canonicalName(queryName), type: queryType ?? RECORD_TYPE.A, recursionDesired: isDesired };
}
