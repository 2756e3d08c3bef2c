import { setImmediate as nextTurn } from 'node:timers/promises';

/** Gives each who asks a turn of the event loop of its own, in the order they ask. */
export class Turns {
  #last = Promise.resolve();

  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}
