import type { FoundEntry, LogQuestion } from '../../querylog/query-log-store.ts';
import { type SearchedLog, visitEntries } from '../log-entries.ts';

/** Reads a log, and no more entries of it in all than it may. */
export class LogReader {
  readonly #log: SearchedLog;
  readonly #signal: AbortSignal;
  #left: number;

  constructor(log: SearchedLog, maxEntries: number, signal: AbortSignal) {
    this.#log = log;
    this.#left = maxEntries;
    this.#signal = signal;
  }

  /** Whether it may read no more. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** As `visitEntries`, of which it has the log and the signal. */
  async read(
    question: Omit<LogQuestion, 'after' | 'limit'>,
    maxEntries: number,
    visit: (entry: FoundEntry) => void,
  ): Promise<boolean> {
    const most = Math.min(maxEntries, this.#left);
    return visitEntries(this.#log, question, most, this.#signal, (entry) => {
      this.#left--;
      visit(entry);
      return undefined;
    });
  }
}
