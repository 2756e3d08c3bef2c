import { formatName } from '../../src/dns/name.ts';
import { readEntries } from '../../src/querylog/entry-batch.ts';
import type { LogEntry } from '../../src/querylog/log-entry.ts';
import type { SourceBatch, SourcePosition } from '../../src/querylog/query-log-store.ts';
import { checkFrom } from '../../src/storage/query-log/check-from.ts';

/** Keeps batches in a list, or rejects them, as a test says. */
export class RecordingQueryLog {
  readonly batches: SourceBatch[] = [];
  readonly entries: LogEntry[] = [];
  readonly #positions = new Map<string, SourcePosition>();
  /** What `append` rejects with, as long as it is set. */
  failure: Error | undefined;
  /** The next batch is kept, and rejected all the same. */
  losesNextWord = false;
  /** Appends do not end while it is set. */
  gate: Promise<void> | undefined;
  appends = 0;

  async append(batch: SourceBatch): Promise<void> {
    this.appends++;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    checkFrom(batch, this.#positions.get(batch.source));
    this.batches.push(batch);
    this.entries.push(...readEntries(batch.entries));
    if (batch.position !== undefined) this.#positions.set(batch.source, batch.position);
    if (!this.losesNextWord) return;
    this.losesNextWord = false;
    throw new Error('the word got lost');
  }

  async position(source: string): Promise<SourcePosition | undefined> {
    return this.#positions.get(source);
  }

  /** The names of all entries, in the order in which they were kept. */
  get names(): string[] {
    return this.entries.map(({ name }) => formatName(name));
  }
}
