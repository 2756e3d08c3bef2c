import { formatHead } from './audit-record.ts';
import { readAudit } from './verify-audit.ts';

/** Records of one case that are handed over at most: a case leaves a few in each log. */
const MAX_RECORDS = 1000;

/** A record as it stands in the log, with what its hash goes on from: `SHA-256(previousHash ‖ its text up to the hash)`. */
export interface ChainedLine {
  readonly previousHash: string;
  readonly line: string;
}

/** What the audit log in `path` has of a case. */
export interface CaseRecords {
  /** The last record of the log, `N:HASH`. */
  readonly head: string;
  /** What is wrong with the log as a whole; undefined: nothing. */
  readonly fault?: string | undefined;
  readonly records: readonly ChainedLine[];
}

/** Looks the whole log over, as far as it is there, for what it has of a case, the first 1,000 records. Rejects as node:fs does. */
export async function caseRecords(path: string, caseId: string): Promise<CaseRecords> {
  const found: ChainedLine[] = [];
  const records = readAudit(path, undefined, 'any');
  for (;;) {
    const step = await records.next();
    if (step.done === true) {
      const { head, fault } = step.value;
      return { head: formatHead(head), fault: fault && `record ${fault.number}: ${fault.why}`, records: found };
    }
    const { record, line, before } = step.value;
    const isOfCase = 'decision' in record.entry && record.entry.case === caseId;
    if (!isOfCase || found.length === MAX_RECORDS) continue;
    found.push({ previousHash: before.hash, line: line.toString('utf8') });
  }
}
