/** Instants and ages as people read them. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `2026-11-21 08:03:11 UTC`, or with the offset of the place, such as `+01:00`. `parts` takes what is to be left out. */
export function formatTime(
  atMs: number,
  zone: 'utc' | 'local',
  options: { readonly hasMilliseconds?: boolean } = {},
): string {
  if (!Number.isFinite(atMs)) return 'never';
  const offsetMinutes = zone === 'utc' ? 0 : -new Date(atMs).getTimezoneOffset();
  const [date, time = ''] = new Date(atMs + offsetMinutes * MINUTE_MS).toISOString().split('T');
  return `${date} ${time.slice(0, options.hasMilliseconds === true ? 12 : 8)} ${formatOffset(offsetMinutes, zone)}`;
}

/** `UTC`, or such as `+05:30`. */
function formatOffset(minutes: number, zone: 'utc' | 'local'): string {
  if (zone === 'utc') return 'UTC';
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** How long ago, or in how long: `now`, `12 s ago`, `in 3 h`. Rounded down: what is `1 h ago` is at least an hour old. */
export function formatAge(atMs: number, nowMs: number): string {
  const distanceMs = Math.abs(nowMs - atMs);
  if (distanceMs < SECOND_MS) return 'now';
  const length = formatLength(distanceMs);
  return atMs <= nowMs ? `${length} ago` : `in ${length}`;
}

/** `12 s`, `5 min`, `3 h`, `2 days`: the largest unit that there is one of. */
export function formatLength(lengthMs: number): string {
  if (lengthMs < MINUTE_MS) return `${Math.floor(lengthMs / SECOND_MS)} s`;
  if (lengthMs < HOUR_MS) return `${Math.floor(lengthMs / MINUTE_MS)} min`;
  if (lengthMs < 2 * DAY_MS) return `${Math.floor(lengthMs / HOUR_MS)} h`;
  return `${Math.floor(lengthMs / DAY_MS)} days`;
}
