/** The zone as a master file (RFC 1035 §5.1), and the serial of one. */
import { formatName, type Name } from '../dns/name.ts';
import type { ZoneState } from './zone.ts';
import { ZONE_TIMES } from './zone-times.ts';

const MADE = '; A Response Policy Zone made by gluewall: changes made here are lost.';
const SERIAL_LINE = /^(?:[^;"\s]+) IN SOA localhost\. hostmaster\.localhost\. (\d{1,10}) /m;
const MAX_SERIAL = 2 ** 32 - 1;

/** Line by line, each with its end. The same zone gives the same text. */
export function* zoneLines({ apex, serial, entries }: ZoneState): Generator<string, void> {
  const owner = absolute(apex);
  const { refreshSeconds, retrySeconds, expireSeconds, minimumSeconds, ttlSeconds } = ZONE_TIMES;
  yield `${MADE}\n$TTL ${ttlSeconds}\n`;
  yield `${owner} IN SOA localhost. hostmaster.localhost. ${serial} ${refreshSeconds} ${retrySeconds} ${expireSeconds} ${minimumSeconds}\n`;
  yield `${owner} IN NS localhost.\n`;
  for (const { owners, why, expiresAtMs } of entries) {
    yield `; ${comment(why.join(', '))}, until ${timeText(expiresAtMs)}\n`;
    for (const name of owners) yield `${absolute(name)} IN CNAME .\n`;
  }
}

/** The serial of a file that `zoneLines` wrote for this zone; undefined when it is none. */
export function serialOfText(text: string, apex: Name): number | undefined {
  const match = SERIAL_LINE.exec(text);
  if (match === null || !match[0].startsWith(`${absolute(apex)} `)) return undefined;
  const serial = Number(match[1]);
  return serial <= MAX_SERIAL ? serial : undefined;
}

function absolute(name: Name): string {
  const text = formatName(name);
  return text === '.' ? text : `${text}.`;
}

/** Nothing in it ends the line. */
function comment(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}

/** A time beyond what a Date holds is one that nobody lives to see. */
function timeText(atMs: number): string {
  return Number.isFinite(atMs) && atMs < 8.64e15 ? new Date(atMs).toISOString() : 'it is taken out';
}
