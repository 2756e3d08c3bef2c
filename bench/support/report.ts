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

/** The last line of every benchmark: medians only, rounded to four significant digits at least. */
export function reportLine(
  bench: string,
  figures: Readonly<Record<string, Spread>>,
  targets: readonly Target[],
): string {
  const medians = Object.fromEntries(Object.entries(figures).map(([name, { median }]) => [name, rounded(median)]));
  const judged = targets.map(({ figure, want }) => {
    const value = medians[figure];
    return { figure, want, value: value ?? null, met: value !== undefined && isMet(value, want) };
  });
  return JSON.stringify({ bench, figures: medians, targets: judged });
}

/** One line per figure: median, then the least and the most of the runs. */
export function figureLines(
  figures: Readonly<Record<string, Spread>>,
  shown: Readonly<Record<string, Shown>>,
): string[] {
  return Object.entries(figures).map(([name, { median, min, max }]) => {
    const { unit, digits } = shown[name] ?? { unit: '', digits: 0 };
    const text = (value: number) =>
      value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `${name.padEnd(16)} ${text(median).padStart(10)} ${unit.padEnd(10)} (${text(min)} to ${text(max)})`;
  });
}

function isMet(value: number, want: Target['want']): boolean {
  const bound = Number(want.slice(3));
  return want.startsWith('>=') ? value >= bound : value <= bound;
}

function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
