import { EntryBatchWriter, readEntries } from './entry-batch.ts';
import type { LogEntry } from './log-entry.ts';

/** Entries as text that stays short in JSON, whatever octets are in them: packed (entry-batch.ts), in base64. */
export function keepEntries(entries: Iterable<LogEntry>): string {
  const writer = new EntryBatchWriter();
  for (const entry of entries) writer.add(entry);
  return Buffer.from(writer.take()).toString('base64');
}

/** What `keepEntries` was given; of anything else none, or those before what makes no sense. */
export function keptEntries(text: unknown): readonly LogEntry[] {
  return typeof text === 'string' ? [...readEntries(Buffer.from(text, 'base64'))] : [];
}
