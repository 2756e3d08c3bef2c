import type { Name } from '../../dns/name.ts';
import { hashText } from '../hashing.ts';

const BITS = 4096;

/** About how many different names were seen, in half a kilobyte: linear counting. Beyond some 30,000 it says no more. */
export class DistinctNames {
  readonly #bits = new Uint8Array(BITS / 8);
  #set = 0;

  add(name: Name): void {
    const place = hashText(name, 0) % BITS;
    const mask = 1 << (place & 7);
    if ((this.#bits[place >> 3]! & mask) !== 0) return;
    this.#bits[place >> 3]! |= mask;
    this.#set++;
  }

  get count(): number {
    const free = Math.max(1, BITS - this.#set);
    return Math.round(BITS * Math.log(BITS / free));
  }
}
