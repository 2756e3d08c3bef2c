import type { SourceTime, TimeProblem } from '../source-time.ts';

/** A time at the beginning of a line, and where that ends. */
export interface WindowsTime {
  readonly atMs: number | TimeProblem;
  readonly end: number;
}

type Order = 'day-first' | 'month-first';

/** What locales write for the halves of the day, as octets of UTF-8 and of the code pages 949, 950 and 1253. */
const HALVES: readonly (readonly [text: string, isAfternoon: boolean])[] = [
  ...(['오전', '上午', '午前', 'πμ', 'π.μ.'] as const).map((text) => [utf8(text), false] as const),
  ...(['오후', '下午', '午後', 'μμ', 'μ.μ.'] as const).map((text) => [utf8(text), true] as const),
  ['\xbf\xc0\xc0\xfc', false],
  ['\xbf\xc0\xc8\xc4', true],
  ['\xa4W\xa4\xc8', false],
  ['\xa4U\xa4\xc8', true],
  ['\xf0\xec', false],
  ['\xec\xec', true],
];
const LATIN_HALF = /^([ap])\.? ?m\.?$/i;

/** A word that is none of the rest of a line: `AM`, `p. m.`, or what stands in HALVES; no number, bracket or plain word. */
const HALF = String.raw`[ap]\.? ?m\.?|[\x80-\xff][.\x41-\x5a\x80-\xff]{1,11}`;
/** `7/15/2015 11:59:59 PM`, `13.01.2026 23:00:16`, `2024/10/21 19:00:35`, `13. 1. 2026 23.00.16`, `2026-01-13 PM 11:00:16`. */
const DATE_TIME = new RegExp(
  String.raw`(\d{1,4})([/.-]) ?(\d{1,2})\2 ?(\d{1,4})\.?,? {1,2}(?:(${HALF}) {1,2})?(\d{1,2})[:.](\d\d)[:.](\d\d)(?: ?(${HALF})(?= ))? {1,4}`,
  'iy',
);
/** As the oldest servers write: `20040715 23:59:59`. */
const COMPACT = /(\d{4})(\d\d)(\d\d) (\d\d):(\d\d):(\d\d) {1,4}/y;

/**
 * Reads times as the locale of a Windows server has them. Which of two numbers is the day is told, best first, by a number over
 * 12, by a date that would be to come, by two dates that follow one another; until then by custom (the month comes first where
 * the hours are of half a day and slashes are between), which is said as an assumption. Dots always have the day first.
 */
export class WindowsDate {
  readonly #time: SourceTime;
  /** As far as it has been told. */
  #order: Order | undefined;
  /** The date that was read last, as it is written, while the order is not told. */
  #last: readonly [first: number, second: number, year: number] | undefined;

  constructor(time: SourceTime) {
    this.#time = time;
  }

  /** The time with which the line begins (latin1); undefined when it does not begin with one. */
  read(line: string): WindowsTime | undefined {
    DATE_TIME.lastIndex = 0;
    const match = DATE_TIME.exec(line);
    if (match === null) return this.#compact(line);
    const [whole, first, separator, second, third, halfBefore, hours, minutes, seconds, halfBehind] = match;
    const half = halfBefore ?? halfBehind;
    const hour = hourOf(Number(hours), half);
    if (hour === undefined) return { atMs: 'no such time', end: whole.length };
    const clock = { hour, minute: Number(minutes), second: Number(seconds), millisecond: 0 };
    const wall = (year: number, month: number, day: number) => this.#time.wall({ year, month, day, ...clock });
    if (first!.length === 4) return { atMs: wall(Number(first), Number(second), Number(third)), end: whole.length };
    const year = third!.length === 2 ? 2000 + Number(third) : Number(third);
    const custom = separator === '/' && half !== undefined ? 'month-first' : 'day-first';
    const atMs =
      separator === '.'
        ? wall(year, Number(second), Number(first))
        : this.#inOrder(Number(first), Number(second), year, custom, wall);
    return { atMs, end: whole.length };
  }

  /** What has been found out, for JSON. */
  state(): unknown {
    return { order: this.#order, last: this.#last };
  }

  resume(state: unknown): void {
    if (typeof state !== 'object' || state === null) return;
    const { order, last } = state as Record<string, unknown>;
    if (order === 'day-first' || order === 'month-first') this.#order = order;
    if (!Array.isArray(last) || last.length !== 3 || !last.every((number) => Number.isInteger(number))) return;
    this.#last = [last[0], last[1], last[2]];
  }

  #compact(line: string): WindowsTime | undefined {
    COMPACT.lastIndex = 0;
    const match = COMPACT.exec(line);
    if (match === null) return undefined;
    const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const shown = { year, month, day, hour, minute, second, millisecond: 0 };
    return { atMs: this.#time.wall(shown), end: match[0].length };
  }

  #inOrder(
    first: number,
    second: number,
    year: number,
    custom: Order,
    wall: (year: number, month: number, day: number) => number | TimeProblem,
  ): number | TimeProblem {
    const inOrder = (order: Order) => (order === 'day-first' ? wall(year, second, first) : wall(year, first, second));
    if (first > 12 || second > 12) {
      this.#order = first > 12 ? 'day-first' : 'month-first';
      return inOrder(this.#order);
    }
    this.#order ??= this.#byLastDate(first, second, year);
    if (this.#order !== undefined || first === second) return inOrder(this.#order ?? custom);
    this.#last = [first, second, year];
    const atMs = inOrder(custom);
    const other = custom === 'day-first' ? 'month-first' : 'day-first';
    if (atMs === 'a time that is to come' && typeof inOrder(other) === 'number') this.#order = other;
    else this.#time.assume('order of day and month');
    return this.#order === undefined ? atMs : inOrder(this.#order);
  }

  /** Two dates that follow one another do so in one order only. */
  #byLastDate(first: number, second: number, year: number): Order | undefined {
    if (this.#last === undefined) return undefined;
    const [lastFirst, lastSecond, lastYear] = this.#last;
    const isNext = (days: number) => days === 1 || days === 0;
    const asDayFirst = isNext(dayOf(year, second, first) - dayOf(lastYear, lastSecond, lastFirst));
    const asMonthFirst = isNext(dayOf(year, first, second) - dayOf(lastYear, lastFirst, lastSecond));
    if (asDayFirst === asMonthFirst) return undefined;
    return asDayFirst ? 'day-first' : 'month-first';
  }
}

function dayOf(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / 86_400_000;
}

/** The hour of the day; undefined when there is none such. */
function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour;
  const latin = LATIN_HALF.exec(half)?.[1]?.toLowerCase();
  const isAfternoon = latin === undefined ? HALVES.find(([text]) => text === half)?.[1] : latin === 'p';
  if (isAfternoon === undefined || hour > 12) return undefined;
  return (hour % 12) + (isAfternoon ? 12 : 0);
}

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}
