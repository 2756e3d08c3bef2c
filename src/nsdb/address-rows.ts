import type { Name } from '../dns/name.ts';

/** Up to so many rows a walk over all of them is faster than a table, and takes a tenth of its memory. */
const MAX_WALKED = 8;

interface NamedRow {
  readonly zone: Name;
  readonly nameServer: Name;
}

/** The rows of one address, by zone and name server. Nearly all addresses have one; some have a hundred thousand. */
export class AddressRows<R extends NamedRow> {
  /** Never changed where it stands, so that whoever walks it sees what it was; undefined once there are tables. */
  #few: readonly R[] | undefined = [];
  #byNames: Map<string, R> | undefined;
  /** How many rows there are of each zone. */
  #zones: Map<Name, number> | undefined;

  get size(): number {
    return this.#few?.length ?? this.#byNames!.size;
  }

  values(): Iterable<R> {
    return this.#few ?? this.#byNames!.values();
  }

  find({ zone, nameServer }: NamedRow): R | undefined {
    if (this.#few === undefined) return this.#byNames!.get(zone + nameServer);
    for (const row of this.#few) if (row.nameServer === nameServer && row.zone === zone) return row;
    return undefined;
  }

  hasZone(zone: Name): boolean {
    return this.#few === undefined ? this.#zones!.has(zone) : this.#few.some((row) => row.zone === zone);
  }

  /** `row` is none that is there. */
  add(row: R): void {
    if (this.#few !== undefined && this.#few.length < MAX_WALKED) {
      this.#few = [...this.#few, row];
      return;
    }
    const few = this.#few ?? [];
    this.#few = undefined;
    this.#byNames ??= new Map();
    this.#zones ??= new Map();
    for (const each of [...few, row]) {
      this.#byNames.set(each.zone + each.nameServer, each);
      this.#zones.set(each.zone, (this.#zones.get(each.zone) ?? 0) + 1);
    }
  }

  delete(row: R): void {
    if (this.#few !== undefined) {
      this.#few = this.#few.filter((each) => each !== row);
      return;
    }
    this.#byNames!.delete(row.zone + row.nameServer);
    const left = (this.#zones!.get(row.zone) ?? 1) - 1;
    if (left === 0) this.#zones!.delete(row.zone);
    else this.#zones!.set(row.zone, left);
  }
}
