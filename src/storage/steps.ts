/**
 * What both databases do in the same way, as steps: a generator that gives a task after the other, and takes the rows of each.
 * All tasks of one generator are done in one go; writes in one transaction.
 */
import { boundedColumns, type ColumnValue } from './column-values.ts';
import type { SqlDialect } from './inbox/sql-dialect.ts';

export type Row = readonly unknown[];
export type Rows = readonly Row[];

/** A statement that gives rows, and what stands for its question marks. */
export interface ReadTask {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A statement that is run for each row of values. */
export interface WriteTask {
  readonly sql: string;
  readonly rows: readonly (readonly ColumnValue[])[];
}

export type Task = ReadTask | WriteTask;
export type Steps<T> = Generator<Task, T, Rows>;

/** What steps need of the database they are for. */
export interface StepContext {
  readonly dialect: SqlDialect;
  /** Counts a row that makes no sense and is left out. */
  readonly unreadable: () => void;
}

/** Values of one statement: SQL texts that differ in their number would be compiled again and again. */
const IN_VALUES = 100;

/** `column IN (…)` for some values each; the last ones are filled up by repeating. */
export function inPortions<T>(values: readonly T[]): { readonly marks: string; readonly values: readonly T[] }[] {
  const marks = `(${Array.from({ length: IN_VALUES }, () => '?').join(', ')})`;
  const portions: { marks: string; values: readonly T[] }[] = [];
  for (let start = 0; start < values.length; start += IN_VALUES) {
    const some = values.slice(start, start + IN_VALUES);
    const last = some.at(-1) as T;
    portions.push({ marks, values: [...some, ...Array.from({ length: IN_VALUES - some.length }, () => last)] });
  }
  return portions;
}

/** The table, where it is to be read by this index. */
export function tableBy(dialect: SqlDialect, table: string, index: string): string {
  return dialect === 'sqlite' ? `${table} INDEXED BY ${index}` : `${table} FORCE INDEX (${index})`;
}

/** The list of columns for a SELECT; where a column may hold more than it was made for, each is bounded in length. */
export function listed(dialect: SqlDialect, columns: readonly string[]): string {
  return dialect === 'sqlite' ? boundedColumns(columns) : columns.join(', ');
}

/** An instant as SQL has it, which has no infinity. */
export function finite(atMs: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, atMs));
}

export function places(columns: readonly unknown[]): string {
  return columns.map(() => '?').join(', ');
}
