/** What a DHCP server wrote of its leases, whichever server it is. */
import type { Address } from '../core/address.ts';

export interface Lease {
  readonly address: Address;
  /** 48 bits: the address the server saw; undefined when it wrote none, or none of Ethernet. */
  readonly mac: number | undefined;
  /** 48 bits, out of the DUID: of one interface of the client, not always of the one that has the lease. */
  readonly duidMac: number | undefined;
  /** Harmless text; undefined when the client told none. */
  readonly hostname: string | undefined;
  /** Infinity: it never ends. */
  readonly expiresAtMs: number;
}

export interface LeaseProblem {
  /** From 1 up. */
  readonly line: number;
  readonly problem: string;
}

/** A lease file as it was found. */
export interface LeaseReading {
  /** The last row of each address. A lease whose time is over may be among them. */
  readonly leases: ReadonlyMap<Address, Lease>;
  /** Addresses whose last row says that the lease is over. */
  readonly ended: ReadonlySet<Address>;
  /** Addresses whose last row could not be read. */
  readonly unread: ReadonlySet<Address>;
  /** Rows could not be read, and not even of which address they are. */
  readonly hasUnknownRow: boolean;
  /** The file ends within a row: it is being written. */
  readonly isCut: boolean;
  /** It tells what has changed: what it does not name goes on. */
  readonly isJournal: boolean;
  readonly badRows: number;
  /** Of the bad rows, the first few. */
  readonly problems: readonly LeaseProblem[];
  /** Leases that found no room. */
  readonly refused: number;
}

/** Takes a lease file in pieces, wherever they are cut; one character for each octet. */
export interface LeaseParser {
  push(text: string): void;
  /** To be called once, after the last piece. */
  finish(): LeaseReading;
}
