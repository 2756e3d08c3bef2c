import { timeTicks } from './time-ticks.ts';

/** What stands along one side of a chart. */
export interface Axis {
  readonly label: string;
  /** Of `time`, values are milliseconds since the epoch and labels are in UTC; of `log`, values of 0 and less are not shown. */
  readonly scale: 'linear' | 'log' | 'time';
  /** The ends; where they are not given the values say them, and a linear axis of what is not negative begins at 0. */
  readonly from?: number;
  readonly to?: number;
  /** Where labels stand; not given: at round values. */
  readonly ticks?: readonly number[];
}

export interface Tick {
  readonly at: number;
  readonly label: string;
  /** A second line: the date below the time of day. */
  readonly below?: string;
}

/** An axis for the values at hand. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly Tick[];
  /** How far along the axis a value stands, 0 to 1. */
  place(value: number): number;
  /** Whether it has a place: it is finite, and not 0 or less on a logarithmic axis. */
  has(value: number): boolean;
}

/** An axis for `values`, with `mostTicks` labels about. */
export function createScale(axis: Axis, values: Iterable<number>, mostTicks: number): Scale {
  const isLog = axis.scale === 'log';
  const has = (value: number) => Number.isFinite(value) && (!isLog || value > 0);
  const ends = endsOf(axis, values, has);
  const marks = {
    linear: () => linearMarks(axis, ends, mostTicks),
    log: () => logMarks(axis, ends, mostTicks),
    time: () => ({ ...ends, ticks: timeTicks(ends.from, ends.to, mostTicks) }),
  }[axis.scale]();
  const { from, to } = marks;
  const ticks = axis.ticks === undefined ? marks.ticks : axis.ticks.map((at) => ({ at, label: numberLabel(at) }));
  const toLine = isLog ? Math.log10 : (value: number) => value;
  const [start, end] = [toLine(from), toLine(to)];
  const place = (value: number) => Math.min(1, Math.max(0, (toLine(value) - start) / (end - start)));
  return { from, to, ticks: ticks.filter(({ at }) => at >= from && at <= to), place, has };
}

interface Ends {
  readonly from: number;
  readonly to: number;
}

interface Marks extends Ends {
  readonly ticks: readonly Tick[];
}

function endsOf(axis: Axis, values: Iterable<number>, has: (value: number) => boolean): Ends {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!has(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least > most) [least, most] = axis.scale === 'log' ? [1, 10] : [0, 1];
  if (axis.scale === 'linear' && least > 0) least = 0;
  const from = axis.from ?? least;
  const to = axis.to ?? most;
  if (to > from) return { from, to };
  return { from, to: axis.scale === 'log' ? from * 10 : from + (axis.scale === 'time' ? 1000 : 1) };
}

/** Ends that were not given come to stand on round values. */
function linearMarks(axis: Axis, ends: Ends, mostTicks: number): Marks {
  const step = roundStep((ends.to - ends.from) / mostTicks);
  const from = axis.from ?? Math.floor(ends.from / step) * step;
  const to = axis.to ?? Math.ceil(ends.to / step) * step;
  const first = Math.ceil(from / step);
  const count = Math.min(4 * mostTicks, Math.floor(to / step + 1e-9) - first + 1);
  const digits = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
  const ticks = Array.from({ length: Math.max(0, count) }, (_, index) => {
    const at = (first + index) * step;
    return { at, label: numberLabel(at, digits) };
  });
  return { from, to, ticks };
}

/** 1, 2 or 5 times a power of ten, `least` or more. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
}

function logMarks(axis: Axis, ends: Ends, mostTicks: number): Marks {
  const low = Math.floor(Math.log10(ends.from) + 1e-9);
  const high = Math.ceil(Math.log10(ends.to) - 1e-9);
  const from = axis.from ?? 10 ** low;
  const to = axis.to ?? 10 ** Math.max(high, low + 1);
  const every = Math.max(1, Math.ceil((high - low) / mostTicks));
  const factors = high - low <= 2 ? [1, 2, 5] : [1];
  const ticks: Tick[] = [];
  for (let power = low; power <= high + 1 && ticks.length < 4 * mostTicks; power += every) {
    for (const factor of factors) {
      const at = factor * 10 ** power;
      ticks.push({ at, label: numberLabel(at, Math.max(0, -power)) });
    }
  }
  return { from, to, ticks };
}

/** Of people's size in full, else as a power. */
function numberLabel(value: number, digits = 0): string {
  const size = Math.abs(value);
  if (size >= 1e9 || (size > 0 && size < 1e-5)) return value.toExponential(1).replace('.0e', 'e').replace('e+', 'e');
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: Math.max(digits, 3) });
}
