import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { counted } from '../../../src/core/words.ts';
import { Button } from '../parts/button.tsx';
import { Time } from '../parts/time.tsx';
import { EntryRow, type EntryRowHandlers } from './entry-row.tsx';
import type { Selection } from './selection.ts';
import type { Inbox } from './use-inbox.ts';

interface EntryListProps {
  readonly inbox: Inbox;
  readonly cursor: number | undefined;
  readonly selection: Selection;
  readonly handlers: EntryRowHandlers;
  readonly search: string;
}

/** The entries, and more of them at the end. */
export function EntryList({ inbox, cursor, selection, handlers, search }: EntryListProps): VNode {
  const { list } = inbox;
  return (
    <>
      <ul class="entries" aria-label="Entries">
        {list.rows.map((entry) => (
          <EntryRow
            key={entry.id}
            entry={entry}
            isCursor={entry.id === cursor}
            isSelected={selection.ids.has(entry.id)}
            handlers={handlers}
            search={search}
          />
        ))}
      </ul>
      <ListEnd inbox={inbox} />
    </>
  );
}

/** Loads more as soon as it comes into sight; the button does the same. */
function ListEnd({ inbox }: { readonly inbox: Inbox }): VNode {
  const end = useRef<HTMLDivElement>(null);
  const { list, isLoadingMore, problem } = inbox;
  const load = useRef(inbox.loadMore);
  load.current = inbox.loadMore;
  const goesOn = list.next !== null && problem === undefined;
  useEffect(() => {
    if (!goesOn || end.current === null) return undefined;
    const observer = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) load.current();
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [goesOn]);
  return (
    <div ref={end} class="entries-end">
      {list.next === null ? (
        <span class="muted">{counted(list.rows.length, 'entry', 'entries')}, no more.</span>
      ) : (
        <Button disabled={isLoadingMore} onClick={inbox.loadMore}>
          {isLoadingMore ? 'Loading…' : 'Load more'}
        </Button>
      )}
      {list.next !== null && list.lookedBackTo !== null && (
        <span class="muted">
          Looked back to <Time at={list.lookedBackTo} />
        </span>
      )}
    </div>
  );
}
