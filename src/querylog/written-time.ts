import type { SourceTime, TimeProblem } from './source-time.ts';

/** A time that stands in a line. */
export interface WrittenTime {
  /** Behind its last character. */
  readonly end: number;
  /** When that is. */
  readonly resolve: (time: SourceTime) => number | TimeProblem;
}

const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?`;
const END = String.raw`(?=[\s:]|$)`;
/** `21-Nov-2026 10:11:12.123`, as BIND writes to files. */
const FILE_TIME = new RegExp(String.raw`(\d{1,2})-([A-Za-z]{3})-(\d{4}) ${CLOCK}${END}`, 'y');
/** ISO 8601, RFC 3339: `2026-11-21T10:11:12.123+01:00`; a blank or a slash where people prefer those. */
const ISO_TIME = new RegExp(
  String.raw`(\d{4})[-/](\d\d)[-/](\d\d)[Tt ]${CLOCK}(?: ?([Zz]|[+-]\d\d:?\d\d))?${END}`,
  'y',
);
/** RFC 3164 §4.1.2: `Nov 21 10:11:12`, with what others add: the day of the week, the year in any of three places, a fraction. */
const SYSLOG_TIME = new RegExp(
  String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:(\d{4}) )?([A-Za-z]{3}) {1,2}(\d{1,2})(?: (\d{4}))? ${CLOCK}(?: ((?:19|20)\d\d)(?= ))?${END}`,
  'y',
);
const TIME_OF_DAY = new RegExp(`${CLOCK}${END}`, 'y');
/** `[1795255872]`: seconds since the epoch, maybe with a fraction. */
const EPOCH = /\[(\d{9,11})(?:\.(\d{1,9}))?\]/y;
const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';

/** Reads the time that stands at `at` in one of the ways above; undefined when there is none. */
export function readTime(text: string, at: number): WrittenTime | undefined {
  return (
    dated(FILE_TIME, text, at, ([, day, month, year, ...clock]) => wall(year, monthOf(month), day, clock, undefined)) ??
    dated(ISO_TIME, text, at, ([, year, month, day, hour, minute, second, fraction, zone]) =>
      wall(year, Number(month), day, [hour, minute, second, fraction], zone),
    ) ??
    dated(SYSLOG_TIME, text, at, ([, first, month, day, second, ...clock]) =>
      wall(first ?? second ?? clock[4], monthOf(month), day, clock, undefined),
    ) ??
    dated(
      TIME_OF_DAY,
      text,
      at,
      ([, hour, minute, second, fraction]) =>
        (time) =>
          time.timeOfDay(Number(hour), Number(minute), Number(second), milliseconds(fraction)),
    ) ??
    dated(
      EPOCH,
      text,
      at,
      ([, seconds, fraction]) =>
        (time) =>
          time.instant(Number(seconds) * 1000 + milliseconds(fraction)),
    )
  );
}

type Parts = readonly (string | undefined)[];

function dated(
  pattern: RegExp,
  text: string,
  at: number,
  resolver: (match: Parts) => WrittenTime['resolve'],
): WrittenTime | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match === null ? undefined : { end: at + match[0].length, resolve: resolver(match) };
}

function wall(
  year: string | undefined,
  month: number,
  day: string | undefined,
  [hour, minute, second, fraction]: Parts,
  zone: string | undefined,
): WrittenTime['resolve'] {
  const shown = {
    year: year === undefined ? undefined : Number(year),
    month,
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: milliseconds(fraction),
  };
  return (time) => time.wall(shown, zoneMinutes(zone));
}

/** From 1 on; 0: no month. */
function monthOf(name: string | undefined): number {
  const at = MONTHS.indexOf(name!.toLowerCase());
  return at % 3 === 0 ? at / 3 + 1 : 0;
}

function milliseconds(fraction = ''): number {
  return Number(fraction.padEnd(3, '0').slice(0, 3));
}

/** What `+01:00`, `+0100` or `Z` is ahead of UTC. */
function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  if (zone.length === 1) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith('-') ? -minutes : minutes;
}
