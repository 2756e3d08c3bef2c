import { type AccountRecords, composeRecord, idOf } from './account-record.ts';
import type { RecordKind } from './account-store.ts';
import type { RecordSaver } from './record-saver.ts';

/** Records of one kind by their id, in memory and behind it in the store; the order is that in which they came. */
export class RecordTable<K extends RecordKind> {
  readonly #kind: K;
  readonly #saver: RecordSaver;
  readonly #byId = new Map<string, AccountRecords[K]>();

  constructor(kind: K, saver: RecordSaver) {
    this.#kind = kind;
    this.#saver = saver;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): AccountRecords[K] | undefined {
    return this.#byId.get(id);
  }

  /** Those there are now. */
  all(): readonly AccountRecords[K][] {
    return [...this.#byId.values()];
  }

  /** What the store holds, or what is not worth a write. */
  hold(record: AccountRecords[K]): void {
    this.#byId.set(idOf(record), record);
  }

  put(record: AccountRecords[K]): void {
    this.hold(record);
    this.#saver.save(composeRecord(this.#kind, record));
  }

  /** False when there was none. */
  delete(id: string): boolean {
    if (!this.#byId.delete(id)) return false;
    this.#saver.remove(this.#kind, id);
    return true;
  }
}
