import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import type { Audit, AuditEntry } from './audit/audit.ts';
import type { Problem, ProblemType } from './problem.ts';

/** Refusals of one peer, and of all strangers together, that are audited one by one: a second, and at once. */
const PEER_PACE = { perSecond: 1, atOnce: 120 };
const STRANGER_PACE = { perSecond: 0.2, atOnce: 60 };
const MAX_PACES = 4096;
/** The others are one record in so long. */
const LEFT_OUT_MS = 60_000;

/** Who was refused, and what is known of what it asked. */
export type Refused = Pick<AuditEntry, 'peer'> &
  Partial<Pick<AuditEntry, 'from' | 'kind' | 'request' | 'case' | 'name'>>;

/** Refusals that no record says yet. */
interface LeftOut {
  readonly sinceMs: number;
  readonly counts: Partial<Record<ProblemType, number>>;
  readonly cancel: () => void;
}

/** Counts, logs and audits what was refused; nobody fills the log or the disk by being refused. */
export class Refusals {
  /** By the type of the problem; `unaudited`: without a record of its own. */
  readonly counters = new Counters<ProblemType | 'unaudited'>();
  readonly #audit: Audit;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pacedLog: PacedLog;
  /** Of each peer; undefined: of all strangers. So is what was left out. */
  readonly #paces = new Map<string | undefined, TokenBucket>();
  readonly #leftOut = new Map<string | undefined, LeftOut>();

  constructor(audit: Audit, clock: Clock, log: Log) {
    this.#audit = audit;
    this.#clock = clock;
    this.#log = log;
    this.#pacedLog = new PacedLog(clock, log, 'warn');
  }

  /** Resolves when it is on the disk, or one of many that will be. Never rejects. */
  async note(refused: Refused, problem: Problem): Promise<void> {
    this.#count(refused, problem, 'was refused');
    const { peer, from, kind, request, case: caseId, name } = refused;
    if (!this.#pace(peer).take()) return this.#leaveOut(peer, problem.type);
    await this.#write({ kind, peer, from, request, case: caseId, name, decision: 'refused', problem: problem.type });
  }

  /** Notes that a granted request, which quotas bound, has failed. Never rejects. */
  async noteFailed(entry: AuditEntry, problem: Problem): Promise<void> {
    const { peer, kind, request, case: caseId, name } = entry;
    this.#count({ peer, kind, request, case: caseId, name }, problem, 'failed');
    await this.#write(entry);
  }

  /** Says and writes what is left to say. Safe twice. */
  stop(): void {
    this.#pacedLog.stop();
    for (const peer of [...this.#leftOut.keys()]) this.#writeLeftOut(peer);
  }

  #count(refused: Refused, { type, message }: Problem, what: string): void {
    this.counters.add(type);
    this.#pacedLog.say({ ...refused, problem: type }, `a request of another node ${what}: ${message}`);
  }

  async #write(entry: AuditEntry): Promise<void> {
    await this.#audit.append(entry).catch(() => this.counters.add('unaudited'));
  }

  #leaveOut(peer: string | undefined, type: ProblemType): void {
    let held = this.#leftOut.get(peer);
    if (held === undefined) {
      const cancel = this.#clock.after(LEFT_OUT_MS, () => this.#writeLeftOut(peer));
      held = { sinceMs: this.#clock.nowMs(), counts: {}, cancel };
      this.#leftOut.set(peer, held);
    }
    this.counters.add('unaudited');
    held.counts[type] = (held.counts[type] ?? 0) + 1;
  }

  #writeLeftOut(peer: string | undefined): void {
    const { sinceMs, counts, cancel } = this.#leftOut.get(peer)!;
    cancel();
    this.#leftOut.delete(peer);
    const seconds = Math.ceil((this.#clock.nowMs() - sinceMs) / 1000);
    const many = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const fields = { peer, seconds, ...counts };
    this.#log.warn(fields, `${many} refusals within ${seconds} s share one record of the audit log`);
    const unknown = { kind: undefined, request: undefined, case: undefined, name: undefined };
    void this.#write({ ...unknown, peer, decision: 'refused', leftOut: counts, seconds });
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
