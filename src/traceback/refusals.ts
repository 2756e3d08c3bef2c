import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import type { Audit, AuditEntry } from './audit/audit.ts';
import type { Problem, ProblemType } from './problem.ts';

/** Refusals of one peer, and of all strangers together, that are audited: a second, and at once. All are counted. */
const PEER_PACE = { perSecond: 1, atOnce: 120 };
const STRANGER_PACE = { perSecond: 0.2, atOnce: 60 };
const MAX_PACES = 4096;

/** Who was refused, and what is known of what it asked. */
export type Refused = Pick<AuditEntry, 'peer'> &
  Partial<Pick<AuditEntry, 'from' | 'kind' | 'request' | 'case' | 'name'>>;

/** Counts, logs and audits what was refused; nobody fills the log or the disk by being refused. */
export class Refusals {
  /** By the type of the problem; `unaudited`: more than the pace of the audit log, or it could not be written. */
  readonly counters = new Counters<ProblemType | 'unaudited'>();
  readonly #audit: Audit;
  readonly #clock: Clock;
  readonly #log: PacedLog;
  /** Of each peer; undefined: of all strangers. */
  readonly #paces = new Map<string | undefined, TokenBucket>();

  constructor(audit: Audit, clock: Clock, log: Log) {
    this.#audit = audit;
    this.#clock = clock;
    this.#log = new PacedLog(clock, log, 'warn');
  }

  /** Resolves when it is on the disk, or not to be. Never rejects. */
  async note(refused: Refused, problem: Problem): Promise<void> {
    const { type, message } = problem;
    this.counters.add(type);
    this.#log.say({ ...refused, problem: type }, `a request of another node was refused: ${message}`);
    if (!this.#pace(refused.peer).take()) {
      this.counters.add('unaudited');
      return;
    }
    const { peer, from, kind, request, case: caseId, name } = refused;
    const entry = { kind, peer, from, request, case: caseId, name, decision: 'refused', problem: type } as const;
    await this.#audit.append(entry).catch(() => this.counters.add('unaudited'));
  }

  stop(): void {
    this.#log.stop();
  }

  #pace(peer: string | undefined): TokenBucket {
    const held = this.#paces.get(peer);
    if (held !== undefined) return held;
    // Names of peers come from the configuration; after many changes of it they begin anew.
    if (this.#paces.size >= MAX_PACES) this.#paces.clear();
    const { perSecond, atOnce } = peer === undefined ? STRANGER_PACE : PEER_PACE;
    const pace = new TokenBucket(this.#clock, perSecond, atOnce);
    this.#paces.set(peer, pace);
    return pace;
  }
}
