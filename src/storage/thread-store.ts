import { Worker } from 'node:worker_threads';
import { GluewallError } from '../core/errors.ts';
import { type AskedDatabase, AskedStore } from './asked-store.ts';
import type { Store } from './store.ts';
import { storeClosed, storeOpen, storeOverload } from './store-errors.ts';
import type { StoreOperations } from './store-operations.ts';
import type { OperationName, StoreMessage, StoreRequest } from './thread-protocol.ts';

/** A disk that is asked for longer than this, and moves nothing, is as good as none, milliseconds. */
const OPEN_LIMIT_MS = 60_000;
const CLOSE_LIMIT_MS = 10_000;
/** Requests that wait for the thread. */
const MAX_WAITING = 256;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: GluewallError): void;
}

export interface OpenedStore {
  readonly store: Store;
  /** The name that a damaged file was given; the store is then a new one. */
  readonly setAside: string | undefined;
}

/**
 * Starts the thread `script` with `order`, and gives the store that it has, named `place` in messages. Rejects with what the
 * thread refuses with, and after a minute without a word of it with `store-open`.
 */
export async function openThreadStore(script: URL, order: unknown, place: string): Promise<OpenedStore> {
  const worker = new Worker(script, { workerData: order });
  const first = await firstMessage(worker, place);
  if (first.kind === 'opened')
    return { store: new AskedStore(new ThreadDatabase(worker, place)), setAside: first.setAside };
  await worker.terminate();
  if (first.kind === 'refused') throw new GluewallError(first.code, first.message);
  throw storeOpen(place, 'its thread answered before it was asked');
}

function firstMessage(worker: Worker, place: string): Promise<StoreMessage> {
  return new Promise((resolve, reject) => {
    const give = (reason: string, cause?: unknown) => {
      clearTimeout(timer);
      worker.off('message', hear);
      // Not waited for: a thread that hangs in a system call ends only with it.
      void worker.terminate();
      reject(storeOpen(place, reason, cause));
    };
    const late = () => give(`no answer in ${OPEN_LIMIT_MS / 1000} s`);
    let timer = setTimeout(late, OPEN_LIMIT_MS);
    const failed = (cause: Error) => give(`its thread failed: ${cause.message}`, cause);
    const ended = () => give('its thread ended');
    worker.once('error', failed).once('exit', ended);
    const hear = (message: StoreMessage) => {
      clearTimeout(timer);
      // Many rows of an older version take longer than anything else may.
      if (message.kind === 'moving') {
        timer = setTimeout(late, OPEN_LIMIT_MS);
        return;
      }
      worker.off('error', failed).off('exit', ended).off('message', hear);
      resolve(message);
    };
    worker.on('message', hear);
  });
}

/** A database that a thread of its own reads and writes: nothing here waits for a disk or a server. */
class ThreadDatabase implements AskedDatabase {
  readonly #worker: Worker;
  readonly #place: string;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #unreadableRows = 0;
  #closing: Promise<void> | undefined;
  /** Why the thread is gone. */
  #ended: string | undefined;

  /** The thread has opened the store already. */
  constructor(worker: Worker, place: string) {
    this.#worker = worker;
    this.#place = place;
    worker.on('message', (message: StoreMessage) => this.#receive(message));
    worker.on('error', (error) => this.#end(`its thread failed: ${error.message}`));
    worker.on('exit', () => this.#end('its thread ended'));
    worker.unref();
  }

  get unreadableRows(): number {
    return this.#unreadableRows;
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

  ask<K extends OperationName>(
    operation: K,
    ...args: Parameters<StoreOperations[K]>
  ): Promise<ReturnType<StoreOperations[K]>> {
    if (this.#ended !== undefined) return Promise.reject(storeClosed(this.#place, this.#ended));
    if (this.#closing !== undefined) return Promise.reject(storeClosed(this.#place, 'it was closed before'));
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(storeOverload(this.#place, MAX_WAITING));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#send({ id, operation, args }, operation === 'saveTriples' ? [args[0] as Uint8Array] : []);
      // The process must not end before the answer.
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve: (result) => resolve(result as ReturnType<StoreOperations[K]>), reject });
    });
  }

  #send(request: StoreRequest, batches: readonly Uint8Array[] = []): void {
    // What shares its memory with others, as small buffers do, is copied.
    const given = batches.map(({ buffer }) => buffer).filter((memory) => memory instanceof ArrayBuffer);
    this.#worker.postMessage(request, batches.every(isAlone) ? given : []);
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
    for (const { reject } of this.#waiting.values()) reject(storeClosed(this.#place, this.#ended));
    this.#waiting.clear();
  }
}

function isAlone(batch: Uint8Array): boolean {
  return batch.length === batch.buffer.byteLength;
}
