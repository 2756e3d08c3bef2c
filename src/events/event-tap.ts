/** Hands events to those who follow them as they happen; a slow follower loses some, and is told how many. */
export class EventTap<E> {
  readonly #followers = new Set<Follower<E>>();
  readonly #backlog: number;

  /** `backlog` is the most events that wait for one follower. */
  constructor(backlog: number) {
    this.#backlog = backlog;
  }

  push(event: E): void {
    for (const follower of this.#followers) {
      if (follower.waiting.length < this.#backlog) follower.waiting.push(event);
      else follower.lost++;
      follower.wake();
    }
  }

  /**
   * Follows from this call on, in portions as they gather, until `signal` aborts. `lost` counts the events that did not
   * fit before the portion.
   */
  follow(signal: AbortSignal): AsyncGenerator<{ readonly events: readonly E[]; readonly lost: number }, void> {
    const follower: Follower<E> = { waiting: [], lost: 0, wake: () => {} };
    // In the set at once, not at the first `next`: nothing that happens in between is missed.
    if (!signal.aborted) this.#followers.add(follower);
    const leave = () => {
      this.#followers.delete(follower);
      follower.wake();
    };
    signal.addEventListener('abort', leave, { once: true });
    return this.#portions(follower, signal);
  }

  async *#portions(follower: Follower<E>, signal: AbortSignal) {
    try {
      while (!signal.aborted) {
        if (follower.waiting.length === 0) {
          await new Promise<void>((resolve) => {
            follower.wake = resolve;
          });
          continue;
        }
        const { waiting: events, lost } = follower;
        follower.waiting = [];
        follower.lost = 0;
        yield { events, lost };
      }
    } finally {
      this.#followers.delete(follower);
    }
  }
}

interface Follower<E> {
  waiting: E[];
  lost: number;
  wake: () => void;
}
