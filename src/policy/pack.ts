import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';

/** A named list of destinations and query names, as rules see it: what it holds now. */
export interface Pack {
  readonly name: string;
  /** Whether it holds any names: without them a rule about it reads no message. */
  readonly hasNames: boolean;
  hasDestination(destination: Address): boolean;
  /** Whether `name` (canonical) is one of its names or lies below one. */
  hasName(name: Name): boolean;
}

/** The packs that there are. */
export interface PackSource {
  get(name: string): Pack | undefined;
}

/** Where there are none. */
export const NO_PACKS: PackSource = { get: () => undefined };
