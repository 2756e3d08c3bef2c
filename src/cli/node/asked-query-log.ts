import type { Address } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import type { LogPage, LogQuestion, QueryLogStore } from '../../querylog/query-log-store.ts';
import type { FromNodeThread, ToNodeThread } from './node-protocol.ts';

/** Names of clients that came with pages, the newest. */
const MAX_NAMES = 100_000;
/**
 * A page passes the main thread, which it holds up for some 15 µs an entry; the pages of all questions that the log has at once may come
 * together. The rest waits for its turn.
 */
const PAGE_ENTRIES = 250;
const AT_ONCE = 4;
const MAX_QUEUED = 4096;

interface Waiting {
  resolve(page: LogPage): void;
  reject(error: Error): void;
}

/** The query log as the thread of the node has it: behind the main thread, which also says what clients are called. */
export class AskedQueryLog implements Pick<QueryLogStore, 'search'> {
  readonly #send: (message: FromNodeThread) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #names = new Map<Address, string>();
  readonly #queue: (() => void)[] = [];
  #nextId = 0;
  #asking = 0;

  constructor(send: (message: FromNodeThread) => void) {
    this.#send = send;
  }

  /** Pages are shorter than those that are asked for. Rejects as the store does. */
  async search(question: LogQuestion, signal?: AbortSignal): Promise<LogPage> {
    await this.#turn();
    // Nobody waits: as the store has it, the page is empty.
    if (signal?.aborted === true) {
      this.#next();
      return { entries: [], last: undefined };
    }
    const id = this.#nextId++;
    const drop = () => this.#send({ kind: 'drop', id });
    signal?.addEventListener('abort', drop, { once: true });
    try {
      return await new Promise<LogPage>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#send({ kind: 'search', id, question: { ...question, limit: Math.min(question.limit, PAGE_ENTRIES) } });
      });
    } finally {
      signal?.removeEventListener('abort', drop);
      this.#next();
    }
  }

  /** Resolves when the log has room for a question; `#next` gives the room to the next one. */
  async #turn(): Promise<void> {
    if (this.#asking < AT_ONCE) {
      this.#asking++;
      return;
    }
    if (this.#queue.length >= MAX_QUEUED) {
      throw new GluewallError('store-closed', 'the query log cannot be asked: too many questions wait; try again');
    }
    await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #next(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#asking--;
    else next();
  }

  nameOf(address: Address): string | undefined {
    return this.#names.get(address);
  }

  take(message: Extract<ToNodeThread, { readonly kind: 'found' | 'not found' }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'not found') {
      waiting?.reject(new GluewallError(message.code, message.message));
      return;
    }
    for (const [address, name] of message.names) this.#name(address, name);
    waiting?.resolve(message.page);
  }

  #name(address: Address, name: string): void {
    this.#names.delete(address);
    if (this.#names.size >= MAX_NAMES) this.#names.delete(this.#names.keys().next().value!);
    this.#names.set(address, name);
  }
}
