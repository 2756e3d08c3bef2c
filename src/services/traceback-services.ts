/** What people ask of the traceback node. */
import type { DurationFigures } from '../core/duration-histogram.ts';
import { GluewallError } from '../core/errors.ts';
import type { Case, CaseProgress, CaseSummary } from '../traceback/cases/case.ts';
import type { CaseDemand } from '../traceback/cases/case-demand.ts';

/** A file of an evidence bundle: text of UTF-8. */
export interface EvidenceFile {
  readonly name: string;
  readonly text: string;
}

/** What the traceback node does for people here. A case is meant by its id, or by as much of its beginning as no other has. */
export interface NodeOperations {
  /** `signal` cancels it: the case is kept as far as it came. */
  request(demand: CaseDemand, signal: AbortSignal): AsyncGenerator<CaseProgress, Case>;
  /** Newest first. */
  list(): Promise<readonly CaseSummary[]>;
  show(id: string): Promise<Case>;
  close(id: string, reason: string, by: string): Promise<Case>;
  /** Signed, to be handed to others. */
  evidence(id: string, by: string): Promise<readonly EvidenceFile[]>;
}

/** Every number counts since the start, but `cases`, `atWork` and `auditRecords`: those are of now. */
export interface NodeFigures {
  readonly isRunning: boolean;
  readonly restarts: number;
  readonly port: number | undefined;
  /** Requests of peers that were answered, by kind, and refused, by type of problem. */
  readonly granted: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly atWork: number;
  readonly answerTimes: DurationFigures;
  /** Requests to peers that failed, by peer and then by reason. */
  readonly peerFailures: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly cases: Readonly<Record<string, number>>;
  readonly auditRecords: number;
  /** Records of requests that could not be written, which were refused for that. */
  readonly unaudited: number;
  readonly certificateExpiresAtMs: number | undefined;
}

/** `node` is undefined where there is none. */
export function tracebackServices(node: NodeOperations | undefined): NodeOperations {
  const asked = () => {
    if (node !== undefined) return node;
    const remedy = 'set `node` in its configuration and restart it (docs/traceback.md)';
    throw new GluewallError('no-node', `the gluewall that answers is no traceback node: ${remedy}`);
  };
  return {
    request: (demand, signal) => asked().request(demand, signal),
    list: () => asked().list(),
    show: (id) => asked().show(id),
    close: (id, reason, by) => asked().close(id, reason, by),
    evidence: (id, by) => asked().evidence(id, by),
  };
}
