import type { Name } from '../../dns/name.ts';
import { hashText } from '../hashing.ts';

const BITS = 4096;

/** About how many different names were seen, in half a kilobyte: linear counting. Beyond some 30,000 it says no more. */
export class DistinctNames {
  readonly #bits = new Uint8Array(BITS / 8);
  readonly #seed: number;
  #set = 0;

  /** `seed`: 32 bits that nobody who chooses names can know. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  add(name: Name): void {
    const place = hashText(name, this.#seed) % BITS;
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
