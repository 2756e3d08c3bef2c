import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { EntryView } from '../../../src/services/inbox-view.ts';
import type { EntryActions } from './action-bar.tsx';
import { AllowDialog } from './allow-dialog.tsx';
import type { BlockedQuery } from './allow-presets.ts';
import { CommentDialog } from './comment-dialog.tsx';
import { acknowledge, escalate, mayChange, reopen, type TakeIn } from './entry-actions.ts';
import { cursorAfter } from './selection.ts';
import { TraceDialog } from './trace-dialog.tsx';

interface ActedOn {
  readonly targets: readonly EntryView[];
  /** The rows of the list. */
  readonly order: readonly number[];
  readonly cursor: number | undefined;
  readonly takeIn: TakeIn;
  /** Entries may have left the list: where the cursor goes. */
  readonly onActed: (cursor: number | undefined) => void;
}

interface OfferedActions {
  readonly actions: EntryActions;
  /** The dialog that is open. */
  readonly dialog: VNode | null;
  readonly isAcknowledging: boolean;
  setIsAcknowledging(isOpen: boolean): void;
}

/** What can be done to the targets, and the dialogs for it. What changes nothing is done to nobody. */
export function useEntryActions({ targets, order, cursor, takeIn, onActed }: ActedOn): OfferedActions {
  const [opened, setOpened] = useState<'allow' | 'comment' | 'trace'>();
  const [isAcknowledging, setIsAcknowledging] = useState(false);
  const ids = targets.map(({ id }) => id);
  const takeOut: TakeIn = (changed) => {
    const finished = new Set(changed.filter(({ state }) => state === 'acknowledged').map(({ id }) => id));
    takeIn(changed);
    onActed(cursorAfter(cursor, finished, order));
  };
  const whenAllowed = (act: () => unknown) => () => {
    if (ids.length > 0 && mayChange()) act();
  };
  const ofOne = (act: () => unknown) => whenAllowed(() => ids.length === 1 && act());
  const actions: EntryActions = {
    acknowledge: (term) => whenAllowed(() => acknowledge(ids, term, takeOut))(),
    escalate: whenAllowed(() => escalate(ids, takeIn)),
    reopen: whenAllowed(() => reopen(ids, takeIn)),
    allow: whenAllowed(() => setOpened('allow')),
    comment: ofOne(() => setOpened('comment')),
    trace: ofOne(() => setOpened('trace')),
  };
  const first = targets[0];
  const onClose = () => setOpened(undefined);
  return {
    actions,
    dialog:
      first === undefined || opened === undefined ? null : (
        <>
          {opened === 'allow' && <AllowDialog queries={targets.map(blockedQuery)} onClose={onClose} />}
          {opened === 'comment' && (
            <CommentDialog id={first.id} onDone={(entry) => takeIn([entry])} onClose={onClose} />
          )}
          {opened === 'trace' && (
            <TraceDialog name={first.queryName} at={first.last} source={first.client.address} onClose={onClose} />
          )}
        </>
      ),
    isAcknowledging,
    setIsAcknowledging: (isOpen) => (!isOpen || mayChange()) && setIsAcknowledging(isOpen),
  };
}

function blockedQuery(entry: EntryView): BlockedQuery {
  const { client, group, destination, queryName, queryType, protocol } = entry;
  return { client: client.address, group, destination: destination.address, queryName, queryType, protocol };
}
