import type { Random } from './random.ts';

/** How often names are asked for: by Zipf's law, that of rank k is 1/k as often as the first. */
export class NamePopularity {
  /** At rank − 1: which share of queries are for names up to this rank. */
  readonly #cumulative: Float64Array;

  constructor(names: number) {
    this.#cumulative = new Float64Array(names);
    let sum = 0;
    for (let rank = 1; rank <= names; rank++) this.#cumulative[rank - 1] = sum += 1 / rank;
    for (let index = 0; index < names; index++) this.#cumulative[index]! /= sum;
  }

  get names(): number {
    return this.#cumulative.length;
  }

  /** The share of queries that are for the name of this rank, from 1 on. */
  share(rank: number): number {
    return this.#cumulative[rank - 1]! - (this.#cumulative[rank - 2] ?? 0);
  }

  /** The rank of the name of some query. */
  draw(random: Random): number {
    const share = random.next();
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle]! > share) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  }
}
