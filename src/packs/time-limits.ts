import type { Clock } from '../core/clock.ts';

/** Ends something that takes too long in all, or in which nothing happens for too long. */
export class TimeLimits {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #abort = new AbortController();
  readonly #cancelWhole: () => void;
  #cancelStall: () => void;

  constructor(clock: Clock, wholeMs: number, stallMs: number) {
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#cancelWhole = clock.after(wholeMs, () => this.#end(`took longer than ${wholeMs / 1000} s`));
    this.#cancelStall = this.#armStall();
  }

  /** Aborted with an Error that says which limit it was. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Something happened. */
  progress(): void {
    this.#cancelStall();
    this.#cancelStall = this.#armStall();
  }

  /** Safe twice. */
  stop(): void {
    this.#cancelWhole();
    this.#cancelStall();
  }

  #armStall(): () => void {
    return this.#clock.after(this.#stallMs, () => this.#end(`sent nothing for ${this.#stallMs / 1000} s`));
  }

  #end(reason: string): void {
    this.stop();
    this.#abort.abort(new Error(reason));
  }
}
