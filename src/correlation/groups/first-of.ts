/** The first ones of many by an order, without keeping the others. */
export class FirstOf<T> {
  readonly #most: number;
  readonly #compare: (a: T, b: T) => number;
  readonly #first: T[] = [];

  constructor(most: number, compare: (a: T, b: T) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  add(one: T): void {
    const first = this.#first;
    let place = first.length;
    while (place > 0 && this.#compare(one, first[place - 1]!) < 0) place--;
    if (place >= this.#most) return;
    first.splice(place, 0, one);
    if (first.length > this.#most) first.pop();
  }

  /** In order. */
  get list(): readonly T[] {
    return this.#first;
  }
}
