import type { AnswerPart } from './answer-parts.ts';
import { MAX_GAPS, MAX_REPORTS } from './messages.ts';

/** Octets of an answer as JSON that peers read, at most. */
export const MAX_ANSWER_BYTES = 1 << 20;

/** Octets left for the braces, the case and the gap that says what is missing. */
const FRAME_BYTES = 1024;

/**
 * What is said of an answer that may have so many octets as JSON: the first of it, gaps in at most half of the room, reports in what gaps
 * leave. What is left out is a gap of its own.
 */
export function fitAnswer({ reports, gaps }: AnswerPart, maxBytes: number): AnswerPart {
  const roomBytes = maxBytes - FRAME_BYTES;
  const keptGaps = firstWithin(gaps, MAX_GAPS - 1, roomBytes / 2);
  const kept = firstWithin(reports, MAX_REPORTS, roomBytes - keptGaps.bytes);
  const missing = reports.length - kept.items.length;
  const missingGaps = gaps.length - keptGaps.items.length;
  if (missing === 0 && missingGaps === 0) return { reports, gaps };
  const detail = `the answer was too large: ${missing} reports and ${missingGaps} gaps are left out`;
  return { reports: kept.items, gaps: [...keptGaps.items, { reason: 'too many', detail }] };
}

function firstWithin<T>(items: readonly T[], most: number, roomBytes: number): { items: T[]; bytes: number } {
  let bytes = 0;
  const kept: T[] = [];
  for (const item of items.slice(0, most)) {
    const itemBytes = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (bytes + itemBytes > roomBytes) break;
    bytes += itemBytes;
    kept.push(item);
  }
  return { items: kept, bytes };
}
