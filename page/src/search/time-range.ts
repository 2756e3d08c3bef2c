/** The time that a search is of, as a form has it. */
import { splitSearch } from '../../../src/inbox/search-words.ts';
import { formatTime } from '../parts/format-time.ts';

export const LAST_TIMES = [
  { since: '15m', about: 'Last 15 minutes' },
  { since: '1h', about: 'Last hour' },
  { since: '24h', about: 'Last 24 hours' },
  { since: '7d', about: 'Last 7 days' },
] as const;

export interface TimeTexts {
  readonly since: string | undefined;
  readonly until: string | undefined;
}

type Zone = 'utc' | 'local';

/** What stands behind `since:` and `until:`. */
export function timesOf(text: string): TimeTexts {
  const words = splitSearch(text);
  const textOf = (name: string) => words.find(({ field }) => field?.name === name)?.values[0]?.text;
  return { since: textOf('since'), until: textOf('until') };
}

/** The words of a button that opens the choice: `Last hour`, `2026-11-21 08:00:00 UTC to now`. */
export function rangeWords({ since, until }: TimeTexts, zone: Zone): string {
  if (since === undefined && until === undefined) return 'Any time';
  const last = LAST_TIMES.find((range) => range.since === since);
  if (last !== undefined && until === undefined) return last.about;
  if (since === undefined) return `Until ${instantWords(until, zone)}`;
  return `${capital(instantWords(since, zone))} to ${instantWords(until, zone)}`;
}

function instantWords(text: string | undefined, zone: Zone): string {
  if (text === undefined) return 'now';
  const atMs = absoluteMs(text);
  return atMs === undefined ? `${text} ago` : formatTime(atMs, zone);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Of a time with its zone. */
function absoluteMs(text: string): number | undefined {
  const atMs = /T.*(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** What an input of the kind `datetime-local` takes, of a time in a search; empty for one that is none. */
export function inputText(text: string | undefined, zone: Zone): string {
  const atMs = text === undefined ? undefined : absoluteMs(text);
  return atMs === undefined ? '' : formatTime(atMs, zone).slice(0, 19).replace(' ', 'T');
}

/** The time that such an input means, with its zone; undefined for an empty one. */
export function instantText(input: string, zone: Zone): string | undefined {
  const seconds = /T\d\d:\d\d$/.test(input) ? `${input}:00` : input;
  const atMs = Date.parse(zone === 'utc' ? `${seconds}Z` : seconds);
  if (Number.isNaN(atMs)) return undefined;
  if (zone === 'utc') return `${seconds}Z`;
  // The offset is that of the time itself: summer has another.
  return seconds + formatTime(atMs, 'local').slice(20);
}
