/** Time as charts have it: ranges that are shown, and figures in steps. */
import type { OverviewView } from '../../../src/services/overview.ts';

/** Ranges that end now, as the address of the page has them. */
export const TIME_RANGES = ['1h', '24h', '7d', '30d'] as const;
/** One of TIME_RANGES. */
export type TimeRange = (typeof TIME_RANGES)[number];

const HOUR_MS = 3_600_000;
const RANGE_MS: Readonly<Record<TimeRange, number>> = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
};
/** As people say it. */
export const RANGE_WORDS: Readonly<Record<TimeRange, string>> = {
  '1h': 'last hour',
  '24h': 'last 24 hours',
  '7d': 'last 7 days',
  '30d': 'last 30 days',
};

/** The range that an address of the page asks for; 24 hours where it asks for none. */
export function timeRangeOf(text: string | null): TimeRange {
  return TIME_RANGES.find((range) => range === text) ?? '24h';
}

/** When a range begins that ends now, as ISO text; it moves once a minute, so that one minute asks one question. */
export function sinceOf(range: TimeRange, nowMs: number): string {
  return new Date(Math.floor((nowMs - RANGE_MS[range]) / 60_000) * 60_000).toISOString();
}

/** What a chart shows of each step: one series for each key, in the order of the keys. */
export type StepKey = Exclude<keyof OverviewView['steps'][number], 'at'>;
/** Figures of times that follow each other, oldest first. */
export type Steps = OverviewView['steps'];

/** Seconds since the epoch, then the values of each key: what uPlot draws. */
export type ChartData = readonly [readonly number[], ...(readonly number[])[]];

/** The columns of the steps. */
export function dataOf(steps: Steps, keys: readonly StepKey[]): ChartData {
  return [steps.map(({ at }) => Date.parse(at) / 1000), ...keys.map((key) => steps.map((step) => step[key]))];
}

/** Each series upon those before it, for areas that stand on each other: draw the last one first. */
export function stacked([times, ...series]: ChartData): ChartData {
  const sums = new Array<number>(times.length).fill(0);
  return [
    times,
    ...series.map((values) =>
      values.map((value, index) => {
        sums[index] = (sums[index] ?? 0) + value;
        return sums[index];
      }),
    ),
  ];
}

/** The sum over all steps. */
export function totalOf(steps: Steps, key: StepKey): number {
  return steps.reduce((sum, step) => sum + step[key], 0);
}

/** Steps joined to hours, for what is counted by the hour; steps of an hour and more are left as they are. */
export function byHour(steps: Steps, stepMs: number): Steps {
  if (stepMs >= HOUR_MS) return steps;
  const hours = new Map<number, Steps[number]>();
  for (const step of steps) {
    const hour = Math.floor(Date.parse(step.at) / HOUR_MS) * HOUR_MS;
    const held = hours.get(hour);
    hours.set(hour, held === undefined ? { ...step, at: new Date(hour).toISOString() } : joined(held, step));
  }
  return [...hours.values()];
}

function joined(one: Steps[number], other: Steps[number]): Steps[number] {
  return {
    at: one.at,
    allow: one.allow + other.allow,
    block: one.block + other.block,
    wouldBlock: one.wouldBlock + other.wouldBlock,
    newAddresses: one.newAddresses + other.newAddresses,
    packetIns: one.packetIns + other.packetIns,
    lost: one.lost + other.lost,
  };
}

/** The search for what was seen in one step, with more terms before it. */
export function searchOfStep(at: string, stepMs: number, terms = ''): string {
  const until = new Date(Date.parse(at) + stepMs).toISOString();
  return `${terms === '' ? '' : `${terms} `}since:${at} until:${until}`;
}

/** Where the inbox, or the events, shows what a search finds. */
export function searchLink(page: 'inbox' | 'events', search: string): string {
  return search === '' ? `/${page}` : `/${page}?search=${encodeURIComponent(search)}`;
}

/** A number as people read it, in few characters: `950`, `12.4 k`, `3.1 M`. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size < 10_000) return Number.isInteger(value) ? String(value) : value.toFixed(1);
  if (size < 999_500) return `${rounded(value / 1000)} k`;
  return size < 999_500_000 ? `${rounded(value / 1e6)} M` : `${rounded(value / 1e9)} G`;
}

function rounded(value: number): string {
  return Math.abs(value) < 100 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value));
}
