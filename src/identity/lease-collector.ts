import type { Address } from '../core/address.ts';
import type { Lease, LeaseProblem, LeaseReading } from './lease.ts';

const MAX_PROBLEMS = 8;

/** Gathers the rows of one reading; a later row of an address takes the place of an earlier one. */
export class LeaseCollector {
  readonly #maxLeases: number;
  readonly #leases = new Map<Address, Lease>();
  readonly #ended = new Set<Address>();
  readonly #unread = new Set<Address>();
  readonly #problems: LeaseProblem[] = [];
  #hasUnknownRow = false;
  #isCut = false;
  #badRows = 0;
  #refused = 0;

  constructor(maxLeases: number) {
    this.#maxLeases = maxLeases;
  }

  put(lease: Lease): void {
    const { address } = lease;
    this.#forget(address);
    if (this.#leases.size < this.#maxLeases) this.#leases.set(address, lease);
    else this.#refused++;
  }

  end(address: Address): void {
    this.#forget(address);
    if (this.#ended.size < this.#maxLeases) this.#ended.add(address);
  }

  /** A row that cannot be read; `address` where the row says it. */
  bad(line: number, problem: string, address: Address | undefined): void {
    this.#badRows++;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ line, problem });
    if (address === undefined) this.#hasUnknownRow = true;
    else this.#miss(address);
  }

  /** The file ends within a row, perhaps of this address. */
  cut(address: Address | undefined): void {
    this.#isCut = true;
    if (address !== undefined) this.#miss(address);
  }

  reading(isJournal: boolean): LeaseReading {
    return {
      leases: this.#leases,
      ended: this.#ended,
      unread: this.#unread,
      hasUnknownRow: this.#hasUnknownRow,
      isCut: this.#isCut,
      isJournal,
      badRows: this.#badRows,
      problems: this.#problems,
      refused: this.#refused,
    };
  }

  #forget(address: Address): void {
    this.#leases.delete(address);
    this.#ended.delete(address);
    this.#unread.delete(address);
  }

  #miss(address: Address): void {
    if (this.#unread.size < this.#maxLeases) this.#unread.add(address);
    else this.#hasUnknownRow = true;
  }
}
