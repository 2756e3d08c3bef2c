/** ISO 8601 in UTC with milliseconds; null for what never comes. */
export function formatInstant(atMs: number): string | null {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : null;
}
