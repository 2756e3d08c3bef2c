import { labelCount, type Name } from '../dns/name.ts';

/** Labels of a name; one octet each at the least, and a length octet before it. */
const MAX_LABELS = 127;

/** Values by zone: those of every zone that a name lies at or below, in as many steps as there are zones of different depth. */
export class ZoneTable<T> {
  readonly #values = new Map<Name, T[]>();
  /** How many labels the zones have, each number once. */
  readonly #depths: number[] = [];
  /** Where the labels of the name begin that was given last. */
  readonly #starts = new Uint8Array(MAX_LABELS + 1);
  #name = '';
  #labels = 0;

  get size(): number {
    return this.#values.size;
  }

  /** Shape and limits of `zone` are those of Name; canonical. */
  add(zone: Name, value: T): void {
    const held = this.#values.get(zone);
    if (held !== undefined) {
      held.push(value);
      return;
    }
    this.#values.set(zone, [value]);
    const depth = labelCount(zone);
    if (!this.#depths.includes(depth)) this.#depths.push(depth);
  }

  all(): IterableIterator<readonly T[]> {
    return this.#values.values();
  }

  /** Sets the name (canonical) that `at` is about; the result is how many steps there are. */
  steps(name: Name): number {
    this.#name = name;
    let labels = 0;
    let offset = 0;
    for (; name.charCodeAt(offset) !== 0 && labels < MAX_LABELS; offset += name.charCodeAt(offset) + 1) {
      this.#starts[labels++] = offset;
    }
    this.#starts[labels] = offset;
    this.#labels = labels;
    return this.#depths.length;
  }

  /** The values of the zone of one step that the name lies at or below, in the order in which they were added. */
  at(step: number): readonly T[] | undefined {
    const above = this.#labels - this.#depths[step]!;
    return above < 0 ? undefined : this.#values.get(this.#name.slice(this.#starts[above]!) as Name);
  }
}
