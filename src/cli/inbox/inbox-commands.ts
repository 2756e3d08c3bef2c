/** `gluewall inbox …`. */
import { MAX_CHANGED_ENTRIES } from '../../control/inbox-requests.ts';
import type { ControlRequest } from '../../control/protocol.ts';
import { GluewallError } from '../../core/errors.ts';
import { MAX_WORDS_CHARACTERS } from '../../findings/finding-record.ts';
import type { EventRow } from '../../services/event-row-view.ts';
import type { PageView } from '../../services/inbox-services.ts';
import type { EntryDetail, EntryView, InboxChangeView } from '../../services/inbox-view.ts';
import { currentUser, laterArgument } from '../arguments.ts';
import { type AskOptions, ask } from '../ask.ts';
import type { AcknowledgeOptions, CommentOptions, PageOptions } from '../commands/inbox.ts';
import { shellWord } from '../shell-word.ts';
import { printChanged, printEntries, printEntry, printEvents } from './print-inbox.ts';

export async function listInbox(words: readonly string[], options: PageOptions): Promise<void> {
  const search = words.join(' ');
  const { limit, after } = options;
  await ask<PageView<EntryView>>(options, { operation: 'inbox list', search, after, limit }, (page) =>
    printEntries(page, `gluewall inbox list${searchWords(search)}`),
  );
}

export async function showEntry(id: string, options: AskOptions): Promise<void> {
  await ask<EntryDetail>(options, { operation: 'inbox show', entry: idArgument(id) }, printEntry);
}

export async function showEntryEvents(id: string, options: PageOptions): Promise<void> {
  const entry = idArgument(id);
  const { limit, after } = options;
  await ask<Pick<PageView<EventRow>, 'items' | 'next'>>(
    options,
    { operation: 'inbox events', entry, after, limit },
    (page) => printEvents({ ...page, lookedBackTo: null }, `gluewall inbox events ${entry}`),
  );
}

export async function searchEvents(words: readonly string[], options: PageOptions): Promise<void> {
  const search = words.join(' ');
  const { limit, after } = options;
  await ask<PageView<EventRow>>(options, { operation: 'events search', search, after, limit }, (page) =>
    printEvents(page, `gluewall inbox search${searchWords(search)}`),
  );
}

export async function acknowledgeEntries(ids: readonly string[], options: AcknowledgeOptions): Promise<void> {
  const until = laterArgument(options.for, Date.now());
  const entries = idArguments(ids);
  const request = { operation: 'inbox acknowledge', entries, until, owner: currentUser() } as const;
  await change(options, request, entries, `acknowledged until ${until}`);
}

export async function escalateEntries(ids: readonly string[], options: AskOptions): Promise<void> {
  const entries = idArguments(ids);
  await change(options, { operation: 'inbox escalate', entries, owner: currentUser() }, entries, 'escalated');
}

export async function reopenEntries(ids: readonly string[], options: AskOptions): Promise<void> {
  const entries = idArguments(ids);
  await change(options, { operation: 'inbox reopen', entries, owner: currentUser() }, entries, 'open again');
}

export async function commentOnEntry(id: string, options: CommentOptions): Promise<void> {
  const entry = idArgument(id);
  const text = (options.text ?? (await readInput())).trim();
  if (text === '' || text.length > MAX_WORDS_CHARACTERS) {
    throw new GluewallError('usage', `a comment has 1 to ${MAX_WORDS_CHARACTERS} characters`);
  }
  await ask<EntryDetail>(options, { operation: 'inbox comment', entry, text, owner: currentUser() }, ({ comments }) => [
    `entry ${entry} is commented on; it has ${comments}: gluewall inbox show ${entry}`,
  ]);
}

/** Exits with 1 when not all of them were there. */
async function change(
  options: AskOptions,
  request: ControlRequest,
  entries: readonly number[],
  done: string,
): Promise<void> {
  await ask<InboxChangeView>(
    options,
    request,
    ({ changed }) => printChanged(changed, entries, done),
    ({ changed }) => changed.length === entries.length,
  );
}

function idArguments(ids: readonly string[]): number[] {
  const entries = [...new Set(ids.map(idArgument))];
  if (entries.length <= MAX_CHANGED_ENTRIES) return entries;
  throw new GluewallError(
    'usage',
    `${entries.length} entries are too many at once: want ${MAX_CHANGED_ENTRIES} at most`,
  );
}

function idArgument(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new GluewallError('usage', `"${text}" is no entry: want a number, as \`gluewall inbox list\` shows them`);
}

function searchWords(search: string): string {
  return search === '' ? '' : ` ${search.startsWith('-') ? '-- ' : ''}${shellWord(search)}`;
}

/** No more than a comment can have, and what shows that there is more. */
async function readInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new GluewallError('usage', 'write the comment behind --text, or send it through a pipe');
  }
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > 2 * MAX_WORDS_CHARACTERS) break;
  }
  return text;
}
