import type { WarmupProgress } from './mode.ts';
import type { Rule } from './rule.ts';

/** Where what was decided at run time is kept beyond the life of a process. */
export interface PolicyStore {
  /** The rules that have not expired at `nowMs`, oldest first. */
  loadRules(nowMs: number): Promise<readonly Rule[]>;
  /** Keeps a rule that a command has added, in place of an older one with the same id, and lets go of what had expired by then. */
  saveRule(rule: Rule): Promise<void>;
  deleteRule(id: string): Promise<void>;
  /** Undefined when none was saved. */
  loadWarmup(): Promise<WarmupProgress | undefined>;
  saveWarmup(progress: WarmupProgress): Promise<void>;
}
