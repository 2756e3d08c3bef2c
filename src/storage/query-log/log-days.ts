import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { isDamage } from '../store-errors.ts';
import { LAST_DAY } from './day-entries.ts';
import { DAY_SCHEMA } from './day-schema.ts';
import { LogDay } from './log-day.ts';
import { openLogFile, removeLogFile, setLogFileAside } from './log-file.ts';
import type { LogLedger } from './log-ledger.ts';

/** Days that are open at once. */
const MAX_OPEN = 16;
/** How often a file may be gone or damaged when something is to be written. */
const MAX_TRIES = 3;

/**
 * The files of the days in a folder, opened as they are needed. Days are counted from the epoch. A file is opened, removed and
 * set aside only while no other process does such a thing: what SQLite keeps beside a file is found by its name.
 */
export class LogDays {
  readonly #folder: string;
  readonly #ledger: LogLedger;
  readonly #tellSetAside: (aside: string) => void;
  /** The one used last comes last. */
  readonly #open = new Map<number, LogDay>();
  #written: number | undefined;

  constructor(folder: string, ledger: LogLedger, tellSetAside: (aside: string) => void) {
    this.#folder = folder;
    this.#ledger = ledger;
    this.#tellSetAside = tellSetAside;
  }

  /** The days that there are, newest first. */
  list(): readonly number[] {
    const days = readdirSync(this.#folder).map(dayOfFile);
    return days.filter((day) => day !== undefined).sort((a, b) => b - a);
  }

  has(day: number): boolean {
    return existsSync(this.#fileOf(day));
  }

  /** Asks a day something; undefined when there is none, or when it is damaged. */
  read<T>(day: number, ask: (file: LogDay) => T): T | undefined {
    const file = this.#get(day, false);
    if (file === undefined) return undefined;
    try {
      return ask(file);
    } catch (cause) {
      if (!isDamage(cause, 'read')) throw cause;
      this.#setAside(day);
      return undefined;
    }
  }

  /** Makes the file of a day, where it is missing. */
  make(day: number): void {
    this.#get(day, true);
  }

  /** Changes a day, all of `change` or nothing of it. A damaged file is set aside, and a new one changed. */
  write(day: number, change: (file: LogDay) => void): void {
    for (let tries = 1; ; tries++) {
      const file = this.#get(day, true)!;
      try {
        this.#expectWrites(day, file);
        if (file.change(() => change(file))) return;
        if (tries === MAX_TRIES) throw takenAway(this.#fileOf(day));
      } catch (cause) {
        if (!isDamage(cause, 'write') || tries === MAX_TRIES) throw cause;
        this.#setAside(day);
      }
    }
  }

  /** Removes a day, if it is as `isToGo` wants it; says how many entries it had, undefined when it stays. */
  remove(day: number, isToGo: (file: LogDay) => boolean = () => true): number | undefined {
    return this.#ledger.alone(() => {
      const entries = this.read(day, (file) => {
        let count: number | undefined;
        file.change(() => {
          if (!isToGo(file)) return;
          count = file.entryCount();
          removeLogFile(this.#fileOf(day));
        });
        return count;
      });
      if (entries !== undefined) this.#close(day);
      return entries;
    });
  }

  /** Octets that a day has on the disk. */
  sizeBytes(day: number): number {
    return fileSize(this.#fileOf(day)) + fileSize(`${this.#fileOf(day)}-wal`);
  }

  /** Safe twice. */
  close(): void {
    for (const day of [...this.#open.keys()]) this.#close(day);
  }

  #get(day: number, isMade: boolean): LogDay | undefined {
    const open = this.#open.get(day);
    if (open?.isCurrent) {
      this.#open.delete(day);
      this.#open.set(day, open);
      return open;
    }
    this.#close(day);
    const file = this.#ledger.alone(() => this.#openFile(day, isMade));
    if (file === undefined) return undefined;
    const [longestUnused] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN) this.#close(longestUnused!);
    this.#open.set(day, file);
    return file;
  }

  #openFile(day: number, isMade: boolean): LogDay | undefined {
    const path = this.#fileOf(day);
    if (!isMade && !existsSync(path)) return undefined;
    try {
      return this.#openDay(path);
    } catch (cause) {
      if (!isDamage(cause, 'open')) throw cause;
      this.#tellSetAside(setLogFileAside(path));
      return isMade ? this.#openDay(path) : undefined;
    }
  }

  #openDay(path: string): LogDay {
    const connection = openLogFile(path, DAY_SCHEMA);
    try {
      const day = new LogDay(connection, path);
      this.#ledger.giveNumbersBehind(day.lastDelivered());
      return day;
    } catch (cause) {
      connection.close();
      throw cause;
    }
  }

  /** Sets a damaged file aside, unless another process has. */
  #setAside(day: number): void {
    this.#ledger.alone(() => {
      const isCurrent = this.#open.get(day)?.isCurrent === true;
      this.#close(day);
      if (isCurrent) this.#tellSetAside(setLogFileAside(this.#fileOf(day)));
    });
  }

  /** Most of the memory is for the day that is written to. */
  #expectWrites(day: number, file: LogDay): void {
    if (this.#written === day) return;
    if (this.#written !== undefined) this.#open.get(this.#written)?.rest();
    file.expectWrites();
    this.#written = day;
  }

  #close(day: number): void {
    this.#open.get(day)?.close();
    this.#open.delete(day);
    if (this.#written === day) this.#written = undefined;
  }

  #fileOf(day: number): string {
    return join(this.#folder, `${new Date(day * DAY_MS).toISOString().slice(0, 10)}.db`);
  }
}

function takenAway(file: string): GluewallError {
  const message = `the file ${file} of the query log is removed again and again while it is written to`;
  return new GluewallError('store-write', message);
}

function dayOfFile(name: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)\.db$/.exec(name);
  const day = match === null ? Number.NaN : Date.parse(`${match[1]}T00:00:00Z`) / DAY_MS;
  // 30 February is no day, or one of March.
  const isDay = day >= 0 && day <= LAST_DAY && new Date(day * DAY_MS).toISOString().startsWith(match![1]!);
  return isDay ? day : undefined;
}

export function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
