import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';

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
