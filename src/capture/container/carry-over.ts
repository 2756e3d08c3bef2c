const MIN_CAPACITY_OCTETS = 4096;

/** Octets of a record that is not whole yet, kept from one chunk to the next. Grows with what is there, not with claims. */
export class CarryOver {
  #octets: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is kept; holds until the next call. */
  get octets(): Buffer {
    return this.#octets.subarray(0, this.#length);
  }

  /** Keeps `octets[start, end)` behind what is kept already. */
  append(octets: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#octets.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#octets.length, MIN_CAPACITY_OCTETS));
      this.#octets.copy(larger, 0, 0, this.#length);
      this.#octets = larger;
    }
    octets.copy(this.#octets, this.#length, start, end);
    this.#length = length;
  }

  /** Lets the first `count` octets go. */
  drop(count: number): void {
    this.#octets.copyWithin(0, count, this.#length);
    this.#length -= count;
  }
}
