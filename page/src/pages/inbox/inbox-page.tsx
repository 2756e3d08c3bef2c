import type { VNode } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { counted } from '../../../../src/core/words.ts';
import type { EntryDetail, EntryView } from '../../../../src/services/inbox-view.ts';
import { useLive } from '../../api/live.ts';
import type { PageProps } from '../../frame/pages.ts';
import { navigate, useRoute } from '../../frame/route.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { ActionBar } from '../../inbox/action-bar.tsx';
import { BAD_SEARCH, BadSearch } from '../../inbox/bad-search.tsx';
import { EntryList } from '../../inbox/entry-list.tsx';
import { EntryPreview } from '../../inbox/entry-preview.tsx';
import type { EntryRowHandlers } from '../../inbox/entry-row.tsx';
import { InboxEmpty } from '../../inbox/inbox-empty.tsx';
import { allOf, extended, NO_SELECTION, narrowed, type Selection, stepped, toggled } from '../../inbox/selection.ts';
import { useEntryActions } from '../../inbox/use-entry-actions.tsx';
import { type Inbox, useInbox } from '../../inbox/use-inbox.ts';
import { Button } from '../../parts/button.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Ago } from '../../parts/time.tsx';
import { useMedia } from '../../parts/use-media.ts';
import { focusSearch } from '../../search/focus-search.ts';
import { SearchBox } from '../../search/search-box.tsx';
import './inbox-page.css';

/** From here on the list and an entry are side by side. */
const WIDE = '(min-width: 1100px)';

/** What was blocked and waits for somebody: a list, and the entry that is looked at. */
export function InboxPage({ id }: PageProps): VNode {
  const { query } = useRoute();
  const search = query.get('search') ?? '';
  const isWide = useMedia(WIDE);
  const inbox = useInbox(search);
  const opened = /^\d{1,15}$/.test(id) ? Number(id) : undefined;
  const [cursor, setCursor] = useState<number | undefined>(opened);
  const [selection, setSelection] = useState<Selection>(NO_SELECTION);
  /** The entry that is looked at, as it was loaded or changed last: it may have left the list. */
  const [detail, setDetail] = useState<EntryView>();
  const order = useMemo(() => inbox.list.rows.map((row) => row.id), [inbox.list.rows]);
  useEffect(() => setSelection((before) => narrowed(before, order)), [order]);
  useEffect(() => {
    if (opened !== undefined) setCursor(opened);
  }, [opened]);

  const placeOf = (entry: number) => `/inbox/${entry}${searchText(search)}`;
  const reach = (entry: number | undefined) => {
    setCursor(entry);
    if (entry !== undefined && isWide && entry !== opened) navigate(placeOf(entry), { replace: true });
  };
  const select = (entry: number, isRange: boolean) =>
    setSelection((before) => (isRange ? extended(before, entry, order) : toggled(before, entry)));
  const handlers = useStanding<EntryRowHandlers>({ onReach: reach, onSelect: select, placeOf });

  const targets = targetsOf(selection, cursor, inbox, detail);
  const { actions, dialog, isAcknowledging, setIsAcknowledging } = useEntryActions({
    targets,
    order,
    cursor,
    takeIn: (entries) => {
      inbox.takeIn(entries);
      setDetail((before) => entries.find((entry) => entry.id === opened) ?? before);
    },
    onActed: (next) => {
      setSelection(NO_SELECTION);
      reach(next);
      if (next !== undefined) focusEntry(next);
    },
  });
  const step = (by: 1 | -1) => {
    const next = stepped(cursor, by, order);
    if (next === undefined) return;
    reach(next);
    focusEntry(next);
    if (by === 1 && next === order.at(-1)) inbox.loadMore();
  };
  const openCursor = () => cursor !== undefined && navigate(placeOf(cursor));
  useShortcuts('inbox', {
    j: () => step(1),
    k: () => step(-1),
    o: openCursor,
    Enter: openCursor,
    x: () => cursor !== undefined && select(cursor, false),
    X: () => cursor !== undefined && select(cursor, true),
    '* a': () => setSelection(allOf(order)),
    '* n': () => setSelection(NO_SELECTION),
    e: () => targets.length > 0 && setIsAcknowledging(true),
    s: actions.escalate,
    a: actions.allow,
    c: actions.comment,
    t: actions.trace,
    '.': inbox.merge,
  });
  useShortcuts('everywhere', { r: inbox.reload, '/': focusSearch });

  const onSearch = (text: string) => navigate(`/inbox${searchText(text)}`);
  const bar = (
    <ActionBar
      about={aboutTargets(selection, targets)}
      count={targets.length}
      canReopen={targets.length > 0 && targets.every(({ state }) => state === 'acknowledged')}
      isAcknowledging={isAcknowledging}
      onAcknowledging={setIsAcknowledging}
      actions={actions}
    />
  );
  const isAlone = opened !== undefined && !isWide;
  const onLoaded = useCallback((entry: EntryDetail) => setDetail(entry), []);
  return (
    <PageFrame title="Inbox" actions={<ReloadButton inbox={inbox} />}>
      {!isAlone && <SearchBox page="inbox" value={search} onApply={onSearch} />}
      <div class="inbox">
        {!isAlone && (
          <section class="inbox-list" aria-label="List">
            <div class={selection.ids.size === 0 && !isAcknowledging ? 'inbox-bar inbox-bar-idle' : 'inbox-bar'}>
              <SelectAll order={order} selection={selection} onSelect={setSelection} />
              {bar}
              <NewBar inbox={inbox} />
            </div>
            <ListState inbox={inbox} />
            {inbox.problem?.code === BAD_SEARCH && <BadSearch onSearch={onSearch} />}
            {inbox.list.rows.length > 0 ? (
              <EntryList inbox={inbox} cursor={cursor} selection={selection} handlers={handlers} search={search} />
            ) : (
              !inbox.isLoading &&
              inbox.problem === undefined && (
                <InboxEmpty
                  search={search}
                  lookedBackTo={inbox.list.lookedBackTo}
                  onSearch={onSearch}
                  onMore={inbox.list.next === null ? undefined : inbox.loadMore}
                />
              )
            )}
            {inbox.isLoading && inbox.list.rows.length === 0 && <Skeleton rows={10} />}
          </section>
        )}
        {(isWide || isAlone) && (
          <aside class="inbox-entry" aria-label="Entry">
            {isAlone && (
              <Link to={`/inbox${searchText(search)}`} class="inbox-back">
                ← Back to the list
              </Link>
            )}
            {opened === undefined ? (
              <p class="inbox-none muted">
                Choose an entry to see all of it. <kbd>j</kbd> and <kbd>k</kbd> go down and up, <kbd>?</kbd> shows all
                keys.
              </p>
            ) : (
              <EntryPreview
                id={opened}
                row={inbox.list.rows.find((row) => row.id === opened) ?? (detail?.id === opened ? detail : undefined)}
                actions={isAlone ? bar : null}
                onLoaded={onLoaded}
              />
            )}
          </aside>
        )}
      </div>
      {dialog}
    </PageFrame>
  );
}

