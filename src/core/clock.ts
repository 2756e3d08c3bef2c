export const DAY_MS = 86_400_000;

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

const ORIGIN_MS = performance.timeOrigin;

/** The machine's clock: set by the wall once at start, monotonic from then on. Its timers keep no process alive. */
export const systemClock: Clock = {
  nowMs: () => ORIGIN_MS + performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * `clock` read once for all that happens in one go: however many packets a read brings, they came at the same time. Timers
 * are those of `clock`.
 */
export function turnClock(clock: Clock): Clock {
  let isRead = false;
  let nowMs = 0;
  const forget = () => {
    isRead = false;
  };
  return {
    nowMs() {
      if (isRead) return nowMs;
      isRead = true;
      nowMs = clock.nowMs();
      queueMicrotask(forget);
      return nowMs;
    },
    after: (delayMs, action) => clock.after(delayMs, action),
  };
}

/** Runs `action` every `periodMs`, first one period from now; the returned function ends it. */
export function every(clock: Clock, periodMs: number, action: () => void): () => void {
  const round = () => {
    cancel = clock.after(periodMs, round);
    action();
  };
  let cancel = clock.after(periodMs, round);
  return () => cancel();
}
