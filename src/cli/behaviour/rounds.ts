import type { Clock } from '../../core/clock.ts';

/** What is done in rounds, and who is told of it. */
export interface RoundTakers<Result> {
  /** The next one begins no earlier than this is done. */
  ended(result: Result): void | Promise<void>;
  failed(error: Error): void;
}

/** Has rounds follow each other, one at a time. */
export class Rounds<Result> {
  readonly #round: () => Promise<Result>;
  readonly #clock: Clock;
  readonly #takers: RoundTakers<Result>;
  #periodMs: number;
  #cancelNext: () => void = () => {};
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(round: () => Promise<Result>, periodMs: number, takers: RoundTakers<Result>, clock: Clock) {
    this.#round = round;
    this.#periodMs = periodMs;
    this.#takers = takers;
    this.#clock = clock;
  }

  start(): void {
    this.#cancelNext();
    this.#cancelNext = this.#clock.after(this.#periodMs, () => {
      void this.#run().then(() => {
        if (!this.#isStopped) this.start();
      });
    });
  }

  /** Counts from now on. */
  configure(periodMs: number): void {
    if (periodMs === this.#periodMs) return;
    this.#periodMs = periodMs;
    if (this.#running === undefined && !this.#isStopped) this.start();
  }

  /** Resolves when there was a last round. Safe twice. */
  async stop(): Promise<void> {
    if (!this.#isStopped) {
      this.#isStopped = true;
      this.#cancelNext();
      await this.#running;
      await this.#run();
    }
    await this.#running;
  }

  #run(): Promise<void> {
    this.#running = this.#round()
      .then(this.#takers.ended, this.#takers.failed)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }
}
