import type { GluewallError } from '../core/errors.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: GluewallError): void;
}

/** Questions to another thread that wait for their answer, by number; a bounded number of them. */
export class ThreadQuestions {
  readonly #most: number;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The number of the question that is asked next, by which it can be called off. */
  get nextId(): number {
    return this.#nextId;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#most;
  }

  /** Sends a question under a number of its own; resolves and rejects as it is answered. */
  ask(send: (id: number) => void): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      send(id);
    });
  }

  done(id: number, result: unknown): void {
    this.#take(id)?.resolve(result);
  }

  failed(id: number, error: GluewallError): void {
    this.#take(id)?.reject(error);
  }

  /** Nobody answers any more. */
  failAll(error: GluewallError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
