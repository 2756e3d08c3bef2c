/** One count, for the place that adds to it too often to look it up each time. */
export interface Counter {
  count: number;
}

/** Named counters that only grow; a missing name reads as 0. `N` is the closed set of names the owner declares. */
export class Counters<N extends string> {
  readonly #cells = new Map<N, Counter>();

  add(name: N, amount = 1): void {
    this.counter(name).count += amount;
  }

  /** The count of `name` itself. */
  counter(name: N): Counter {
    const held = this.#cells.get(name);
    if (held !== undefined) return held;
    const counter = { count: 0 };
    this.#cells.set(name, counter);
    return counter;
  }

  get(name: N): number {
    return this.#cells.get(name)?.count ?? 0;
  }

  /** All names counted so far, in alphabetical order. */
  snapshot(): Record<string, number> {
    const counts = [...this.#cells].flatMap(([name, { count }]): [N, number][] => (count > 0 ? [[name, count]] : []));
    return Object.fromEntries(counts.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
