import type { EventLine } from '../../src/correlation/events/event-line.ts';
import { TimeHeap } from '../../src/correlation/events/time-heap.ts';

/** What somebody or something does; it yields the instant, milliseconds, at which it goes on. */
export type Behaviour = Generator<number, void>;

interface Waiting {
  readonly atMs: number;
  readonly behaviour: Behaviour;
}

/** Runs behaviours in virtual time, and gives what was seen of them in order of time. */
export class Simulation {
  readonly #startMs: number;
  readonly #endMs: number;
  readonly #waiting = new TimeHeap<Waiting>();
  #seen: EventLine[] = [];

  constructor(startMs: number, endMs: number) {
    this.#startMs = startMs;
    this.#endMs = endMs;
  }

  add(behaviour: Behaviour): void {
    this.#goOn(behaviour);
  }

  /** Something was seen; not before the instant that its behaviour is at. */
  see(line: EventLine): void {
    if (line.atMs < this.#endMs) this.#seen.push(line);
  }

  /** Portions of `sliceMs` each, in order within and among each other. */
  *run(sliceMs: number): Generator<readonly EventLine[], void> {
    for (let untilMs = this.#startMs + sliceMs; untilMs < this.#endMs + sliceMs; untilMs += sliceMs) {
      while (this.#waiting.firstMs < Math.min(untilMs, this.#endMs)) this.#goOn(this.#waiting.take()!.behaviour);
      const lines = this.#seen.sort((a, b) => a.atMs - b.atMs);
      const later = lines.findIndex(({ atMs }) => atMs >= untilMs);
      this.#seen = later < 0 ? [] : lines.splice(later);
      yield lines;
    }
  }

  #goOn(behaviour: Behaviour): void {
    const step = behaviour.next();
    if (step.done !== true) this.#waiting.add({ atMs: step.value, behaviour });
  }
}
