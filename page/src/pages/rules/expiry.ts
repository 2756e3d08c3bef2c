/** How long a rule may last, as people choose it. */
export const LIFETIMES = [
  { name: '1h', text: '1 hour', hours: 1 },
  { name: '8h', text: '8 hours', hours: 8 },
  { name: '1d', text: '1 day', hours: 24 },
  { name: '7d', text: '7 days', hours: 7 * 24 },
  { name: '30d', text: '30 days', hours: 30 * 24 },
] as const;

const HOUR_MS = 3_600_000;

/** When a rule ends that lasts so long from now; undefined for one without an end. */
export function expiryOf(name: string, nowMs: number): string | undefined {
  const lifetime = LIFETIMES.find((one) => one.name === name);
  return lifetime === undefined ? undefined : new Date(nowMs + lifetime.hours * HOUR_MS).toISOString();
}
