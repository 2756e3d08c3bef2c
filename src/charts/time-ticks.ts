import type { Tick } from './scale.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What people count time in; from the last on, in years. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_MS),
  ...[1, 2, 7, 14, 28, 56, 91, 182, 365].map((count) => count * DAY_MS),
];
/** Less than a second says the seconds with their fraction. */
const FINE_STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Labels of a time axis, UTC: round times of day with the date below where it changes, or days with the year below. */
export function timeTicks(fromMs: number, toMs: number, most: number): readonly Tick[] {
  const stepMs =
    [...FINE_STEPS_MS, ...STEPS_MS].find((size) => (toMs - fromMs) / size <= most) ??
    Math.ceil((toMs - fromMs) / most / DAY_MS) * DAY_MS;
  const ticks: Tick[] = [];
  let said = '';
  for (let at = Math.ceil(fromMs / stepMs) * stepMs; at <= toMs && ticks.length <= most; at += stepMs) {
    const { label, below } = labelOf(at, stepMs);
    ticks.push(below === said ? { at, label } : { at, label, below });
    said = below;
  }
  return ticks;
}

function labelOf(atMs: number, stepMs: number): { readonly label: string; readonly below: string } {
  const iso = new Date(atMs).toISOString();
  const [date, time] = [iso.slice(0, 10), iso.slice(11, 23)];
  if (stepMs >= DAY_MS) return { label: date.slice(5), below: date.slice(0, 4) };
  const length = stepMs >= MINUTE_MS ? 5 : stepMs >= SECOND_MS ? 8 : 12;
  return { label: time.slice(0, length), below: date };
}
