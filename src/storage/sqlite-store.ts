import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Address } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import type { AllowEntry } from '../policy/allow-list.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import type { OperationName, StoreMessage, StoreRequest, ThreadOrder } from './sqlite-protocol.ts';
import type { Store, StoreOptions } from './store.ts';
import { storeClosed, storeOpen, storeOverload } from './store-errors.ts';
import type { EventPlace, Portion, StoreOperations } from './store-operations.ts';

export interface SqliteStoreOptions extends StoreOptions {
  /** The compiled thread; by default `sqlite-worker.js` beside this file. */
  readonly threadScript?: URL;
}

/** A disk that is asked for longer than this is as good as none, milliseconds. */
const OPEN_LIMIT_MS = 60_000;
const CLOSE_LIMIT_MS = 10_000;
/** Requests that wait for the thread. */
const MAX_WAITING = 256;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: GluewallError): void;
}

/**
 * Opens the store in `file` for this process alone; it is made when it is missing, its folder too. `setAside` is the
 * name that a damaged file was given; the store is then a new one. A crash of the process loses nothing that was saved;
 * a power cut can lose the last saves, never the file. Rejects with the codes of `openSqliteFile`, at the latest after a
 * minute.
 */
export async function openSqliteStore(
  file: string,
  options: SqliteStoreOptions,
): Promise<{ readonly store: Store; readonly setAside: string | undefined }> {
  const { events, threadScript = new URL('./sqlite-worker.js', import.meta.url) } = options;
  const path = resolve(file);
  const order: ThreadOrder = { file: path, options: { events } };
  const worker = new Worker(threadScript, { workerData: order });
  const first = await firstMessage(worker, path);
  if (first.kind === 'opened') return { store: new SqliteStore(worker, path), setAside: first.setAside };
  await worker.terminate();
  if (first.kind === 'refused') throw new GluewallError(first.code, first.message);
  throw storeOpen(path, 'its thread answered before it was asked');
}

function firstMessage(worker: Worker, file: string): Promise<StoreMessage> {
  return new Promise((resolve, reject) => {
    const give = (reason: string, cause?: unknown) => {
      clearTimeout(timer);
      // Not waited for: a thread that hangs in a system call ends only with it.
      void worker.terminate();
      reject(storeOpen(file, reason, cause));
    };
    const timer = setTimeout(() => give(`no answer in ${OPEN_LIMIT_MS / 1000} s`), OPEN_LIMIT_MS);
    const failed = (cause: Error) => give(`its thread failed: ${cause.message}`, cause);
    const ended = () => give('its thread ended');
    worker.once('error', failed).once('exit', ended);
    worker.once('message', (message: StoreMessage) => {
      clearTimeout(timer);
      worker.off('error', failed).off('exit', ended);
      resolve(message);
    });
  });
}

/** The store in a SQLite file, which a thread of its own reads and writes: nothing here waits for the disk. */
class SqliteStore implements Store {
  readonly #worker: Worker;
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #unreadableRows = 0;
  #closing: Promise<void> | undefined;
  /** Why the thread is gone. */
  #ended: string | undefined;

  /** The thread has opened `file` already. */
  constructor(worker: Worker, file: string) {
    this.#worker = worker;
    this.#file = file;
    worker.on('message', (message: StoreMessage) => this.#receive(message));
    worker.on('error', (error) => this.#end(`its thread failed: ${error.message}`));
    worker.on('exit', () => this.#end('its thread ended'));
    worker.unref();
  }

  get unreadableRows(): number {
    return this.#unreadableRows;
  }

  async *loadTriples(nowMs: number): AsyncGenerator<readonly NsTriple[], void> {
    yield* this.#portions((id: number | undefined) => this.#ask('triplesAfter', id ?? 0, nowMs));
  }

  saveTriples(triples: readonly NsTriple[]): Promise<void> {
    return this.#ask('saveTriples', triples);
  }

  async deleteExpiredTriples(nowMs: number): Promise<number> {
    let total = 0;
    // Ends: each round finds fewer rows that have expired by then.
    for (;;) {
      const count = await this.#ask('deleteExpiredTriples', nowMs);
      if (count === 0) return total;
      total += count;
    }
  }

  loadAllowEntries(nowMs: number): Promise<readonly AllowEntry[]> {
    return this.#ask('allowEntries', nowMs);
  }

  saveAllowEntry(entry: AllowEntry): Promise<void> {
    return this.#ask('saveAllowEntry', entry);
  }

  deleteAllowEntry(address: Address): Promise<void> {
    return this.#ask('deleteAllowEntry', address);
  }

  loadWarmup(): Promise<WarmupProgress | undefined> {
    return this.#ask('warmup');
  }

  saveWarmup(progress: WarmupProgress): Promise<void> {
    return this.#ask('saveWarmup', progress);
  }

  saveEvents(events: readonly VerdictEvent[]): Promise<void> {
    return this.#ask('saveEvents', events);
  }

  async *findEvents(query: EventQuery): AsyncGenerator<readonly VerdictEvent[], void> {
    yield* this.#portions((place: EventPlace | undefined) => this.#ask('eventsAfter', place, query));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#worker.ref();
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#send({ id: this.#nextId++, operation: 'close' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        // Not waited for: a thread that hangs in a system call ends only with it.
        void this.#worker.terminate();
        this.#end(`it did not close in ${CLOSE_LIMIT_MS / 1000} s`);
        resolve();
      }, CLOSE_LIMIT_MS);
    });
    await Promise.race([exited, late]);
    clearTimeout(timer);
  }

  /** Asks for the next portion while this one is used. */
  async *#portions<T, P>(ask: (place: P | undefined) => Promise<Portion<T, P>>): AsyncGenerator<readonly T[], void> {
    let asked: Promise<Portion<T, P>> | undefined = ask(undefined);
    while (asked !== undefined) {
      const { items, next }: Portion<T, P> = await asked;
      asked = next === undefined ? undefined : ask(next);
      // Whoever stops reading here does not want to know how the next portion ended.
      asked?.catch(() => {});
      if (items.length > 0) yield items;
    }
  }

  #ask<K extends OperationName>(
    operation: K,
    ...args: Parameters<StoreOperations[K]>
  ): Promise<ReturnType<StoreOperations[K]>> {
    if (this.#ended !== undefined) return Promise.reject(storeClosed(this.#file, this.#ended));
    if (this.#closing !== undefined) return Promise.reject(storeClosed(this.#file, 'it was closed before'));
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(storeOverload(this.#file, MAX_WAITING));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#send({ id, operation, args });
      // The process must not end before the answer.
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve: (result) => resolve(result as ReturnType<StoreOperations[K]>), reject });
    });
  }

  #send(request: StoreRequest): void {
    this.#worker.postMessage(request);
  }

  #receive(message: StoreMessage): void {
    if (message.kind !== 'done' && message.kind !== 'failed') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0 && this.#closing === undefined) this.#worker.unref();
    if (message.kind === 'failed') {
      waiting?.reject(new GluewallError(message.code, message.message));
      return;
    }
    this.#unreadableRows = message.unreadableRows;
    waiting?.resolve(message.result);
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(storeClosed(this.#file, this.#ended));
    this.#waiting.clear();
  }
}
