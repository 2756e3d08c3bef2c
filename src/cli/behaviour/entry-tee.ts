/** The entries of logs, from the thread that keeps the query log to the one that looks at hosts: neither waits for the other. */
import type { MessagePort } from 'node:worker_threads';
import type { TimeSource } from '../../core/clock.ts';
import type { BatchStore } from '../../querylog/batch-sender.ts';
import { EntryBatchReader } from '../../querylog/entry-batch.ts';
import type { SourceBatch, SourcePosition } from '../../querylog/query-log-store.ts';

/** To the thread that looks at hosts: a packed batch, and how many entries found no room before it. */
export interface TeedEntries {
  readonly kind: 'entries';
  readonly batch: Uint8Array;
  readonly lost: number;
}

/** Back: so many octets have been taken. */
export interface TakenEntries {
  readonly kind: 'taken';
  readonly octets: number;
}

/** What waits for the other thread, octets; what comes beyond is lost to it. */
const MAX_WAITING_OCTETS = 16 * 1024 * 1024;
/** What is older says nothing of how hosts are now: a file that is read from its beginning. */
const MAX_AGE_MS = 86_400_000;

/** Where batches go that the query log has kept. */
export class EntryTee {
  readonly #clock: TimeSource;
  #port: MessagePort | undefined;
  #waitingOctets = 0;
  #lost = 0;

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Sends to this port from now on. */
  use(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    this.#waitingOctets = 0;
    port.on('message', ({ octets }: TakenEntries) => {
      if (this.#port === port) this.#waitingOctets -= octets;
    });
    port.on('close', () => {
      if (this.#port === port) this.#port = undefined;
    });
    // Nothing here is to keep the thread alive.
    port.unref();
  }

  get isUsed(): boolean {
    return this.#port !== undefined;
  }

  /** Takes a batch in memory of its own. */
  take(batch: Uint8Array<ArrayBuffer>): void {
    const port = this.#port;
    if (port === undefined || batch.length === 0 || this.#isOld(batch)) return;
    if (this.#waitingOctets + batch.length > MAX_WAITING_OCTETS) {
      this.#lost += countEntries(batch);
      return;
    }
    this.#waitingOctets += batch.length;
    const message: TeedEntries = { kind: 'entries', batch, lost: this.#lost };
    this.#lost = 0;
    port.postMessage(message, [batch.buffer]);
  }

  close(): void {
    this.#port?.close();
  }

  #isOld(batch: Uint8Array): boolean {
    const reader = new EntryBatchReader(batch);
    return reader.next() !== 'entry' || reader.atMs < this.#clock.nowMs() - MAX_AGE_MS;
  }
}

function countEntries(batch: Uint8Array): number {
  const reader = new EntryBatchReader(batch);
  let count = 0;
  while (reader.next() === 'entry') count++;
  return count;
}

/** Where they come out. */
export class EntryPort {
  readonly #take: (entries: TeedEntries) => void;
  #port: MessagePort | undefined;

  constructor(take: (entries: TeedEntries) => void) {
    this.#take = take;
  }

  /** Takes from this port from now on. */
  use(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    port.on('message', (entries: TeedEntries) => {
      this.#take(entries);
      const taken: TakenEntries = { kind: 'taken', octets: entries.batch.length };
      port.postMessage(taken);
    });
  }

  close(): void {
    this.#port?.close();
  }
}

/** A store whose entries go to the tee, too, once they are kept: what is read a second time after a failure goes once. */
export class TeedStore implements BatchStore {
  readonly #store: BatchStore;
  readonly #tee: EntryTee;

  constructor(store: BatchStore, tee: EntryTee) {
    this.#store = store;
    this.#tee = tee;
  }

  async append(batch: SourceBatch): Promise<void> {
    // The store's from the call on.
    const copy = this.#tee.isUsed ? new Uint8Array(batch.entries) : undefined;
    await this.#store.append(batch);
    if (copy !== undefined) this.#tee.take(copy);
  }

  position(source: string): Promise<SourcePosition | undefined> {
    return this.#store.position(source);
  }
}
