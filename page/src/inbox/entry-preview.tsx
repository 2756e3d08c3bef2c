import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { counted } from '../../../src/core/words.ts';
import { searchWord } from '../../../src/inbox/compose-search.ts';
import type { EventRow } from '../../../src/services/event-row-view.ts';
import type { EntryDetail, EntryView } from '../../../src/services/inbox-view.ts';
import { useLoaded } from '../api/use-loaded.ts';
import { KIND_WORDS } from '../pages/findings/finding-words.tsx';
import { Aged } from '../parts/aged.tsx';
import { Badge } from '../parts/badge.tsx';
import { Hostile } from '../parts/hostile.tsx';
import { Link } from '../parts/link.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { Ago, Time } from '../parts/time.tsx';
import { DestinationNames, QueryName, QueryType } from './query-parts.tsx';
import { Sparkline } from './sparkline.tsx';

const SHOWN_EVENTS = 8;
/** Going fast through a list, only the entry where one stays is asked for. */
const STAY_MS = 120;

interface EntryPreviewProps {
  readonly id: number;
  /** The entry as the list has it, if it is there. */
  readonly row: EntryView | undefined;
  /** What can be done to it. */
  readonly actions: ComponentChildren;
  /** Given the entry as it is loaded. */
  readonly onLoaded: (entry: EntryDetail) => void;
}

/** An entry with all that is known of it. */
export function EntryPreview({ id, row, actions, onLoaded }: EntryPreviewProps): VNode {
  const settled = useSettled(id);
  const detail = useLoaded<EntryDetail>(settled === id ? `/inbox/${id}` : undefined);
  const events = useLoaded<{ readonly items: readonly EventRow[] }>(
    settled === id ? `/inbox/${id}/events` : undefined,
    { limit: SHOWN_EVENTS },
  );
  const { value, reload } = detail;
  useEffect(() => {
    if (value !== undefined) onLoaded(value);
  }, [value, onLoaded]);
  const isBehind = value !== undefined && row !== undefined && row.id === value.id && row.change > value.change;
  const change = row?.change;
  // Once for each change: an answer that is behind, too, must not be asked for over and over.
  useEffect(() => {
    if (!isBehind) return;
    reload();
    events.reload();
  }, [isBehind, change, reload, events.reload]);
  const entry = newer(row, value);
  if (entry === undefined) {
    return (
      <>
        <Aged loaded={detail} />
        {detail.problem === undefined && <Skeleton rows={8} />}
      </>
    );
  }
  return (
    <article class="preview" aria-label={`Entry ${id}`}>
      <header class="preview-head">
        <h2 class="preview-title">
          <QueryName name={entry.queryName} /> <QueryType {...entry} />
        </h2>
        <p class="row">
          <Badge kind={entry.severity} />
          <Badge kind={entry.verdict} text={entry.verdict === 'block' ? 'blocked' : 'would block'} />
          <Badge kind={entry.state} />
          <StateNote entry={entry} />
        </p>
      </header>
      {actions}
      <Aged loaded={detail} />
      <p class="preview-message">
        <Hostile text={entry.message} />
      </p>
      <Facts entry={entry} />
      <Findings findings={value?.findings} />
      <Remarks remarks={value?.remarks} count={entry.comments} />
      <Events events={events.value?.items} total={entry.events} entry={entry} />
    </article>
  );
}

