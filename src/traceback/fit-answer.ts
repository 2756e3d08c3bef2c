import { type Gap, MAX_GAPS, MAX_REPORTS, type NodeAnswer } from './messages.ts';

/** Octets of an answer as JSON, at most. */
export const MAX_ANSWER_BYTES = 1 << 20;

/** An answer that is no larger than those who asked will read; what is cut off is a gap of its own. */
export function fitAnswer(answer: NodeAnswer): NodeAnswer {
  if (answer.kind === 'confirm') {
    const [findings, gaps] = cut(answer.findings, answer.gaps);
    return { ...answer, findings, gaps };
  }
  if (answer.kind === 'traceback') {
    const [reports, gaps] = cut(answer.reports, answer.gaps);
    return { ...answer, reports, gaps };
  }
  const [reports, gaps] = cut(answer.reports, answer.gaps);
  return { ...answer, reports, gaps };
}

/** Octets left for the braces, the case and the gap that says what is missing. */
const FRAME_BYTES = 1024;

/** Gaps have at most half of the room, reports what gaps leave. */
function cut<T>(reports: readonly T[], gaps: readonly Gap[]): [T[], Gap[]] {
  const roomBytes = MAX_ANSWER_BYTES - FRAME_BYTES;
  const keptGaps = firstWithin(gaps, MAX_GAPS - 1, roomBytes / 2);
  const kept = firstWithin(reports, MAX_REPORTS, roomBytes - keptGaps.bytes);
  const missing = reports.length - kept.items.length;
  const missingGaps = gaps.length - keptGaps.items.length;
  if (missing === 0 && missingGaps === 0) return [kept.items, keptGaps.items];
  const detail = `the answer was too large: ${missing} reports and ${missingGaps} gaps are left out`;
  return [kept.items, [...keptGaps.items, { reason: 'too many', detail }]];
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
