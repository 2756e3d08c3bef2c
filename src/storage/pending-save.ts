import type { SaveMark } from '../core/save-mark.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import { countTriples } from '../nsdb/triple-batch.ts';
import { jsonEventRow, readEvent } from './event-rows.ts';
import type { JournalEntry } from './journal.ts';
import type { Store } from './store.ts';

/** What is to be saved in one go. */
export type SavedRows =
  | { readonly kind: 'triples'; readonly batch: Uint8Array }
  | { readonly kind: 'events'; readonly events: readonly VerdictEvent[] };

/** Saves the rows, once for each mark. The batch stays the caller's. */
export function saveRows(store: Pick<Store, 'saveTriples' | 'saveEvents'>, rows: SavedRows, mark: SaveMark) {
  return rows.kind === 'triples' ? store.saveTriples(rows.batch.slice(), mark) : store.saveEvents(rows.events, mark);
}

export function rowCount(rows: SavedRows): number {
  return rows.kind === 'triples' ? (countTriples(rows.batch) ?? 0) : rows.events.length;
}

/** How the rows lie in the journal: events as the JSON of their columns. */
export function journalEntry(rows: SavedRows, mark: SaveMark): JournalEntry {
  const payload = rows.kind === 'triples' ? rows.batch : Buffer.from(JSON.stringify(rows.events.map(jsonEventRow)));
  return { kind: rows.kind, mark, payload };
}

/** Reads what `journalEntry` made; rows that make no sense are left out. */
export function readJournalEntry({ kind, payload }: JournalEntry): SavedRows {
  if (kind === 'triples') return { kind, batch: payload };
  return { kind, events: parseRows(payload).flatMap((row) => (Array.isArray(row) ? (readEvent(row) ?? []) : [])) };
}

function parseRows(payload: Uint8Array): readonly unknown[] {
  try {
    const rows: unknown = JSON.parse(Buffer.from(payload).toString());
    return Array.isArray(rows) ? rows : [];
  } catch {
    return [];
  }
}
