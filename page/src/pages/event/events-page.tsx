import type { VNode } from 'preact';
import { counted } from '../../../../src/core/words.ts';
import type { EventRow } from '../../../../src/services/event-row-view.ts';
import { navigate, useRoute } from '../../frame/route.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { BAD_SEARCH, BadSearch } from '../../inbox/bad-search.tsx';
import { EventRows } from '../../inbox/event-rows.tsx';
import { Aged } from '../../parts/aged.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Time } from '../../parts/time.tsx';
import { type LoadedPages, usePages } from '../../parts/use-pages.ts';
import { focusSearch } from '../../search/focus-search.ts';
import { SearchBox } from '../../search/search-box.tsx';
import './event-page.css';

const PAGE_ROWS = 100;

/** Every verdict on record, the newest first. */
export function EventsPage(): VNode {
  const { query } = useRoute();
  const search = query.get('search') ?? '';
  const events = usePages<EventRow>('/events', { search, limit: PAGE_ROWS });
  useShortcuts('everywhere', { r: events.reload, '/': focusSearch });
  const onSearch = (text: string) =>
    navigate(text.trim() === '' ? '/events' : `/events?${new URLSearchParams({ search: text })}`);
  const { value } = events;
  return (
    <PageFrame
      title="Events"
      actions={
        <Button isSmall shortcut="r" disabled={events.isLoading} onClick={events.reload}>
          Load again
        </Button>
      }
    >
      <SearchBox page="events" value={search} onApply={onSearch} />
      {events.problem?.code === BAD_SEARCH ? <BadSearch onSearch={onSearch} /> : <Aged loaded={events} />}
      {value === undefined ? (
        events.problem === undefined && <Skeleton rows={12} />
      ) : value.length === 0 && events.next === null ? (
        <NoEvents search={search} onSearch={onSearch} />
      ) : (
        <>
          <EventRows caption="Events, the newest first" events={value} />
          <End events={events} />
        </>
      )}
    </PageFrame>
  );
}

function End({ events }: { readonly events: LoadedPages<EventRow> }): VNode {
  const { value = [], next, lookedBackTo, isLoading, loadMore } = events;
  return (
    <div class="events-end">
      {next === null ? (
        <span class="muted">{counted(value.length, 'event')}, no more.</span>
      ) : (
        <Button disabled={isLoading} onClick={loadMore}>
          {isLoading ? 'Loading…' : 'Load more'}
        </Button>
      )}
      {next !== null && lookedBackTo !== null && (
        <span class="muted">
          Looked back to <Time at={lookedBackTo} />
        </span>
      )}
    </div>
  );
}

interface NoEventsProps {
  readonly search: string;
  readonly onSearch: (search: string) => void;
}

function NoEvents({ search, onSearch }: NoEventsProps): VNode {
  if (search.trim() === '') {
    return (
      <Empty title="No events yet">
        <p>Each query that leaves past the resolvers makes one. Without a switch there are none: see Switches.</p>
      </Empty>
    );
  }
  return (
    <Empty title="The search finds nothing">
      <Button kind="main" onClick={() => onSearch('')}>
        Clear the search
      </Button>
    </Empty>
  );
}
