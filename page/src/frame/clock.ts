/** One clock for all ages that are shown. */
import { useEffect } from 'preact/hooks';
import { Shared, useShared } from './shared.ts';

const TURN_MS = 5_000;
const turn = new Shared(0);
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Draws the part anew every few seconds. */
export function useClock(): void {
  useShared(turn);
  useEffect(() => {
    users++;
    timer ??= setInterval(() => turn.set(turn.value + 1), TURN_MS);
    return () => {
      users--;
      if (users > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
}
