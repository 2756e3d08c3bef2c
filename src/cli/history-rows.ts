import { formatInstant } from '../services/instant.ts';
import { tripleRow } from '../services/triple-view.ts';

/** A row of a file to import, not looked at yet, and where it stands. */
export interface NumberedRow {
  readonly line: number;
  /** What `tripleRow` reads, if it is one; or what is wrong with it. */
  readonly row: unknown;
  readonly problem?: string;
}

/** What holds where a file does not say. */
export interface RowDefaults {
  /** When it was seen, as in TripleView. */
  readonly seen: string;
  readonly trust: string;
  /** From when it was seen last; as it is when that is no time. */
  expires(lastSeen: string): string;
}

/** Of machines whose clocks are ahead of ours. */
const MAX_AHEAD_MS = 86_400_000;
/** The most that `ttl.cap` can be. */
const MAX_LIFE_MS = 30 * 86_400_000;

export function rowDefaults(nowMs: number, lifeMs: number): RowDefaults {
  return {
    seen: formatInstant(nowMs)!,
    trust: 'unverified',
    expires: (lastSeen) => {
      const expires = new Date(Date.parse(lastSeen) + lifeMs);
      return Number.isNaN(expires.getTime()) ? lastSeen : expires.toISOString();
    },
  };
}

/** What is wrong with a row of a file, in words; undefined when it can be taken. */
export function problemOf(row: unknown, nowMs: number): string | undefined {
  if (row === undefined) return 'no JSON';
  const result = tripleRow.safeParse(row);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    return `${path.join('.') || 'the row'}: ${message}`;
  }
  const { lastSeenAtMs, expiresAtMs } = result.data;
  if (lastSeenAtMs > nowMs + MAX_AHEAD_MS) return 'lastSeen: is in the future';
  if (expiresAtMs > lastSeenAtMs + MAX_LIFE_MS) return 'expires: is more than 30 days after lastSeen';
  return undefined;
}
