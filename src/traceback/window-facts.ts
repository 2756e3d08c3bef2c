import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';

/** A case that a source was asked about. */
export interface AskedCase {
  /** The nodes that asked: first who opened the case, last who sent the request. Each vouches for the one before it, and for no other. */
  readonly path: readonly string[];
  readonly facts: WindowFacts;
}

/** What a source's log says of who asked for a name in a window of time. */
export interface WindowFacts {
  readonly name: Name;
  /** The window: from, included, to, excluded; milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /**
   * Hosts expected in such a window by chance: the mean of how many different hosts asked for the name in windows of this
   * length before.
   */
  readonly expected: number;
  /** Windows that were looked at for it. */
  readonly slots: number;
  /** How much of the day before the window the log covers at all. */
  readonly coveredMs: number;
  /** Different hosts that asked for the name in the windows before, and those of them that did in one window only. */
  readonly askers: number;
  readonly askedOnce: number;
  /** Hosts that this source serves, as its log knows; at least those of the window. */
  readonly clients: number;
  readonly hosts: readonly WindowHost[];
}

export interface WindowHost {
  readonly address: Address;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly queries: number;
  /** Of the windows before, those in which this host asked for the name. */
  readonly slots: number;
}

export function isSamePath(one: readonly string[], other: readonly string[]): boolean {
  return one.join(' ') === other.join(' ');
}