function Facts({ entry }: { readonly entry: EntryView }): VNode {
  const { client, destination } = entry;
  return (
    <dl class="facts">
      <dt>Client</dt>
      <dd>
        <Link to={`/hosts/${client.address}`}>
          {client.name !== null && (
            <>
              <Hostile text={client.name} />{' '}
            </>
          )}
          <span class="mono">{client.address}</span>
        </Link>
        <span class="facts-more">
          {client.mac !== null && <span class="mono">{client.mac}, </span>}
          port {client.port} of switch <span class="mono">{client.switch}</span>, group <Hostile text={entry.group} />
        </span>
      </dd>
      <dt>Destination</dt>
      <dd>
        <Link to={`/history?target=${encodeURIComponent(destination.address)}`}>
          <span class="mono">{destination.address}</span>
        </Link>{' '}
        by {entry.protocol.toUpperCase()}
        <span class="facts-more">
          <DestinationNames destination={destination} />
        </span>
      </dd>
      <dt>Seen</dt>
      <dd>
        <Ago at={entry.last} />, first <Ago at={entry.first} />
        <span class="facts-more">
          <Time at={entry.last} />
        </span>
      </dd>
      <dt>Count</dt>
      <dd class="facts-count">
        <span>
          {counted(entry.events, 'query', 'queries')} in {counted(entry.packets, 'packet')}
          {entry.verdict === 'block' && ' dropped'}
        </span>
        <Sparkline hours={entry.hours} />
      </dd>
      {entry.rule !== null && (
        <>
          <dt>Rule</dt>
          <dd>
            <Link to="/rules">
              <Hostile text={entry.rule} />
            </Link>
          </dd>
        </>
      )}
    </dl>
  );
}

function StateNote({ entry }: { readonly entry: EntryView }): VNode | null {
  const { stateBy, stateAt, until } = entry;
  if (stateBy === null || stateBy === '') return null;
  return (
    <span class="muted">
      by <Hostile text={stateBy} />
      {stateAt !== null && (
        <>
          {' '}
          <Ago at={stateAt} />
        </>
      )}
      {until !== null && (
        <>
          , until <Time at={until} />
        </>
      )}
    </span>
  );
}

function Findings({ findings }: { readonly findings: EntryDetail['findings'] | undefined }): VNode | null {
  if (findings === undefined || findings.length === 0) return null;
  return (
    <section>
      <h3>Findings about the client</h3>
      <ul>
        {findings.map(({ id, kind, state }) => (
          <li key={id}>
            <Link to={`/findings/${encodeURIComponent(id)}`}>{KIND_WORDS[kind]}</Link>{' '}
            <span class="muted">{state}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Remarks({
  remarks,
  count,
}: {
  readonly remarks: EntryDetail['remarks'] | undefined;
  readonly count: number;
}): VNode | null {
  if (count === 0) return null;
  return (
    <section>
      <h3>Comments</h3>
      <ul class="remarks">
        {(remarks ?? []).map(({ at, by, text }) => (
          <li key={`${at} ${by} ${text}`}>
            <p class="remark-head muted">
              <b>
                <Hostile text={by} />
              </b>{' '}
              <Ago at={at} />
            </p>
            <p>
              <Hostile text={text} hasLines />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface EventsProps {
  readonly events: readonly EventRow[] | undefined;
  readonly total: number;
  readonly entry: EntryView;
}

function Events({ events, total, entry }: EventsProps): VNode {
  const words = [
    searchWord('client', entry.client.address),
    searchWord('destination', entry.destination.address),
    entry.queryName === null ? undefined : searchWord('name', entry.queryName),
  ];
  const search = words.filter((word) => word !== undefined).join(' ');
  return (
    <section>
      <h3>Events</h3>
      {events === undefined ? (
        <Skeleton rows={2} />
      ) : (
        <ul class="preview-events">
          {events.map(({ id, at, queryType, packets }) => (
            <li key={id} data-event={id}>
              <Link to={`/events/${id}`}>
                <Time at={at} />
              </Link>
              <span class="mono">{queryType ?? '?'}</span>
              <span class="muted">{counted(packets, 'packet')}</span>
            </li>
          ))}
          {events.length === 0 && <li class="muted">They are not kept any more.</li>}
        </ul>
      )}
      {events !== undefined && total > events.length && (
        <Link to={`/events?search=${encodeURIComponent(search)}`}>All events of these</Link>
      )}
    </section>
  );
}

function useSettled(id: number): number | undefined {
  const [settled, setSettled] = useState<number>();
  useEffect(() => {
    const timer = setTimeout(() => setSettled(id), STAY_MS);
    return () => clearTimeout(timer);
  }, [id]);
  return settled;
}

function newer(row: EntryView | undefined, detail: EntryDetail | undefined): EntryView | undefined {
  if (row === undefined || detail === undefined || detail.id !== row.id) return row ?? detail;
  return row.change > detail.change ? row : detail;
}
