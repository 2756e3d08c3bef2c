/** What a store of the query log is expected to say: a plain search of an array. */
import { canonicalName, isAtOrBelow } from '../../src/dns/name.ts';
import type { LogEntry } from '../../src/querylog/log-entry.ts';
import {
  COVERAGE_SLOT_MS,
  dayOf,
  type LogPlace,
  type LogQuestion,
  type SourceCoverage,
} from '../../src/querylog/query-log-store.ts';

/** What a question asks, without a page. */
export type Asked = Omit<LogQuestion, 'limit' | 'after'>;

/** As FoundEntry. */
type Expected = LogEntry & { readonly source: string; readonly place: LogPlace };

/** A query log as simple as it can be. */
export class QueryLogModel {
  readonly entries: Expected[] = [];
  readonly #numbers = new Map<number, number>();

  add(source: string, entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      const number = this.#numbers.get(dayOf(entry.atMs)) ?? 0;
      this.#numbers.set(dayOf(entry.atMs), number + 1);
      this.entries.push({ ...entry, source, place: { atMs: entry.atMs, number } });
    }
  }

  search(asked: Asked): Expected[] {
    return this.entries.filter((entry) => isAskedFor(entry, asked)).sort(newestFirst);
  }

  coverage(gapMs: number): SourceCoverage[] {
    const sources = [...new Set(this.entries.map(({ source }) => source))].sort();
    return sources.map((source) => {
      const times = this.entries.filter((entry) => entry.source === source).map(({ atMs }) => atMs);
      times.sort((a, b) => a - b);
      const slots = [...new Set(times.map((atMs) => Math.floor(atMs / COVERAGE_SLOT_MS)))].sort((a, b) => a - b);
      const between = slots.slice(1).map((slot, index) => {
        return { fromMs: (slots[index]! + 1) * COVERAGE_SLOT_MS, toMs: slot * COVERAGE_SLOT_MS };
      });
      const gaps = between.filter(({ fromMs, toMs }) => toMs > fromMs && toMs - fromMs >= gapMs);
      return { source, entries: times.length, firstAtMs: times[0]!, lastAtMs: times.at(-1)!, gaps };
    });
  }
}

function newestFirst({ place: a }: Expected, { place: b }: Expected): number {
  return b.atMs - a.atMs || b.number - a.number;
}

function isAskedFor(entry: Expected, asked: Asked): boolean {
  const name = canonicalName(entry.name);
  if (asked.name !== undefined && name !== canonicalName(asked.name)) return false;
  if (asked.zone !== undefined && !isAtOrBelow(name, canonicalName(asked.zone))) return false;
  if (asked.client !== undefined && entry.client !== asked.client) return false;
  if (asked.answer !== undefined && !entry.answers.includes(asked.answer)) return false;
  if (asked.source !== undefined && entry.source !== asked.source) return false;
  if (asked.sinceMs !== undefined && entry.atMs < asked.sinceMs) return false;
  return asked.untilMs === undefined || entry.atMs < asked.untilMs;
}
