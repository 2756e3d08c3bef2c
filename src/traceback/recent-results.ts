import type { TimeSource } from '../core/clock.ts';
import { untilAborted } from '../core/until-aborted.ts';

interface Held<T> {
  readonly result: Promise<T>;
  readonly untilMs: number;
}

/** Results of late, so that what is asked again is not worked out again, also while it still is. */
export class RecentResults<T> {
  readonly #maxResults: number;
  readonly #keepMs: number;
  readonly #clock: TimeSource;
  /** In the order in which they were asked for. */
  readonly #held = new Map<string, Held<T>>();

  /** Of more than `maxResults` the oldest go. */
  constructor(maxResults: number, keepMs: number, clock: TimeSource) {
    this.#maxResults = maxResults;
    this.#keepMs = keepMs;
    this.#clock = clock;
  }

  /** The result that is held, or what `make` says. Where `make` fails for one who asks, it is tried anew for the next. */
  async get(key: string, make: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let held = this.#fresh(key); held !== undefined; held = this.#fresh(key)) {
      try {
        return await untilAborted(held.result, signal);
      } catch {
        signal.throwIfAborted();
        this.#drop(key, held);
      }
    }
    const held = { result: make(), untilMs: this.#clock.nowMs() + this.#keepMs };
    this.#held.set(key, held);
    if (this.#held.size > this.#maxResults) this.#held.delete(this.#held.keys().next().value!);
    try {
      return await untilAborted(held.result, signal);
    } catch (error) {
      this.#drop(key, held);
      throw error;
    }
  }

  forget(key: string): void {
    this.#held.delete(key);
  }

  #fresh(key: string): Held<T> | undefined {
    const held = this.#held.get(key);
    if (held === undefined || held.untilMs > this.#clock.nowMs()) return held;
    this.#held.delete(key);
    return undefined;
  }

  #drop(key: string, held: Held<T>): void {
    if (this.#held.get(key) === held) this.#held.delete(key);
  }
}
