/**
 * Memory that many sources share, for what waits for the store and cannot be read a second time, or for queries of which more may
 * be told: one that floods takes from the others, and all of them together stay bounded.
 */
export class QueueRoom {
  readonly #octets: number;
  #taken = 0;

  constructor(octets: number) {
    this.#octets = octets;
  }

  /** Octets in use. */
  get taken(): number {
    return this.#taken;
  }

  /** False when there is no room for them. */
  take(octets: number): boolean {
    if (this.#taken + octets > this.#octets) return false;
    this.#taken += octets;
    return true;
  }

  give(octets: number): void {
    this.#taken -= octets;
  }
}
