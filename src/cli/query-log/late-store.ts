import type {
  LogPage,
  LogQuestion,
  QuarantinedRecord,
  QueryLogStore,
  Retention,
  SourceBatch,
  SourceCoverage,
  SourcePosition,
  TrimReport,
} from '../../querylog/query-log-store.ts';

/** A store that is opened when it is first asked for something, and tried again each time until it can be. */
export class LateStore implements QueryLogStore {
  readonly #open: () => QueryLogStore;
  #opened: QueryLogStore | undefined;

  /** `open` throws what the promises of the store reject with while it cannot be had. */
  constructor(open: () => QueryLogStore) {
    this.#open = open;
  }

  async append(batch: SourceBatch): Promise<void> {
    return this.#store().append(batch);
  }

  async position(source: string): Promise<SourcePosition | undefined> {
    return this.#store().position(source);
  }

  async search(question: LogQuestion, signal?: AbortSignal): Promise<LogPage> {
    return this.#store().search(question, signal);
  }

  async coverage(gapMs: number): Promise<readonly SourceCoverage[]> {
    return this.#store().coverage(gapMs);
  }

  async quarantined(source: string | undefined): Promise<readonly (QuarantinedRecord & { readonly source: string })[]> {
    return this.#store().quarantined(source);
  }

  async trim(retention: Retention, nowMs: number): Promise<TrimReport> {
    return this.#store().trim(retention, nowMs);
  }

  async sizeBytes(): Promise<number | undefined> {
    return this.#store().sizeBytes();
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }

  #store(): QueryLogStore {
    this.#opened ??= this.#open();
    return this.#opened;
  }
}
