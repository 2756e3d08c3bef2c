import type { Actor } from '../accounts/actor.ts';
import type { Answer } from '../control/answer.ts';
import type { ControlRequest } from '../control/protocol.ts';
import { GluewallError } from '../core/errors.ts';

/** How much of gluewall the console may take up at once. */
export interface AskLimits {
  /** Questions at once. */
  readonly atOnce: number;
  /** Those that wait for their turn; more are refused. */
  readonly waiting: number;
  /** Questions of one user, at once and waiting. */
  readonly perUser: number;
}

export type Ask = (request: ControlRequest, as: Actor | undefined, signal?: AbortSignal) => Answer;

/** A bounded number of questions at once, so that browsers never keep the commands of an operator from being heard. */
export class AskRoom {
  readonly #ask: Ask;
  readonly #limits: AskLimits;
  readonly #waiting = new Set<() => void>();
  readonly #users = new Map<string, number>();
  #atOnce = 0;
  #refused = 0;

  /** `ask` carries out a question whose turn has come. */
  constructor(ask: Ask, limits: AskLimits) {
    this.#ask = ask;
    this.#limits = limits;
  }

  /** Questions that found no room. */
  get refused(): number {
    return this.#refused;
  }

  /** As `ask`; throws GluewallError `console-busy` when there is no room, or `too-many-requests` when one user has too many. */
  readonly ask: Ask = (request, as, signal) => this.#inTurn(request, as, signal);

  async *#inTurn(request: ControlRequest, as: Actor | undefined, signal: AbortSignal | undefined): Answer {
    const leave = this.#enter(as?.user);
    try {
      await this.#turn(signal);
      try {
        return yield* this.#ask(request, as, signal);
      } finally {
        this.#next();
      }
    } finally {
      leave();
    }
  }

  /** Counts a question of a user; the console's own have no limit but the room. */
  #enter(user: string | undefined): () => void {
    if (user === undefined) return () => {};
    const before = this.#users.get(user) ?? 0;
    if (before >= this.#limits.perUser) {
      this.#refused++;
      const remedy = 'wait for their answers, or close other pages';
      throw new GluewallError('too-many-requests', `${before} requests of ${user} are worked on already: ${remedy}`);
    }
    this.#users.set(user, before + 1);
    return () => {
      const now = this.#users.get(user)! - 1;
      if (now === 0) this.#users.delete(user);
      else this.#users.set(user, now);
    };
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw given();
    if (this.#atOnce < this.#limits.atOnce) {
      this.#atOnce++;
      return;
    }
    if (this.#waiting.size >= this.#limits.waiting) {
      this.#refused++;
      throw new GluewallError('console-busy', 'the console has too much to do at the moment: try again');
    }
    await new Promise<void>((resolve, reject) => {
      const stop = () => {
        this.#waiting.delete(begin);
        reject(given());
      };
      // The place of the one before is handed on: it stays counted.
      const begin = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      this.#waiting.add(begin);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  #next(): void {
    const [begin] = this.#waiting;
    if (begin === undefined) {
      this.#atOnce--;
      return;
    }
    this.#waiting.delete(begin);
    begin();
  }
}

function given(): GluewallError {
  return new GluewallError('console-busy', 'nobody waits for the answer any more');
}
