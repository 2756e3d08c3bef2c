/** Named counters that only grow; a missing name reads as 0. `N` is the closed set of names the owner declares. */
export class Counters<N extends string> {
  readonly #values = new Map<N, number>();

  add(name: N, amount = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + amount);
  }

  get(name: N): number {
    return this.#values.get(name) ?? 0;
  }

  /** All names counted so far, in alphabetical order. */
  snapshot(): Record<string, number> {
    return Object.fromEntries([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
