import type { VNode } from 'preact';
import type { EventRow } from '../../../src/services/event-row-view.ts';
import { Badge } from '../parts/badge.tsx';
import { Link } from '../parts/link.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { ClientName, ClientPort, QueryName, QueryType } from './query-parts.tsx';
import { reasonWords } from './reason-words.ts';

const COLUMNS = [
  { name: 'Time' },
  { name: 'Verdict' },
  { name: 'Query' },
  { name: 'Client' },
  { name: 'Destination' },
  { name: 'Packets', isNumber: true },
];

const VERDICT_WORDS = { allow: 'allowed', block: 'blocked', 'would block': 'would block' } as const;

interface EventRowsProps {
  readonly caption: string;
  readonly events: readonly EventRow[];
  /** The event that the page is about, which is no link. */
  readonly here?: number;
}

/** Events, one line each; the time leads to all of it. */
export function EventRows({ caption, events, here }: EventRowsProps): VNode {
  return (
    <Table caption={caption} columns={COLUMNS}>
      {events.map((event) => (
        <tr key={event.id} data-event={event.id} class={event.id === here ? 'event-here' : undefined}>
          <td class="nowrap">
            {event.id === here ? (
              <Time at={event.at} />
            ) : (
              <Link to={`/events/${event.id}`}>
                <Time at={event.at} />
              </Link>
            )}
          </td>
          <td class="event-verdict">
            <Badge kind={event.verdict} text={VERDICT_WORDS[event.verdict]} />
            <span class="event-small">{reasonWords(event.reason)}</span>
          </td>
          <td class="event-query">
            <span class="event-name-short">
              <QueryName name={event.queryName} />
            </span>
            <QueryType {...event} />
          </td>
          <td class="event-client">
            <ClientName client={event.client} />
            <span class="event-small">
              <ClientPort client={event.client} />
            </span>
          </td>
          <td class="event-destination">
            <span class="mono">{event.destination}</span>
            <span class="event-small">{event.protocol.toUpperCase()}</span>
          </td>
          <td class="number">{event.packets.toLocaleString('en')}</td>
        </tr>
      ))}
    </Table>
  );
}
