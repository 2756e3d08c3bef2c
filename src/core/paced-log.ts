import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

const PACE_MS = 1000;

/**
 * Says what strangers can cause: the first time at once, then at most once a second, with how often it happened since.
 * One for each kind of thing to say.
 */
export class PacedLog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #level: 'info' | 'warn' | 'error';
  #unsaid = 0;
  #last: { readonly fields: object; readonly message: string } | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, log: Log, level: 'info' | 'warn' | 'error') {
    this.#clock = clock;
    this.#log = log;
    this.#level = level;
  }

  say(fields: object, message: string): void {
    if (this.#cancel !== undefined) {
      this.#unsaid++;
      this.#last = { fields, message };
      return;
    }
    this.#log[this.#level](fields, message);
    this.#wait();
  }

  /** Says what is left to say. Safe twice. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#sayRest();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(PACE_MS, () => {
      this.#cancel = undefined;
      if (this.#sayRest()) this.#wait();
    });
  }

  #sayRest(): boolean {
    if (this.#last === undefined) return false;
    const { fields, message } = this.#last;
    const often = this.#unsaid > 1 ? ` (${this.#unsaid} times since the last such line)` : '';
    this.#unsaid = 0;
    this.#last = undefined;
    this.#log[this.#level](fields, `${message}${often}`);
    return true;
  }
}
