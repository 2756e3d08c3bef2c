/** What is handed over to a thread as it comes: bounded in octets, and counted by kind. */
export class HandedRoom<K extends string> {
  readonly #mostOctets: number;
  readonly #handed: Record<K, number>;
  readonly #lost: Record<K, number>;
  #waitingOctets = 0;

  /** `mostOctets`: what may wait for the thread; what comes beyond is lost. */
  constructor(kinds: readonly K[], mostOctets: number) {
    this.#mostOctets = mostOctets;
    this.#handed = noneOf(kinds);
    this.#lost = noneOf(kinds);
  }

  /** What was handed over, and what found no room or no thread. */
  get figures(): { readonly handed: Readonly<Record<K, number>>; readonly lost: Readonly<Record<K, number>> } {
    return { handed: { ...this.#handed }, lost: { ...this.#lost } };
  }

  /** Whether `count` of a kind, of so many octets, are to be sent; else they are lost. `isThere`: the thread is. */
  take(kind: K, octets: number, count: number, isThere: boolean): boolean {
    if (!isThere || this.#waitingOctets + octets > this.#mostOctets) {
      this.#lost[kind] += count;
      return false;
    }
    this.#handed[kind] += count;
    this.#waitingOctets += octets;
    return true;
  }

  /** The thread has taken so much. */
  taken(octets: number): void {
    this.#waitingOctets -= octets;
  }

  /** The thread has ended, and nothing waits for it. */
  clear(): void {
    this.#waitingOctets = 0;
  }
}

function noneOf<K extends string>(kinds: readonly K[]): Record<K, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<K, number>;
}
