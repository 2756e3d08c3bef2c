/** The query log for a person, as lines. */
import pc from 'picocolors';
import type { ReadingView, RefusedView, SourceView } from '../../services/log-services.ts';
import type { EntryView } from '../../services/log-view.ts';
import type { PaintedLine } from '../output.ts';

/** An entry of no source has none to show. `TIME  CLIENT#PORT  NAME TYPE  CODE ANSWERS  at SERVER (ROLE)  SOURCE  [MARK]`; a `-` for what is not known. */
export function printEntry(entry: EntryView): string | PaintedLine {
  const { time, client, clientPort, name, type, server, role, source, mark } = entry;
  const asker = client === null ? '-' : `${client}${clientPort === null ? '' : `#${clientPort}`}`;
  const question = `${name} ${entry.class === 'IN' ? type : `${entry.class} ${type}`}`;
  const response = [entry.responseCode ?? '-', ...entry.answers].join(' ');
  const asked = `${server === null ? '-' : `at ${server}`}${role === null ? '' : ` (${role})`}`;
  const text = [
    time,
    asker,
    question,
    response,
    asked,
    ...(source === '' ? [] : [source]),
    ...(mark === null ? [] : [`[${mark}]`]),
  ].join('  ');
  if (mark === null) return text;
  return { text, paint: mark === 'blocked' ? pc.red : pc.yellow };
}

/** Most names are shorter; what follows them is aligned. */
const SOURCE_WIDTH = 20;

export function printSource({ source, entries, first, last, gaps, reading }: SourceView): string[] {
  const span = first === null ? 'nothing yet' : `${countEntries(entries)}  ${first} to ${last}`;
  const head = `${source.padEnd(SOURCE_WIDTH)}  ${span}${gaps.length === 0 ? '' : `  gaps: ${gaps.length}`}`;
  return [
    head,
    ...gaps.map(({ from, to }) => `  gap  ${from} to ${to}`),
    ...(reading === null ? [] : printReading(reading).map((line) => `  ${line}`)),
  ];
}

export function countEntries(count: number): string {
  return `${count} ${count === 1 ? 'entry' : 'entries'}`;
}

export function printReading({ format, records, entries, other, refused, lost, ...reading }: ReadingView): string[] {
  const { behindMs, assumed, problem } = reading;
  const as = format === null ? '' : ` as ${format}`;
  return [
    `read${as}  records ${records}  entries ${entries}  others ${other}${lost === 0 ? '' : `  lost ${lost}`}`,
    ...Object.entries(refused).map(([reason, count]) => `refused  ${count}  ${reason}`),
    ...(behindMs === null || Math.abs(behindMs) < FAR_MS ? [] : [`its clock is ${describeGap(behindMs)} ours`]),
    ...printAssumed(assumed),
    ...(problem === null ? [] : [`problem  ${problem}`]),
  ];
}

/** Clocks that are kept are nearer than this. */
const FAR_MS = 2000;

function describeGap(behindMs: number): string {
  return `${(Math.abs(behindMs) / 1000).toFixed(1)} s ${behindMs > 0 ? 'behind' : 'ahead of'}`;
}

/** How the times of a source were read that it does not say in full. */
const ASSUMED: Readonly<Record<string, string>> = {
  zone: 'times without a zone are of the zone that was given, or of this machine',
  year: 'times without a year are of the last in which they were not to come',
  date: 'times without a date are of the day before the file was last changed',
  time: 'records without a time are of when the file was last changed, or when they came',
  'order of day and month':
    'dates in which day and month cannot be told apart are read in the order of their neighbours',
};

export function printAssumed(assumed: readonly string[]): string[] {
  return assumed.map((one) => `assumed  ${ASSUMED[one] ?? one}`);
}

/** The sample is octets of a stranger: `printLines` makes it harmless. */
export function printRefused({ time, source, reason, sample }: RefusedView): string[] {
  return [`${time}  ${source}  ${reason}`, `  ${sample}`];
}
