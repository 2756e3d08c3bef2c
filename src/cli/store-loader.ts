import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../storage/store.ts';
import { type LoadedParts, loadStore, tellLoaded } from './open-store.ts';

const RETRY_MS = 5000;

/** Takes up what the store holds, once: at the start, or when a database that was away is back. */
export class StoreLoader {
  readonly #store: Store;
  readonly #parts: LoadedParts;
  readonly #mayBeAway: boolean;
  readonly #clock: Clock;
  readonly #log: Log;
  #isLoaded = false;
  #isStopped = false;
  #cancelRetry: (() => void) | undefined;

  constructor(store: Store, parts: LoadedParts, mayBeAway: boolean, clock: Clock, log: Log) {
    this.#store = store;
    this.#parts = parts;
    this.#mayBeAway = mayBeAway;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether what the store holds was taken up. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Without a database that is away gluewall goes on from memory, and takes up what that holds when it is back. */
  async start(): Promise<void> {
    try {
      await this.#load();
    } catch (cause) {
      if (!this.#mayBeAway || !(cause instanceof GluewallError)) throw cause;
      this.#log.error({ code: cause.code }, `${cause.message}; gluewall begins without it, and loads it later`);
      this.#loadLater();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
  }

  async #load(): Promise<void> {
    await loadStore(this.#store, this.#parts, this.#clock.nowMs());
    this.#isLoaded = true;
    tellLoaded(this.#store, this.#parts.history, this.#log);
  }

  #loadLater(): void {
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => {
      this.#load().catch((error: Error) => {
        this.#log.debug({}, error.message);
        if (!this.#isStopped) this.#loadLater();
      });
    });
  }
}
