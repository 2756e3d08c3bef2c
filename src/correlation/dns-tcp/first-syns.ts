import type { Address } from '../../core/address.ts';

/** An answer of the window, for which no SYN has come yet unless it is `taken`. */
interface WaitingAnswer {
  readonly atMs: number;
  readonly addresses: ReadonlySet<Address>;
  taken: boolean;
  next: WaitingAnswer | undefined;
}

/** The answers that name one address, the oldest first. */
interface Link {
  readonly answer: WaitingAnswer;
  next: Link | undefined;
}

interface Chain {
  first: Link;
  last: Link;
}

/**
 * Finds for each answer the earliest SYN to one of its addresses within the window (paper 5 §4). A SYN that is the earliest for several
 * answers counts once. It holds the answers of the window, `most` of them; the oldest make room, and are counted.
 */
export class FirstSyns {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #chains = new Map<Address, Chain>();
  #oldest: WaitingAnswer | undefined;
  #newest: WaitingAnswer | undefined;
  #size = 0;
  #pushedOut = 0;

  constructor(windowMs: number, most: number) {
    this.#windowMs = windowMs;
    this.#most = most;
  }

  /** Answers that it holds. */
  get size(): number {
    return this.#size;
  }

  get pushedOut(): number {
    return this.#pushedOut;
  }

  answer(addresses: readonly Address[], atMs: number): void {
    this.#dropPast(atMs);
    if (this.#size >= this.#most) {
      this.#pushedOut++;
      this.#dropOldest();
    }
    const answer: WaitingAnswer = { atMs, addresses: new Set(addresses), taken: false, next: undefined };
    if (this.#newest === undefined) this.#oldest = answer;
    else this.#newest.next = answer;
    this.#newest = answer;
    this.#size++;
    for (const address of answer.addresses) {
      const link: Link = { answer, next: undefined };
      const chain = this.#chains.get(address);
      if (chain === undefined) this.#chains.set(address, { first: link, last: link });
      else {
        chain.last.next = link;
        chain.last = link;
      }
    }
  }

  /** Milliseconds since the nearest answer for which this SYN is the earliest; undefined when it is for none. */
  syn(destination: Address, atMs: number): number | undefined {
    this.#dropPast(atMs);
    const chain = this.#chains.get(destination);
    if (chain === undefined) return undefined;
    let delayMs: number | undefined;
    let link: Link | undefined = chain.first;
    // Nothing that a SYN has passed is looked at again: an answer after it is left to later SYNs.
    for (; link !== undefined && link.answer.atMs <= atMs; link = link.next) {
      const { answer } = link;
      if (answer.taken) continue;
      answer.taken = true;
      const sinceMs = atMs - answer.atMs;
      if (delayMs === undefined || sinceMs < delayMs) delayMs = sinceMs;
    }
    if (link === undefined) this.#chains.delete(destination);
    else chain.first = link;
    return delayMs;
  }

  /** Lets go of answers outside of the window before `atMs`, and of those of a clock that was set back since. */
  #dropPast(atMs: number): void {
    while (this.#oldest !== undefined && Math.abs(atMs - this.#oldest.atMs) > this.#windowMs) this.#dropOldest();
  }

  #dropOldest(): void {
    const answer = this.#oldest;
    if (answer === undefined) return;
    this.#oldest = answer.next;
    if (answer.next === undefined) this.#newest = undefined;
    this.#size--;
    for (const address of answer.addresses) {
      const chain = this.#chains.get(address);
      if (chain?.first.answer !== answer) continue;
      if (chain.first.next === undefined) this.#chains.delete(address);
      else chain.first = chain.first.next;
    }
  }
}
