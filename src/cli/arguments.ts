/** Reads what was typed. Each throws GluewallError `usage` that says what is wanted. */
import { userInfo } from 'node:os';
import { parseDuration } from '../config/fields.ts';
import { MAX_PAGE_ROWS } from '../control/inbox-requests.ts';
import { MAX_EVENTS, MAX_LOG_ENTRIES } from '../control/protocol.ts';
import { MAX_REASON_CHARACTERS } from '../control/request-fields.ts';
import { parseAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import { parseName } from '../dns/name.ts';
import { formatInstant } from '../services/instant.ts';

/** The most that `ttl.cap` can be. */
const MAX_LIFE_MS = 30 * 86_400_000;

export function addressArgument(text: string): string {
  if (parseAddress(text) !== undefined) return text;
  throw new GluewallError('usage', `"${text}" is no IPv4 or IPv6 address, such as 192.0.2.53 or 2001:db8::53`);
}

export function nameArgument(text: string): string {
  if (parseName(text) !== undefined) return text;
  throw new GluewallError('usage', `"${text}" is no domain name, such as example.com`);
}

export function targetArgument(text: string): string {
  if (parseAddress(text) !== undefined || parseName(text) !== undefined) return text;
  throw new GluewallError('usage', `"${text}" is neither an IP address nor a domain name`);
}

export function countArgument(text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) <= MAX_EVENTS) return Number(text);
  throw new GluewallError('usage', `"${text}" is no count: want a whole number up to ${MAX_EVENTS}`);
}

/** A count that is not 0. */
export function someArgument(text: string): number {
  const count = countArgument(text);
  if (count > 0) return count;
  throw new GluewallError('usage', `"${text}" is no count: want a whole number from 1 to ${MAX_EVENTS}`);
}

/** Rows of a page of the inbox. */
export function pageRowsArgument(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PAGE_ROWS) return Number(text);
  const remedy = 'the end of a page names the next one';
  throw new GluewallError('usage', `"${text}" is no count: want a whole number from 1 to ${MAX_PAGE_ROWS}; ${remedy}`);
}

/** Entries of a page of the query log. */
export function entriesArgument(text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LOG_ENTRIES) return Number(text);
  const remedy = 'the end of a page names the next one';
  throw new GluewallError(
    'usage',
    `"${text}" is no count: want a whole number from 1 to ${MAX_LOG_ENTRIES}; ${remedy}`,
  );
}

export function reasonArgument(text: string): string {
  const reason = text.trim();
  if (reason !== '' && reason.length <= MAX_REASON_CHARACTERS) return reason;
  throw new GluewallError(
    'usage',
    `--reason: 1 to ${MAX_REASON_CHARACTERS} characters that say why, such as "ticket 4711"`,
  );
}

/** `2d`, at most 30 days: milliseconds. */
export function lifeArgument(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs > 0 && durationMs <= MAX_LIFE_MS) return durationMs;
  throw new GluewallError('usage', `"${text}" is no duration up to 30d: want one such as 1d`);
}

/** `8h`: that long from now, as ISO 8601. */
export function laterArgument(text: string, nowMs: number): string {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs > 0 && isWritable(nowMs + durationMs)) {
    return formatInstant(nowMs + durationMs)!;
  }
  throw new GluewallError('usage', `"${text}" is no duration, or too long: want one such as 30m, 8h or 7d`);
}

/** `1h`: that long ago; or a time with its zone. As ISO 8601. */
export function earlierArgument(text: string, nowMs: number): string {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs < nowMs) return formatInstant(nowMs - durationMs)!;
  const hasZone = /T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const atMs = hasZone ? Date.parse(text) : Number.NaN;
  if (isWritable(atMs)) return formatInstant(atMs)!;
  const wanted = 'want a duration such as 1h, or a time with its zone such as 2026-11-21T08:00:00Z';
  throw new GluewallError('usage', `"${text}" is no time: ${wanted}`);
}

/** Whether an instant has a year of four digits, as ISO 8601 wants; NaN has none. */
function isWritable(atMs: number): boolean {
  return atMs >= Date.parse('0000-01-01T00:00:00Z') && atMs <= Date.parse('9999-12-31T23:59:59.999Z');
}

/** Who types: the user before sudo, where that was used; empty when the system has no name for them. */
export function currentUser(): string {
  if (process.env.SUDO_USER !== undefined) return process.env.SUDO_USER.slice(0, 64);
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
