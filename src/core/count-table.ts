/** A combination of three words, and how often it was counted. */
export interface TableCount<A extends string, B extends string, C extends string> {
  readonly words: readonly [A, B, C];
  readonly count: number;
}

interface Cell<A extends string, B extends string, C extends string> {
  readonly words: readonly [A, B, C];
  count: number;
}

/**
 * Counts by three words at once. Each comes from a closed set that the owner declares, which bounds the table; only the first
 * count of a combination allocates.
 */
export class CountTable<A extends string, B extends string, C extends string> {
  readonly #cells = new Map<A, Map<B, Map<C, Cell<A, B, C>>>>();

  add(first: A, second: B, third: C, amount = 1): void {
    const cell = this.#cells.get(first)?.get(second)?.get(third) ?? this.#make(first, second, third);
    cell.count += amount;
  }

  get(first: A, second: B, third: C): number {
    return this.#cells.get(first)?.get(second)?.get(third)?.count ?? 0;
  }

  /** All combinations counted so far. */
  *counts(): Generator<TableCount<A, B, C>, void> {
    for (const seconds of this.#cells.values()) {
      for (const thirds of seconds.values()) yield* thirds.values();
    }
  }

  #make(first: A, second: B, third: C): Cell<A, B, C> {
    const seconds = this.#cells.get(first) ?? new Map<B, Map<C, Cell<A, B, C>>>();
    const thirds = seconds.get(second) ?? new Map<C, Cell<A, B, C>>();
    const cell: Cell<A, B, C> = { words: [first, second, third], count: 0 };
    this.#cells.set(first, seconds);
    seconds.set(second, thirds);
    thirds.set(third, cell);
    return cell;
  }
}
