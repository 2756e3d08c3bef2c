/** What people ask of the traceback node. */
import type { Address } from '../core/address.ts';
import type { DurationFigures } from '../core/duration-histogram.ts';
import { GluewallError } from '../core/errors.ts';
import type { Name } from '../dns/name.ts';
import type { Case, CaseProgress, CaseSummary } from '../traceback/cases/case.ts';

/** A case that is to be opened. What is undefined is as the configuration has it. */
export interface WantedCase {
  /** What the victim is called. */
  readonly name: Name;
  /** When the attack began, milliseconds since the epoch. */
  readonly atMs: number;
  /** Where the packets say that they come from. */
  readonly source: Address;
  readonly beforeMs: number | undefined;
  readonly afterMs: number | undefined;
  readonly method: 'oblivious' | 'hash' | undefined;
  /** Why hosts are to be named without a confirmation. */
  readonly override: string | undefined;
  /** Whether names that the hosts asked for before are looked for. */
  readonly commandAndControl: boolean;
  readonly timeLimitMs: number;
  /** Who asks. */
  readonly by: string;
}

/** A file of an evidence bundle: text of UTF-8. */
export interface EvidenceFile {
  readonly name: string;
  readonly text: string;
}

/** What the traceback node does for people here. A case is meant by its id, or by as much of its beginning as no other has. */
export interface NodeOperations {
  /** `signal` cancels it: the case is kept as far as it came. */
  request(wanted: WantedCase, signal: AbortSignal): AsyncGenerator<CaseProgress, Case>;
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
  /** Requests that were refused because nothing could be written. */
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
    request: (wanted, signal) => asked().request(wanted, signal),
    list: () => asked().list(),
    show: (id) => asked().show(id),
    close: (id, reason, by) => asked().close(id, reason, by),
    evidence: (id, by) => asked().evidence(id, by),
  };
}
