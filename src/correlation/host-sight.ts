import type { Reason } from '../findings/finding.ts';
import type { Evidence } from './detector.ts';

/** What is known of a host: an address, while one MAC address has it. */
export interface HostSight {
  /** 48 bits; undefined where no frame of it was seen. */
  readonly mac: number | undefined;
  readonly lastAtMs: number;
  /** 0 to 1. */
  readonly score: number;
  /** The heaviest first. */
  readonly evidence: readonly Evidence[];
  /** The group it is in, and what that adds; undefined: in none. */
  readonly group: { readonly id: string; readonly reason: Reason } | undefined;
}
