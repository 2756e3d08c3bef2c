import type { NsHistory } from './ns-history.ts';
import { NOWHERE, type QuestionZones } from './question-zones.ts';
import { TRUST, trustOf } from './row-state.ts';
import { isTopName } from './top-names.ts';

/** How far it is trusted that the responder serves the zone for which it is known, as a place in TRUSTS. */
export function responderTrust(
  { rows, nowMs }: NsHistory,
  question: QuestionZones,
  depth: number,
  responder: number,
): number {
  if (depth === NOWHERE) return TRUST.UNVERIFIED;
  const zone = rows.names.find(question.octets, question.startOf(depth));
  let highest: number = TRUST.UNVERIFIED;
  for (
    let row = rows.findServed(responder, zone, nowMs);
    row !== 0;
    row = rows.findServed(responder, zone, nowMs, row)
  ) {
    highest = Math.max(highest, trustOf(rows.state(row)));
  }
  return highest;
}

/**
 * Until when the servers of a zone may delegate further down, to the zone at `depth`: for no longer than one longest TTL behind
 * the end of the highest delegation above it. A domain that was taken down cannot live on by delegating to itself, one label
 * deeper each time (phoenix domains).
 */
export function delegationEnd({ rows, longestMs }: NsHistory, question: QuestionZones, depth: number): number {
  for (let above = 1; above < depth; above++) {
    const zone = rows.names.find(question.octets, question.startOf(above));
    const untilMs = zone === 0 || isTopName(rows.names, zone) ? 0 : rows.names.delegatedUntilMs(zone);
    if (untilMs > 0) return untilMs + longestMs;
  }
  return Number.POSITIVE_INFINITY;
}
