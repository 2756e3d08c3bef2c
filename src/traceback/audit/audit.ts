import type { RequestKind } from '../messages.ts';
import type { ProblemType } from '../problem.ts';

/** What is kept of one request, granted or refused, by a node that was asked or that asks. */
export interface AuditEntry {
  /** Undefined: it was refused before that was known. So are the other parts of a request. */
  readonly kind: RequestKind | undefined;
  /** The name of who asked: a peer's, `here` for one that was made here, undefined for somebody unknown. */
  readonly peer: string | undefined;
  /** The address that somebody unknown asked from. */
  readonly from?: string | undefined;
  readonly request: string | undefined;
  readonly case: string | undefined;
  /** The name that was asked about. */
  readonly name: string | undefined;
  readonly decision: 'granted' | 'refused';
  /** Why it was refused. */
  readonly problem?: ProblemType | undefined;
  /** The reason of somebody who went on without a confirmation. */
  readonly override?: string | undefined;
  /** Addresses that the answer named. */
  readonly hosts?: readonly string[] | undefined;
  /** Gaps of the answer. */
  readonly gaps?: number | undefined;
}

/** Keeps what was asked. */
export interface Audit {
  /**
   * Resolves when the entry is on the disk: no answer leaves before. Rejects with Problem `busy` while nothing can be
   * written; the request is then refused.
   */
  append(entry: AuditEntry): Promise<void>;
}
