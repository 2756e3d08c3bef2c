/** When DNS answers named an address. */
export interface Naming {
  /** Of the first answer, and of the last, milliseconds. */
  firstAtMs: number;
  atMs: number;
  /** Until when a client may use an answer that it keeps. */
  expiresAtMs: number;
}

/**
 * What answers have named, by a key: an address, or an address for a client. At most `most` keys are held: those that were not named for
 * longest are forgotten, half of them at once, and counted.
 */
export class Namings<K> {
  readonly #most: number;
  /** Named since the last time that some were forgotten, and those that will be the next. */
  #young = new Map<K, Naming>();
  #old = new Map<K, Naming>();
  #forgotten = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  find(key: K): Naming | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** An answer named it at `atMs`, for `ttlMs`. */
  name(key: K, atMs: number, ttlMs: number): void {
    const known = this.#young.get(key) ?? this.#renewed(key);
    const expiresAtMs = atMs + ttlMs;
    if (known === undefined) {
      this.#keep(key, { firstAtMs: atMs, atMs, expiresAtMs });
      return;
    }
    // A clock that was set back makes what was kept before it of no use.
    known.expiresAtMs = atMs < known.atMs ? expiresAtMs : Math.max(known.expiresAtMs, expiresAtMs);
    known.firstAtMs = Math.min(known.firstAtMs, atMs);
    known.atMs = atMs;
  }

  /** Of the old ones, among the young ones again. */
  #renewed(key: K): Naming | undefined {
    const known = this.#old.get(key);
    if (known === undefined) return undefined;
    this.#old.delete(key);
    this.#keep(key, known);
    return known;
  }

  #keep(key: K, naming: Naming): void {
    if (2 * this.#young.size >= this.#most) {
      this.#forgotten += this.#old.size;
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, naming);
  }
}
