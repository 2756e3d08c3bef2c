import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { EntryBook } from './entry-book.ts';

/** A pack or a threat list as rules see it: what it holds now. */
export class ListedPack {
  readonly name: string;
  readonly book: EntryBook;

  constructor(name: string, book: EntryBook) {
    this.name = name;
    this.book = book;
  }

  get hasNames(): boolean {
    return this.book.hasNames;
  }

  hasDestination(address: Address): boolean {
    return this.book.hasDestination(address);
  }

  /** `name` is canonical. */
  hasName(name: Name): boolean {
    return this.book.hasName(name);
  }
}
