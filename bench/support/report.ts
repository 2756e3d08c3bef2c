import type { Spread } from './statistics.ts';

/** What a figure should reach: at least (`>=`) or at most (`<=`) a number. */
export interface Target {
  readonly figure: string;
  readonly want: `${'>=' | '<='} ${number}`;
}

/** How a figure is shown to people. */
export interface Shown {
  readonly unit: string;
  readonly digits: number;
}

/** Figures by name; undefined where what they need is not on this machine. */
export type Figures = Readonly<Record<string, Spread | undefined>>;

/** Something that was not measured, and why. */
export interface LeftOut {
  readonly what: string;
  readonly reason: string;
}

/** The last line of a benchmark: medians with their spreads, null where there are none; four significant digits at least. */
export function reportLine(
  bench: string,
  figures: Figures,
  targets: readonly Target[],
  leftOut: readonly LeftOut[] = [],
): string {
  const entries = Object.entries(figures);
  const medians = Object.fromEntries(entries.map(([name, spread]) => [name, spread ? rounded(spread.median) : null]));
  const spreads = Object.fromEntries(entries.map(([name, spread]) => [name, spread ? roundedSpread(spread) : null]));
  const judged = targets.map(({ figure, want }) => {
    const value = medians[figure] ?? null;
    return { figure, want, value, met: value !== null && isMet(value, want) };
  });
  return JSON.stringify({ bench, figures: medians, spreads, targets: judged, leftOut });
}

/** One line per figure: median, then the least and the most of the runs. */
export function figureLines(figures: Figures, shown: Readonly<Record<string, Shown>>): string[] {
  return Object.entries(figures).map(([name, spread]) => {
    if (spread === undefined) return `${name.padEnd(24)} ${'not measured'.padStart(12)}`;
    const { median, min, max } = spread;
    const { unit, digits } = shown[name] ?? { unit: '', digits: 0 };
    const text = (value: number) =>
      value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `${name.padEnd(24)} ${text(median).padStart(12)} ${unit.padEnd(10)} (${text(min)} to ${text(max)})`;
  });
}

function isMet(value: number, want: Target['want']): boolean {
  const bound = Number(want.slice(3));
  return want.startsWith('>=') ? value >= bound : value <= bound;
}

function roundedSpread({ median, min, max }: Spread): Spread {
  return { median: rounded(median), min: rounded(min), max: rounded(max) };
}

function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
