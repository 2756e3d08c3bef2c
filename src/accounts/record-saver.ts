import type { Clock } from '../core/clock.ts';
import { GluewallError, messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { AccountStore, KeptRecord, RecordKind } from './account-store.ts';

const RETRY_MS = 5000;

export interface RecordSaverParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: AccountStore;
}

/** Writes records behind the books, each as it is by then; what fails is tried again. */
export class RecordSaver {
  readonly #parts: RecordSaverParts;
  /** By kind and id; with no JSON where it is to go. */
  readonly #waiting = new Map<string, Omit<KeptRecord, 'json'> & { readonly json: string | undefined }>();
  #last: Promise<boolean> = Promise.resolve(true);
  #cancel: (() => void) | undefined;
  #isStopped = false;
  #failing: string | undefined;

  constructor(parts: RecordSaverParts) {
    this.#parts = parts;
  }

  save(record: KeptRecord): void {
    this.#waiting.set(`${record.kind} ${record.id}`, record);
    void this.flush();
  }

  remove(kind: RecordKind, id: string): void {
    this.#waiting.set(`${kind} ${id}`, { kind, id, json: undefined });
    void this.flush();
  }

  /** Whether all that was changed before is written. What cannot be is in the log, and tried again. */
  flush(): Promise<boolean> {
    this.#last = this.#last.then(() => this.#write());
    return this.#last;
  }

  /** Writes what has changed, and nothing more after that. Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.flush();
  }

  async #write(): Promise<boolean> {
    const batch = [...this.#waiting.values()];
    if (batch.length === 0) return true;
    this.#waiting.clear();
    const isKept = (one: (typeof batch)[number]): one is KeptRecord => one.json !== undefined;
    const { store, log } = this.#parts;
    try {
      const gone = batch.filter((one) => !isKept(one));
      // First what takes rights away.
      if (gone.length > 0) await store.deleteRecords(gone.map(({ kind, id }) => ({ kind, id })));
      const kept = batch.filter(isKept);
      if (kept.length > 0) await store.saveRecords(kept);
    } catch (error) {
      for (const one of batch) {
        const key = `${one.kind} ${one.id}`;
        if (!this.#waiting.has(key)) this.#waiting.set(key, one);
      }
      this.#failed(error);
      return false;
    }
    if (this.#failing !== undefined) log.info({}, 'accounts can be written again');
    this.#failing = undefined;
    return true;
  }

  #failed(error: unknown): void {
    const code = error instanceof GluewallError ? error.code : 'internal';
    if (this.#failing !== code) {
      this.#failing = code;
      const rest = this.#isStopped ? 'what is not written is lost with the stop' : 'it is in force, and tried again';
      this.#parts.log.error({ code }, `accounts cannot be written: ${messageOf(error)}; ${rest}`);
    }
    if (this.#isStopped) return;
    this.#cancel ??= this.#parts.clock.after(RETRY_MS, () => {
      this.#cancel = undefined;
      void this.flush();
    });
  }
}
