/** A flow's hard timeout has 16 bits (OpenFlow 1.3.5 §7.3.4.1). */
const MAX_TIMEOUT_SECONDS = 65_535;

/** The hard timeout of a flow that is to end by `untilMs`; below 1 there is none, for 0 would be for good. */
export function flowSeconds(untilMs: number, nowMs: number): number {
  return Math.min(MAX_TIMEOUT_SECONDS, Math.floor((untilMs - nowMs) / 1000));
}

/** As `flowSeconds`, of a flow that stands and has not ended: it has a second left at least. */
export function secondsLeft(endsAtMs: number, nowMs: number): number {
  return Math.max(1, flowSeconds(endsAtMs, nowMs));
}
