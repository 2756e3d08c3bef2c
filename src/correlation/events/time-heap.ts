interface Placed<T> {
  readonly item: T;
  readonly turn: number;
}

/** Things by their time: the earliest comes out first, and of two of the same time the one that came first. */
export class TimeHeap<T extends { readonly atMs: number }> {
  readonly #heap: Placed<T>[] = [];
  #turns = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The time of the earliest; Infinity: there is none. */
  get firstMs(): number {
    return this.#heap[0]?.item.atMs ?? Number.POSITIVE_INFINITY;
  }

  add(item: T): void {
    const heap = this.#heap;
    const placed = { item, turn: this.#turns++ };
    let at = heap.length;
    heap.push(placed);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(placed, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = placed;
  }

  /** Takes out the earliest; undefined: there is none. */
  take(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.item;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
    return first.item;
  }
}

function isBefore<T extends { readonly atMs: number }>(a: Placed<T>, b: Placed<T>): boolean {
  return a.item.atMs < b.item.atMs || (a.item.atMs === b.item.atMs && a.turn < b.turn);
}
