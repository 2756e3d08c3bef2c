import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock.ts';
import { MIN_TIME_LIMIT_MS } from './messages.ts';

/** Kept back of the time at each hop, so that what is there comes back in time: a share, and not more than so much. */
const MARGIN_SHARE = 0.1;
const MAX_MARGIN_MS = 500;

/** How long a request is worked on: until its time is up but for a margin, or nobody waits for the answer any more. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #caller: AbortSignal;
  readonly #controller = new AbortController();
  readonly #endMs: number;
  readonly #marginMs: number;
  readonly #cancel: () => void;
  readonly #onAbort = () => this.#controller.abort(this.#caller.reason);

  /** From now on. `caller` aborts when nobody waits any more. */
  constructor(clock: Clock, timeLimitMs: number, caller: AbortSignal) {
    // Everything that works on the request listens.
    setMaxListeners(0, this.#controller.signal);
    this.#clock = clock;
    this.#caller = caller;
    this.#endMs = clock.nowMs() + timeLimitMs;
    this.#marginMs = Math.min(MARGIN_SHARE * timeLimitMs, MAX_MARGIN_MS);
    this.#cancel = clock.after(timeLimitMs - this.#marginMs / 2, () => this.#controller.abort());
    caller.addEventListener('abort', this.#onAbort);
    if (caller.aborted) this.#onAbort();
  }

  /** Aborts when the time is up, when nobody waits, and at the end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Throws the reason why nobody waits for the answer any more. */
  throwIfCalledOff(): void {
    this.#caller.throwIfAborted();
  }

  /** How long a peer that is asked now may take, milliseconds; undefined: no time is left to ask. */
  forPeerMs(): number | undefined {
    const leftMs = Math.floor(this.#endMs - this.#clock.nowMs() - this.#marginMs);
    return leftMs < MIN_TIME_LIMIT_MS ? undefined : leftMs;
  }

  /** Calls off whatever still works on it. Safe twice. */
  end(): void {
    this.#cancel();
    this.#caller.removeEventListener('abort', this.#onAbort);
    this.#controller.abort();
  }
}
