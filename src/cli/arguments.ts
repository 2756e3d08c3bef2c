/** Reads what was typed. Each throws GluewallError `usage` that says what is wanted. */
import { userInfo } from 'node:os';
import { parseDuration } from '../config/fields.ts';
import { parseAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import { parseName } from '../dns/name.ts';
import { formatInstant } from '../services/instant.ts';

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
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new GluewallError('usage', `"${text}" is no count: want a whole number up to 9999999`);
}

/** `8h`: that long from now, as ISO 8601. */
export function laterArgument(text: string, nowMs: number): string {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs > 0 && nowMs + durationMs < 8.64e15)
    return formatInstant(nowMs + durationMs)!;
  throw new GluewallError('usage', `"${text}" is no duration: want one such as 30m, 8h or 7d`);
}

/** `1h`: that long ago; or a time with its zone. As ISO 8601. */
export function earlierArgument(text: string, nowMs: number): string {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs < nowMs) return formatInstant(nowMs - durationMs)!;
  const hasZone = /T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const atMs = hasZone ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return formatInstant(atMs)!;
  const wanted = 'want a duration such as 1h, or a time with its zone such as 2026-11-21T08:00:00Z';
  throw new GluewallError('usage', `"${text}" is no time: ${wanted}`);
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
