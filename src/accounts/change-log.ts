import type { Clock } from '../core/clock.ts';
import { GluewallError, messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import type { AccountStore, Change, ChangeQuery } from './account-store.ts';

/** Characters of what was before, and of what was after. */
export const MAX_CHANGE_CHARACTERS = 4096;
/** A cut text is JSON in JSON: each quote of it takes two characters. */
const CUT_CHARACTERS = 2000;
const MAX_SUBJECT_CHARACTERS = 255;
/** Refusals that are recorded: who is refused could else push out what was done. */
const REFUSALS_PER_SECOND = 1;
const REFUSALS_AT_ONCE = 200;
/** Changes that wait for a store that is slow; what is beyond them is only logged. */
const MOST_WAITING = 1000;

export interface ChangeLogParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<AccountStore, 'addChange' | 'findChanges'>;
}

export interface ChangeLogFigures {
  readonly written: number;
  /** Done, and not to be found in the record. */
  readonly lost: number;
  /** Refusals that came too fast to be recorded one by one. */
  readonly skipped: number;
}

/** The record of changes: what is done is written here by itself, and never taken back because it could not be. */
export class ChangeLog {
  readonly #parts: ChangeLogParts;
  readonly #refusals: TokenBucket;
  readonly #lostLog: PacedLog;
  readonly #skippedLog: PacedLog;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #written = 0;
  #lost = 0;
  #skipped = 0;

  constructor(parts: ChangeLogParts) {
    this.#parts = parts;
    this.#refusals = new TokenBucket(parts.clock, REFUSALS_PER_SECOND, REFUSALS_AT_ONCE);
    this.#lostLog = new PacedLog(parts.clock, parts.log, 'error');
    this.#skippedLog = new PacedLog(parts.clock, parts.log, 'warn');
  }

  get figures(): ChangeLogFigures {
    return { written: this.#written, lost: this.#lost, skipped: this.#skipped };
  }

  /** Is written by itself: what is done must not wait for it. What cannot be written is in the log. */
  add(change: Omit<Change, 'atMs'>): void {
    const isSkipped = change.refused !== '' && !this.#refusals.take();
    const { by, from, operation, subject, refused } = change;
    if (isSkipped) {
      this.#skipped++;
      this.#skippedLog.say({ by, from, operation, refused }, 'refusals come too fast to be recorded one by one');
      return;
    }
    if (this.#waiting >= MOST_WAITING) {
      this.#lose(change, 'too many wait for the store already');
      return;
    }
    const atMs = Math.floor(this.#parts.clock.nowMs());
    const kept: Change = { ...change, atMs, subject: subject.slice(0, MAX_SUBJECT_CHARACTERS) };
    this.#waiting++;
    this.#last = this.#last.then(() => this.#write(kept));
  }

  /** The newest first, and all that was added before. Rejects as the store does. */
  async find(query: ChangeQuery): ReturnType<AccountStore['findChanges']> {
    await this.#last;
    return this.#parts.store.findChanges(query);
  }

  /** Resolves when all is written. Safe twice. */
  async stop(): Promise<void> {
    await this.#last;
    this.#lostLog.stop();
    this.#skippedLog.stop();
  }

  async #write(change: Change): Promise<void> {
    try {
      await this.#parts.store.addChange(change);
      this.#written++;
    } catch (error) {
      this.#lose(change, messageOf(error), error instanceof GluewallError ? error.code : 'internal');
    } finally {
      this.#waiting--;
    }
  }

  #lose({ by, from, operation, subject, refused }: Omit<Change, 'atMs'>, why: string, code = 'store-busy'): void {
    this.#lost++;
    const fields = { by, from, operation, subject, refused, code };
    this.#lostLog.say(fields, `"${operation}" of ${by} could not be recorded, and is so all the same: ${why}`);
  }
}

/** A view as the record keeps it: without secrets, and cut where it is long. Undefined stays so. */
export function changeText(view: unknown): string | undefined {
  if (view === undefined || view === null) return undefined;
  const text = JSON.stringify(view, (key, value: unknown) => (key === 'secret' ? undefined : value));
  return text.length <= MAX_CHANGE_CHARACTERS ? text : JSON.stringify({ cut: text.slice(0, CUT_CHARACTERS) });
}
