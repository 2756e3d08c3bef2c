import { printable } from '../core/printable.ts';
import {
  type FindingChange,
  type Found,
  MAX_CHANGES,
  MAX_DETAIL_CHARACTERS,
  MAX_HOSTS,
  MAX_REASONS,
  MAX_SAMPLES,
  type Reason,
} from './finding.ts';
import {
  MAX_BY_CHARACTERS,
  MAX_INSTANT_MS,
  MAX_LINE_CHARACTERS,
  MAX_SUBJECT_CHARACTERS,
  MAX_WORD_CHARACTERS,
  MAX_WORDS_CHARACTERS,
} from './finding-record.ts';

/** What was found, within the bounds of a record, and with nothing in it that can steer a terminal. */
export function boundedFound({ detail, changes, ...found }: Found): Found {
  const small = detail === undefined ? undefined : boundedDetail(detail);
  return {
    kind: found.kind,
    subject: boundedText(found.subject, MAX_SUBJECT_CHARACTERS),
    score: boundedShare(found.score),
    reasons: found.reasons.slice(0, MAX_REASONS).map(boundedReason),
    hosts: found.hosts.slice(0, MAX_HOSTS).map((host) => boundedText(host, MAX_WORD_CHARACTERS)),
    firstAtMs: boundedInstant(found.firstAtMs),
    lastAtMs: boundedInstant(found.lastAtMs),
    ...(changes === undefined ? {} : { changes: changes.slice(-MAX_CHANGES).map(boundedChange) }),
    ...(small === undefined ? {} : { detail: small }),
  };
}

/** At most so many characters, printable; what is cut shows. */
export function boundedText(text: string, most: number): string {
  const shown = printable(text.slice(0, most));
  return text.length > most || shown.length > most ? `${shown.slice(0, most - 1)}…` : shown;
}

export function boundedReason({ kind, weight, line, events, firstAtMs, lastAtMs, samples }: Reason): Reason {
  return {
    kind: boundedText(kind, MAX_WORD_CHARACTERS),
    weight: boundedShare(weight),
    line: boundedText(line, MAX_LINE_CHARACTERS),
    events: boundedInstant(events),
    firstAtMs: boundedInstant(firstAtMs),
    lastAtMs: boundedInstant(lastAtMs),
    samples: samples
      .slice(0, MAX_SAMPLES)
      .map(({ atMs, text }) => ({ atMs: boundedInstant(atMs), text: boundedText(text, MAX_LINE_CHARACTERS) })),
  };
}

export function boundedChange({ atMs, by, text }: FindingChange): FindingChange {
  return {
    atMs: boundedInstant(atMs),
    by: boundedText(by, MAX_BY_CHARACTERS),
    text: boundedText(text, MAX_WORDS_CHARACTERS),
  };
}

/** As JSON has it, so that it is the same after a restart; undefined when it is too long or is none. */
function boundedDetail(detail: unknown): unknown {
  const text = JSON.stringify(detail) as string | undefined;
  return text === undefined || text.length > MAX_DETAIL_CHARACTERS ? undefined : (JSON.parse(text) as unknown);
}

function boundedShare(share: number): number {
  return share > 0 ? Math.min(share, 1) : 0;
}

/** JSON has neither infinity nor NaN, and ISO 8601 no year beyond 9999. */
function boundedInstant(atMs: number): number {
  return Number.isFinite(atMs) ? Math.max(0, Math.min(atMs, MAX_INSTANT_MS)) : 0;
}
