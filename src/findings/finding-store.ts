import type { Finding } from './finding.ts';

/** Where findings are kept beyond the life of a process. */
export interface FindingStore {
  /** Keeps the findings in place of what was kept under their ids, all or none. */
  saveFindings(findings: readonly Finding[]): Promise<void>;
  deleteFindings(ids: readonly string[]): Promise<void>;
  /** All, the one last updated first, in portions. */
  loadFindings(): AsyncIterable<readonly Finding[]>;
}

/** Findings that are saved, deleted or read in one go. */
export const PORTION_FINDINGS = 200;
