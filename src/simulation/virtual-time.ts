import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

/** Turns of the event loop in which nothing was looked up, asked or answered, after which all wait for a timer. */
const IDLE_TURNS = 500;
/** Timers that run for one piece of work. */
const MAX_TIMERS = 100_000;

/** Time that stands still while there is work, and goes on to the next timer where all wait for one. */
export class VirtualTime implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs: number;
  #steps = 0;
  #atWork = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** For who asks or answers: something happens. */
  note(): void {
    this.#steps++;
  }

  /** Time stands still until this work is done, however long it takes. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#atWork++;
    try {
      return await work;
    } finally {
      this.#atWork--;
      this.#steps++;
    }
  }

  /** Goes on to an instant; timers until then run. Never back. */
  advanceTo(atMs: number): void {
    for (let ran = 0; ran < MAX_TIMERS; ran++) {
      const next = this.#next();
      if (next === undefined || next.atMs > atMs) break;
      this.#run(next);
    }
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  /** What `work` resolves with; rejects as it does, and when it waits for what never comes. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const settle = () => {
      isDone = true;
    };
    work.then(settle, settle);
    let idleTurns = 0;
    let steps = this.#steps;
    let timers = 0;
    for (;;) {
      await turn();
      if (isDone) return work;
      idleTurns = steps === this.#steps && this.#atWork === 0 ? idleTurns + 1 : 0;
      steps = this.#steps;
      if (idleTurns < IDLE_TURNS) continue;
      const next = this.#next();
      if (next === undefined || ++timers > MAX_TIMERS) throw new Error('a case of the simulation waits for nothing');
      this.#run(next);
      idleTurns = 0;
    }
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.action();
  }

  /** Of two at one time the older. */
  #next(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) if (earliest === undefined || timer.atMs < earliest.atMs) earliest = timer;
    return earliest;
  }
}
