/**
 * Work of several askers: a few at once, and one of each asker. The rest waits, and askers have their turns in a ring, so that who asks
 * for much is in nobody's way but its own.
 */
export class FairQueue {
  readonly #atOnce: number;
  readonly #atWork = new Set<string>();
  /** What waits of each asker, in the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** What `work` says when its turn has come. Rejects as it does, and with the reason of `signal` when that comes before its turn. */
  async run<T>(asker: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(asker, signal);
    try {
      return await work();
    } finally {
      this.#atWork.delete(asker);
      this.#next();
    }
  }

  #turn(asker: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const waiting = this.#waiting.get(asker) ?? [];
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(begin), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(begin);
      this.#waiting.set(asker, waiting);
      this.#next();
    });
  }

  #next(): void {
    for (const [asker, waiting] of this.#waiting) {
      if (this.#atWork.size >= this.#atOnce) return;
      if (this.#atWork.has(asker)) continue;
      const begin = waiting.shift();
      // Whose turn it was comes last from now on.
      this.#waiting.delete(asker);
      if (waiting.length > 0) this.#waiting.set(asker, waiting);
      if (begin === undefined) continue;
      this.#atWork.add(asker);
      begin();
    }
  }
}
