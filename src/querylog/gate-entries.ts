import { RECORD_CLASS } from '../dns/registry.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { LogEntry } from './log-entry.ts';

/**
 * The entry of a query that the gate blocked, or would have blocked in monitor mode. Undefined for what it allowed, which the
 * capture sees pass, and for what carries no question, as a blocked TCP SYN: nobody asked for a name yet, and never will. The
 * event does not say the class; nearly all that is asked is IN.
 */
export function gateEntry(event: VerdictEvent): LogEntry | undefined {
  const { atMs, verdict, enforced, queryName, queryType, client, clientPort, destination } = event;
  if (verdict !== 'block' || queryName === undefined || queryType === undefined) return undefined;
  return {
    atMs,
    name: queryName,
    type: queryType,
    class: RECORD_CLASS.IN,
    client,
    clientPort,
    server: destination,
    role: undefined,
    responseCode: undefined,
    answers: [],
    mark: enforced ? 'blocked' : 'would block',
  };
}
