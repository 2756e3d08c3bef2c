/** Keeps the figures of minutes. */
import { KEPT_MINUTES_MS, type MinuteFigures } from '../events/minute-store.ts';
import { readMilliseconds, readText } from './column-values.ts';
import { finite, inPortions, listed, type Row, type StepContext, type Steps } from './steps.ts';
import type { Portion } from './store-operations.ts';

const PORTION_MINUTES = 2000;
const COLUMNS = ['at_ms', 'figures'];

export function* addMinutes(context: StepContext, minutes: readonly MinuteFigures[]): Steps<void> {
  if (minutes.length === 0) return;
  const sums = new Map<number, Record<string, number>>();
  for (const { marks, values } of inPortions(minutes.map(({ atMs }) => atMs))) {
    const rows = yield {
      sql: `SELECT ${listed(context.dialect, COLUMNS)} FROM minutes WHERE at_ms IN ${marks}`,
      values,
    };
    for (const row of rows) add(sums, readMinute(row));
  }
  for (const minute of minutes) add(sums, minute);
  yield {
    sql: 'REPLACE INTO minutes (at_ms, figures) VALUES (?, ?)',
    rows: [...sums].map(([atMs, figures]) => [atMs, JSON.stringify(figures)]),
  };
  const last = Math.max(...sums.keys());
  yield { sql: 'DELETE FROM minutes WHERE at_ms < ?', rows: [[last - KEPT_MINUTES_MS]] };
}

function add(sums: Map<number, Record<string, number>>, minute: MinuteFigures | undefined): void {
  if (minute === undefined) return;
  const sum = sums.get(minute.atMs) ?? {};
  sums.set(minute.atMs, sum);
  for (const [name, figure] of Object.entries(minute.figures)) sum[name] = (sum[name] ?? 0) + figure;
}

/** Minutes from `sinceMs` on, and before `untilMs`. */
export function* minutesFrom(
  context: StepContext,
  sinceMs: number,
  untilMs: number,
): Steps<Portion<readonly MinuteFigures[], number>> {
  const rows = yield {
    sql: `SELECT ${listed(context.dialect, COLUMNS)} FROM minutes WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms LIMIT ?`,
    values: [finite(sinceMs), finite(untilMs), PORTION_MINUTES + 1],
  };
  const items = rows.slice(0, PORTION_MINUTES).flatMap((row) => {
    const minute = readMinute(row);
    if (minute === undefined) context.unreadable();
    return minute ?? [];
  });
  return { items, next: readMilliseconds(rows[PORTION_MINUTES]?.[0]) };
}

function readMinute(row: Row): MinuteFigures | undefined {
  const atMs = readMilliseconds(row[0]);
  const figures = parseFigures(readText(row[1]) ?? '');
  return atMs === undefined || figures === undefined ? undefined : { atMs, figures };
}

function parseFigures(text: string): Readonly<Record<string, number>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value).filter(([, figure]) => Number.isFinite(figure)));
  } catch {
    return undefined;
  }
}
