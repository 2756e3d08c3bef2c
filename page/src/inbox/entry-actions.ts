/** What is done to entries, told in a toast with its way back. */
import { counted } from '../../../src/core/words.ts';
import type {
  EntryDetail,
  EntryView,
  InboxChangeView,
  InboxUndoView,
  UndoStep,
} from '../../../src/services/inbox-view.ts';
import { consoleNowMs, send } from '../api/client.ts';
import { asProblem } from '../api/use-loaded.ts';
import { may } from '../frame/session.ts';
import { expiryOf, LIFETIMES } from '../pages/rules/expiry.ts';
import { toast } from '../parts/toast.ts';

/** For how long an entry may be acknowledged. */
export const TERMS = LIFETIMES.filter(({ name }) => ['1h', '1d', '7d'].includes(name));
export type Term = (typeof TERMS)[number];
/** What is meant where nothing is chosen. */
export const USUAL_TERM = '1d';

export type TakeIn = (entries: readonly EntryView[]) => void;

export function acknowledge(ids: readonly number[], term: Term, takeIn: TakeIn): Promise<void> {
  const until = expiryOf(term.name, consoleNowMs());
  return change('acknowledge', { entries: ids, until }, `acknowledged for ${term.text}`, takeIn);
}

export function escalate(ids: readonly number[], takeIn: TakeIn): Promise<void> {
  return change('escalate', { entries: ids }, 'escalated', takeIn);
}

export function reopen(ids: readonly number[], takeIn: TakeIn): Promise<void> {
  return change('reopen', { entries: ids }, 'open again', takeIn);
}

/** The entry with its new comment. Rejects with ApiProblem. */
export function comment(id: number, text: string): Promise<EntryDetail> {
  return send<EntryDetail>('POST', `/inbox/${id}/comments`, { text });
}

/** Whether the user may change entries; says so where he may not. */
export function mayChange(): boolean {
  if (may('analyst')) return true;
  toast('You may look at entries, not change them: that needs the role analyst.', { kind: 'problem' });
  return false;
}

async function change(what: string, body: unknown, words: string, takeIn: TakeIn): Promise<void> {
  try {
    const { changed, undo } = await send<InboxChangeView>('POST', `/inbox/${what}`, body);
    takeIn(changed);
    if (changed.length === 0) toast('Nothing changed: somebody was faster.');
    else toast(`${counted(changed.length, 'entry', 'entries')} ${words}.`, { undo: () => takeBack(undo, takeIn) });
  } catch (error) {
    toast(asProblem(error).detail, { kind: 'problem' });
  }
}

async function takeBack(steps: readonly UndoStep[], takeIn: TakeIn): Promise<void> {
  const { changed, left } = await send<InboxUndoView>('POST', '/inbox/undo', { steps });
  takeIn(changed);
  if (left.length > 0) toast(`${counted(left.length, 'entry', 'entries')} left alone: somebody changed them since.`);
}
