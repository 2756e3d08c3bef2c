import { useEffect, useRef, useState } from 'preact/hooks';
import type { OverviewView } from '../../../../src/services/overview.ts';
import { consoleNowMs } from '../../api/client.ts';
import { type Loaded, useLoaded } from '../../api/use-loaded.ts';
import { sinceOf, type TimeRange } from '../../charts/time-steps.ts';

const EVERY_MS = 60_000;

/** The overview of a range that ends now. It is asked anew each minute; until the answer comes, that of the minute before stays. */
export function useOverview(range: TimeRange): Loaded<OverviewView> {
  const [nowMs, setNowMs] = useState(consoleNowMs);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && setNowMs(consoleNowMs()), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const loaded = useLoaded<OverviewView>('/overview', { since: sinceOf(range, nowMs) });
  const kept = useRef<{ readonly range: TimeRange; readonly loaded: Loaded<OverviewView> }>(undefined);
  if (loaded.value !== undefined) kept.current = { range, loaded };
  if (loaded.value !== undefined || kept.current?.range !== range) return loaded;
  const { value, loadedAtMs } = kept.current.loaded;
  return { ...loaded, value, loadedAtMs };
}
