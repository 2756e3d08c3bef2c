/** What time it is: the machine's, or that of the capture that is being read. */
export interface TimeSource {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** Time as everything here sees it, so that a test can hold it still; never runs backwards while the process lives. */
export interface Clock extends TimeSource {
  /** Runs `action` once, `delayMs` from now; the returned function calls it off. */
  after(delayMs: number, action: () => void): () => void;
}

/** The machine's clock: set by the wall once at start, monotonic from then on. Its timers keep no process alive. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Runs `action` every `periodMs`, first one period from now; the returned function ends it. */
export function every(clock: Clock, periodMs: number, action: () => void): () => void {
  const round = () => {
    cancel = clock.after(periodMs, round);
    action();
  };
  let cancel = clock.after(periodMs, round);
  return () => cancel();
}
