import type { ConfirmationMethod } from '../confirmation/confirmation-test.ts';
import type { RequestKind, Window } from '../messages.ts';
import type { ProblemType } from '../problem.ts';

/** What is kept of a request, once or twice, by a node that was asked or that asks. */
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
  /** `granted`: it is begun with; what came of that follows as `answered` or `failed`. `refused`: it was not begun with. */
  readonly decision: 'granted' | 'answered' | 'failed' | 'refused';
  /** Why it was refused or has failed; a failure without one: who asked has called it off. */
  readonly problem?: ProblemType | undefined;
  /** What a granted request is about: when the attack began, how much around it, and the nodes that it came by. */
  readonly at?: string | undefined;
  readonly window?: Window | undefined;
  readonly path?: readonly string[] | undefined;
  /** How a granted confirmation asks. */
  readonly test?: ConfirmationMethod | undefined;
  /** The reason of somebody who went on without a confirmation; the others were confirmed as spoofed. */
  readonly override?: string | undefined;
  /** How long before the name a granted search for command and control looks. */
  readonly lookbackMs?: number | undefined;
  /** Addresses that the answer named, the first 256. */
  readonly hosts?: readonly string[] | undefined;
  /** How many it named, where there are more. */
  readonly allHosts?: number | undefined;
  /** Gaps of the answer. */
  readonly gaps?: number | undefined;
  /** Refusals of this peer without a record of their own, and the seconds within which they came. */
  readonly leftOut?: Partial<Readonly<Record<ProblemType, number>>> | undefined;
  readonly seconds?: number | undefined;
}

/** Keeps what was asked. */
export interface Audit {
  /**
   * Resolves when the entry is on the disk: no answer leaves before. Rejects with Problem `busy` while nothing can be
   * written; the request is then refused.
   */
  append(entry: AuditEntry): Promise<void>;
}
