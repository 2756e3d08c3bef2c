import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { counted } from '../../../src/core/words.ts';
import type { EntryView } from '../../../src/services/inbox-view.ts';
import { Badge } from '../parts/badge.tsx';
import { Link } from '../parts/link.tsx';
import { Ago } from '../parts/time.tsx';
import { ClientName, ClientPort, DestinationNames, QueryName, QueryType } from './query-parts.tsx';
import { reasonWords } from './reason-words.ts';
import { Sparkline } from './sparkline.tsx';

export interface EntryRowHandlers {
  /** The cursor comes to the row, by a click or with the focus. */
  onReach(id: number): void;
  /** `isRange`: with Shift. */
  onSelect(id: number, isRange: boolean): void;
  /** Where the entry is shown by itself. */
  placeOf(id: number): string;
}

interface EntryRowProps {
  readonly entry: EntryView;
  readonly isCursor: boolean;
  readonly isSelected: boolean;
  /** The same ones as long as the list stands. */
  readonly handlers: EntryRowHandlers;
  /** What `placeOf` depends on. */
  readonly search: string;
}

/** An entry in three lines: what was asked and what came of it, by whom, of whom. */
export function EntryRow({ entry, isCursor, isSelected, handlers, search }: EntryRowProps): VNode {
  // A list may have thousands of rows: those that did not change are not compared again.
  // The handlers stay the same; where they lead goes with the search.
  return useMemo(
    () => <Row entry={entry} isCursor={isCursor} isSelected={isSelected} handlers={handlers} />,
    [entry, isCursor, isSelected, search],
  );
}

function Row({ entry, isCursor, isSelected, handlers }: Omit<EntryRowProps, 'search'>): VNode {
  const { id, queryName, client, destination } = entry;
  const classes = ['entry', `entry-${entry.state}`, isCursor ? 'entry-cursor' : '', isSelected ? 'entry-selected' : ''];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the link inside has keys
    <li
      class={classes.join(' ')}
      data-entry={id}
      onFocusIn={() => handlers.onReach(id)}
      onClick={({ target }) => target instanceof Element && !target.closest('a, input, label') && handlers.onReach(id)}
    >
      <label class="entry-select">
        <input
          type="checkbox"
          checked={isSelected}
          aria-label={`Select ${queryName ?? 'the query'} of ${client.name ?? client.address}`}
          onClick={(event) => handlers.onSelect(id, event.shiftKey)}
        />
      </label>
      <div class="entry-text">
        <div class="entry-line entry-title">
          <Badge kind={entry.severity} />
          <Link to={handlers.placeOf(id)} class="entry-link">
            <QueryName name={queryName} />
          </Link>
          <QueryType {...entry} />
          {entry.state !== 'open' && <Badge kind={entry.state} />}
          {entry.comments > 0 && <span class="entry-comments">{counted(entry.comments, 'comment')}</span>}
        </div>
        <div class="entry-line">
          <ClientName client={client} />
          <span class="entry-destination">
            <span aria-hidden="true">→ </span>
            <span class="unseen">to </span>
            <span class="mono">{destination.address}</span> {entry.protocol.toUpperCase()}
          </span>
          <ClientPort client={client} />
        </div>
        <div class="entry-line">
          <Badge kind={entry.verdict} text={entry.verdict === 'block' ? 'blocked' : 'would block'} />
          <span>{reasonWords(entry.reason)}</span>
          <span class="entry-names">
            <DestinationNames destination={destination} />
          </span>
        </div>
      </div>
      <div class="entry-figures">
        <Ago at={entry.last} />
        <span>
          <b class="entry-count">{entry.events.toLocaleString('en')}</b> {entry.events === 1 ? 'query' : 'queries'}
        </span>
        <span>{counted(entry.packets, 'packet')}</span>
        <Sparkline hours={entry.hours} />
      </div>
    </li>
  );
}
