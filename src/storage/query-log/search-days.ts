import { setImmediate as breathe } from 'node:timers/promises';
import { DAY_MS } from '../../core/clock.ts';
import { type FoundEntry, type LogPage, type LogQuestion, MAX_PAGE_ENTRIES } from '../../querylog/query-log-store.ts';
import { type DayQuestion, dayQuestion } from './day-question.ts';
import type { LogDay } from './log-day.ts';
import type { LogDays } from './log-days.ts';
import { dayEndMs } from './retention-start.ts';

/** The thread is held for so long at once, or for one part, milliseconds. */
const TURN_MS = 5;

/** Asks one day; undefined when there is none. Each time anew: others may write to it, or remove it, in between. */
type Ask = <T>(question: (file: LogDay) => T) => T | undefined;

/**
 * Searches days part by part, and lets the thread do other work in between. `read` calls with what there is then, or throws. When
 * `signal` is aborted, nobody waits for the page any more, and it is empty.
 */
export async function searchDays(
  read: <T>(action: (days: LogDays) => T) => T,
  question: LogQuestion,
  signal: AbortSignal | undefined,
): Promise<LogPage> {
  const limit = Math.floor(Math.min(question.limit, MAX_PAGE_ENTRIES));
  const days = read((days) => days.list());
  if (!(limit >= 1)) return { entries: [], last: undefined };
  const asked = dayQuestion(question);
  const found: FoundEntry[] = [];
  for (const day of days) {
    if (dayEndMs(day) <= asked.sinceMs || found.length > limit) break;
    if (day * DAY_MS > asked.before.atMs) continue;
    // One more than there is room for tells that more follow.
    const wanted = limit + 1 - found.length;
    found.push(...(await searchDay((ask) => read((days) => days.read(day, ask)), asked, wanted, signal)));
    if (signal?.aborted) return { entries: [], last: undefined };
  }
  const entries = found.slice(0, limit);
  return { entries, last: found.length > entries.length ? entries.at(-1)?.place : undefined };
}

/** The newest `limit` entries of one day that are asked for, newest first. */
async function searchDay(
  ask: Ask,
  asked: DayQuestion,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<readonly FoundEntry[]> {
  const parts = ask((file) => file.parts(asked)) ?? [];
  let found: readonly FoundEntry[] = [];
  let next = 0;
  const searchOn = (file: LogDay) => {
    const untilMs = performance.now() + TURN_MS;
    while (next < parts.length && performance.now() < untilMs) {
      const part = parts[next++]!;
      const last = found.length === limit ? found.at(-1)!.place : undefined;
      // No part behind this one has anything newer.
      if (last !== undefined && part.lastAtMs < last.atMs) {
        next = parts.length;
        return;
      }
      const more = file.search(part.number, asked, last ?? { atMs: asked.sinceMs, number: -1 }, limit);
      if (more.length > 0) found = merge(found, more, limit);
    }
  };
  while (next < parts.length) {
    await breathe();
    if (signal?.aborted) return [];
    const before = next;
    ask(searchOn);
    // The day has gone.
    if (next === before) break;
  }
  await breathe();
  return found;
}

/** The newest of both, which are newest first. */
function merge(some: readonly FoundEntry[], others: readonly FoundEntry[], limit: number): readonly FoundEntry[] {
  const all = [...some, ...others];
  const last = some.at(-1);
  if (last !== undefined && comparePlaces(last, others[0]!) > 0) all.sort(comparePlaces);
  return all.slice(0, limit);
}

/** Newest first. */
function comparePlaces({ place: a }: FoundEntry, { place: b }: FoundEntry): number {
  return b.atMs - a.atMs || b.number - a.number;
}
