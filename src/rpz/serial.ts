/** Serial numbers of zones (RFC 1982): 32 bits that go round. */

const HALF = 2 ** 31;

/** Whether `a` comes after `b`. */
export function isAfter(a: number, b: number): boolean {
  const distance = (a - b) >>> 0;
  return distance !== 0 && distance < HALF;
}

/** The time in seconds, or one more than the serial before where that is not later. */
export function nextSerial(before: number | undefined, nowMs: number): number {
  const now = Math.floor(nowMs / 1000) >>> 0;
  return before === undefined || isAfter(now, before) ? now : (before + 1) >>> 0;
}
