import type { VNode } from 'preact';
import { consoleNowMs } from '../api/client.ts';
import { useClock } from '../frame/clock.ts';
import { useSettings } from '../frame/settings.ts';
import { formatAge, formatTime } from './format-time.ts';

/** An instant with its zone; null is `never`. In the title, the same to the millisecond in the other zone. */
export function Time({ at }: { readonly at: string | null }): VNode {
  const { times } = useSettings();
  if (at === null) return <span>never</span>;
  const atMs = Date.parse(at);
  return (
    <time class="time" dateTime={at} title={bothZones(atMs, times)}>
      {formatTime(atMs, times)}
    </time>
  );
}

/** How long ago an instant was, or how far it is; the instant itself in the title. */
export function Ago({ at }: { readonly at: string }): VNode {
  useClock();
  const { times } = useSettings();
  const atMs = Date.parse(at);
  return (
    <time class="time" dateTime={at} title={bothZones(atMs, times)}>
      {formatAge(atMs, consoleNowMs())}
    </time>
  );
}

function bothZones(atMs: number, first: 'utc' | 'local'): string {
  const options = { hasMilliseconds: true };
  const zones = first === 'utc' ? (['utc', 'local'] as const) : (['local', 'utc'] as const);
  return zones.map((zone) => formatTime(atMs, zone, options)).join(' = ');
}
