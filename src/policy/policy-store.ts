import type { Address } from '../core/address.ts';
import type { AllowEntry } from './allow-list.ts';
import type { WarmupProgress } from './mode.ts';

/** Where what was decided at run time is kept beyond the life of a process. */
export interface PolicyStore {
  /** The entries that have not expired at `nowMs`, oldest first. */
  loadAllowEntries(nowMs: number): Promise<readonly AllowEntry[]>;
  /** Keeps the entry, in place of an older one for the same address. */
  saveAllowEntry(entry: AllowEntry): Promise<void>;
  deleteAllowEntry(address: Address): Promise<void>;
  /** Undefined when none was saved. */
  loadWarmup(): Promise<WarmupProgress | undefined>;
  saveWarmup(progress: WarmupProgress): Promise<void>;
}
