/** A flow's hard timeout has 16 bits (OpenFlow 1.3.5 §7.3.4.1). */
const MAX_TIMEOUT_SECONDS = 65_535;
/** Flows made all at once end over this share of their time, or they would all be renewed at once, too. */
const SPREAD = 0.25;
/** Multiples of this, the fraction of the golden ratio, fill the range from 0 to 1 evenly, however many they are. */
const EVENLY = 0.618_033_988_75;

/** The hard timeout of a flow that is to end by `untilMs`; below 1 there is none, for 0 would be for good. */
export function flowSeconds(untilMs: number, nowMs: number): number {
  return Math.min(MAX_TIMEOUT_SECONDS, Math.floor((untilMs - nowMs) / 1000));
}

/** As `flowSeconds`, of a flow that stands and has not ended: it has a second left at least. */
export function secondsLeft(endsAtMs: number, nowMs: number): number {
  return Math.max(1, flowSeconds(endsAtMs, nowMs));
}

/** When the `index`th of many flows made at once is to end, whose verdict ends at `untilMs`: then, or somewhat earlier. */
export function spreadUntilMs(untilMs: number, nowMs: number, index: number): number {
  const leftMs = Math.min(untilMs - nowMs, MAX_TIMEOUT_SECONDS * 1000);
  return nowMs + leftMs * (1 - SPREAD * ((index * EVENLY) % 1));
}