/** What actions act on: what is selected, else the entry that is looked at. */
function targetsOf(
  selection: Selection,
  cursor: number | undefined,
  { list }: Inbox,
  detail: EntryView | undefined,
): readonly EntryView[] {
  if (selection.ids.size > 0) return list.rows.filter(({ id }) => selection.ids.has(id));
  const row = list.rows.find(({ id }) => id === cursor);
  if (row !== undefined) return [row];
  return detail !== undefined && detail.id === cursor ? [detail] : [];
}

function aboutTargets({ ids }: Selection, targets: readonly EntryView[]): string {
  if (ids.size > 0) return `What to do with ${counted(targets.length, 'selected entry', 'selected entries')}`;
  return targets.length === 0 ? 'What to do with an entry' : 'What to do with this entry';
}

interface SelectAllProps {
  readonly order: readonly number[];
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
}

function SelectAll({ order, selection, onSelect }: SelectAllProps): VNode {
  const { size } = selection.ids;
  const isAll = size > 0 && size >= order.length;
  return (
    <label class="check inbox-all">
      <input
        type="checkbox"
        checked={isAll}
        indeterminate={size > 0 && !isAll}
        disabled={order.length === 0}
        onChange={() => onSelect(size > 0 ? NO_SELECTION : allOf(order))}
      />
      {size === 0 ? 'All' : size}
      <span class="unseen">{size === 0 ? ' entries that are shown' : ' selected'}</span>
    </label>
  );
}

/** What is new waits behind this button; its place is kept, so that nothing moves. */
function NewBar({ inbox }: { readonly inbox: Inbox }): VNode {
  const { waiting, hasMissed } = inbox.list;
  const count = `${waiting.length}${hasMissed ? '+' : ''}`;
  return (
    <div class="inbox-new" role="status">
      {waiting.length + Number(hasMissed) > 0 && (
        <Button isSmall kind="main" shortcut="." onClick={inbox.merge}>
          {hasMissed && waiting.length === 0 ? 'New entries' : `${count} new`}
        </Button>
      )}
    </div>
  );
}

/** While the console does not answer, or says nothing: what is shown, and how old it is. */
function ListState({ inbox }: { readonly inbox: Inbox }): VNode | null {
  const live = useLive();
  if (inbox.problem?.code === BAD_SEARCH) return null;
  if (inbox.problem !== undefined) return <ProblemNote problem={inbox.problem} onRetry={inbox.reload} />;
  if (live.state !== 'lost' || inbox.list.rows.length === 0) return null;
  return (
    <p class="inbox-lost" role="status">
      The connection is lost. What is shown is as it was <Ago at={new Date(live.sinceMs).toISOString()} />.
    </p>
  );
}

function ReloadButton({ inbox }: { readonly inbox: Inbox }): VNode {
  return (
    <Button isSmall shortcut="r" disabled={inbox.isLoading} onClick={inbox.reload}>
      Load again
    </Button>
  );
}

/** The same object for as long as the part is shown, which does what the newest one would. */
function useStanding<T extends EntryRowHandlers>(newest: T): EntryRowHandlers {
  const held = useRef(newest);
  held.current = newest;
  return useMemo(
    () => ({
      onReach: (id) => held.current.onReach(id),
      onSelect: (id, isRange) => held.current.onSelect(id, isRange),
      placeOf: (id) => held.current.placeOf(id),
    }),
    [],
  );
}

function focusEntry(id: number): void {
  // The row may only be there behind the next drawing.
  requestAnimationFrame(() => {
    const link = document.querySelector<HTMLElement>(`[data-entry="${id}"] .entry-link`);
    link?.focus({ preventScroll: true });
    link?.closest('[data-entry]')?.scrollIntoView({ block: 'nearest' });
  });
}

function searchText(search: string): string {
  return search.trim() === '' ? '' : `?${new URLSearchParams({ search })}`;
}
