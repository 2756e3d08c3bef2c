import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { BatchSender, type BatchStore } from '../../querylog/batch-sender.ts';
import { EntryBatchReader, EntryBatchWriter } from '../../querylog/entry-batch.ts';
import type { SourceBatch } from '../../querylog/query-log-store.ts';
import type { QueueRoom } from '../../querylog/queue-room.ts';
import type { SourceFigures } from '../../querylog/source-figures.ts';

/** What gluewall sees itself, from entries to batches in the store; nothing of it can be read a second time. */
export class OwnIntake {
  readonly entries = new EntryBatchWriter();
  readonly #source: string;
  readonly #sender: BatchSender;
  #sent = 0;
  #lost = 0;
  #bytes = 0;
  #lastAtMs: number | undefined;

  constructor(source: string, room: QueueRoom, store: BatchStore, clock: Clock, log: Log) {
    this.#source = source;
    const onLost = ({ entries }: SourceBatch) => this.#countLost(entries);
    this.#sender = new BatchSender({ source, room, triesAgain: true, onLost }, store, clock, log);
  }

  /** To be called when something was added. */
  added(): void {
    if (this.entries.isFull) this.flush();
  }

  /** Hands over what there is. */
  flush(): void {
    const { count } = this.entries;
    if (count === 0) return;
    const entries = this.entries.take();
    this.#bytes += entries.length;
    const reader = new EntryBatchReader(entries);
    while (reader.next() === 'entry') this.#lastAtMs = reader.atMs;
    const isSent = this.#sender.send({ source: this.#source, entries, position: undefined, quarantined: [] });
    if (isSent) this.#sent += count;
    else this.#lost += count;
  }

  /** Hands over what there is, once, and ends. Safe twice. */
  async stop(): Promise<void> {
    this.flush();
    await this.#sender.stop();
  }

  /** Entries of a batch that the store did not take after all. */
  #countLost(entries: Uint8Array): void {
    let count = 0;
    for (const reader = new EntryBatchReader(entries); reader.next() === 'entry'; ) count++;
    this.#sent -= count;
    this.#lost += count;
  }

  figures(): SourceFigures {
    const entries = this.#sent + this.entries.count;
    return {
      source: this.#source,
      format: undefined,
      bytes: this.#bytes,
      records: entries + this.#lost,
      taken: entries + this.#lost,
      other: 0,
      refused: {},
      entries,
      lost: this.#lost,
      lastAtMs: this.#lastAtMs,
      behindMs: undefined,
      assumptions: [],
      problem: this.#sender.failure?.message,
    };
  }
}
