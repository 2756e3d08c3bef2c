/** Named counters that only grow; a missing name reads as 0. `N` is the closed set of names the owner declares. */
export class Counters<N extends string> {
  readonly #cells = new Map<N, { count: number }>();

  add(name: N, amount = 1): void {
    const cell = this.#cells.get(name);
    if (cell === undefined) this.#cells.set(name, { count: amount });
    else cell.count += amount;
  }

  get(name: N): number {
    return this.#cells.get(name)?.count ?? 0;
  }

  /** All names counted so far, in alphabetical order. */
  snapshot(): Record<string, number> {
    const counts = [...this.#cells].map(([name, { count }]): [N, number] => [name, count]);
    return Object.fromEntries(counts.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
