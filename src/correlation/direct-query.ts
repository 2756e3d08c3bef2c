import type { Address } from '../core/address.ts';
import type { HostEvent, QuerySeen, VerdictSeen } from './host-event.ts';

/** A query to a server outside that is nobody's of the site, as a capture or a log saw it, or as the gate judged it. */
export type DirectQuery = (QuerySeen & { readonly server: Address }) | VerdictSeen;

export function isDirectQuery(event: HostEvent): event is DirectQuery {
  return event.kind === 'verdict' || (event.kind === 'query' && event.isDirect && event.server !== undefined);
}
