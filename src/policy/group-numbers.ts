import { DEFAULT_GROUP_NAME } from './client-group.ts';

const DEFAULT_GROUP_ID = 1;
const HIGHEST_GROUP_ID = 0xffff;
/** Names that are remembered; the next number that is free is then never far. */
const MAX_NAMES = 0x8000;

/**
 * Gives each group a number, 1 to 65535, by a hash of its name, so that flows on a switch mean the same after a restart. Of two
 * names with one hash the first that was asked for has its number, and the other the next that is free. What a number means does
 * not change while this lives: that of a group that has gone is kept for its return, until 32768 other names have come.
 */
export class GroupNumbers {
  /** The names asked for longest ago come first. */
  readonly #numbers = new Map<string, number>();
  readonly #taken = new Set([DEFAULT_GROUP_ID]);

  /** The numbers of `names`, which are at most some hundreds, and of the default group. */
  of(names: readonly string[]): ReadonlyMap<string, number> {
    const numbers = new Map([[DEFAULT_GROUP_NAME, DEFAULT_GROUP_ID]]);
    const others = names.filter((name) => name !== DEFAULT_GROUP_NAME);
    // Those that are known first, for what makes room is the name asked for longest ago.
    for (const name of others.filter((one) => this.#numbers.has(one))) this.#keep(name, this.#numbers.get(name)!);
    for (const name of others) numbers.set(name, this.#numbers.get(name) ?? this.#give(name));
    return numbers;
  }

  #give(name: string): number {
    if (this.#numbers.size >= MAX_NAMES) this.#forgetOldest();
    let number = DEFAULT_GROUP_ID + 1 + (hashOf(name) % (HIGHEST_GROUP_ID - DEFAULT_GROUP_ID));
    while (this.#taken.has(number)) number = number === HIGHEST_GROUP_ID ? DEFAULT_GROUP_ID + 1 : number + 1;
    this.#taken.add(number);
    this.#keep(name, number);
    return number;
  }

  #keep(name: string, number: number): void {
    this.#numbers.delete(name);
    this.#numbers.set(name, number);
  }

  #forgetOldest(): void {
    const [name, number] = this.#numbers.entries().next().value!;
    this.#numbers.delete(name);
    this.#taken.delete(number);
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const octet of Buffer.from(text)) hash = Math.imul(hash ^ octet, 0x01000193);
  return hash >>> 0;
}
