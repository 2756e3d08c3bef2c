import { randomUUID } from 'node:crypto';
import { GluewallError } from '../../core/errors.ts';
import type { NodeOptions } from '../node-options.ts';
import type { Case, CaseProgress, CaseSummary } from './case.ts';
import type { CaseDemand } from './case-demand.ts';
import { TooLate } from './case-requests.ts';
import { type CaseParts, CaseRun } from './case-run.ts';
import { howFar } from './case-words.ts';

/** Cases that are worked on at once. */
const MAX_AT_ONCE = 16;
const STOP_LIMIT_MS = 2000;

/** The victim's side: opens cases, works on them, and keeps them. `start` before anything else. */
export class CaseRunner {
  readonly #parts: CaseParts;
  readonly #running = new Map<string, AbortController>();
  #options: Pick<NodeOptions, 'name' | 'window' | 'model'>;
  #isStopped = false;
  #whenIdle: (() => void) | undefined;

  constructor(
    options: Pick<NodeOptions, 'name' | 'window' | 'model'>,
    parts: Omit<CaseParts, 'newId'> & Partial<Pick<CaseParts, 'newId'>>,
  ) {
    this.#options = options;
    this.#parts = { newId: randomUUID, ...parts };
  }

  /** Reads the cases. Those that a process left when it died are said to be interrupted. Rejects with GluewallError `case-file`. */
  async start(): Promise<void> {
    const { files, clock } = this.#parts;
    await files.start();
    for (const { id, outcome } of files.list()) {
      const left = outcome === undefined ? await files.read(id) : undefined;
      if (left === undefined) continue;
      const endedAt = new Date(clock.nowMs()).toISOString();
      const detail = `gluewall ended in between; ${howFar(left)}`;
      await files.save({ ...left, endedAt, step: 'ended', outcome: 'interrupted', detail });
    }
  }

  /** For cases that are opened from now on. */
  configure(options: Pick<NodeOptions, 'name' | 'window' | 'model'>): void {
    this.#options = options;
  }

  /** How many are worked on. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Works on a new case, and says how far it is; `signal` cancels it. What fails on the way ends the case, which says so. Rejects
   * with GluewallError `case-busy` or `case-file` before anything is asked.
   */
  async *open(demand: CaseDemand, signal: AbortSignal): AsyncGenerator<CaseProgress, Case> {
    if (this.#isStopped) throw new GluewallError('case-busy', 'gluewall is about to end; open the case again later');
    if (this.#running.size >= MAX_AT_ONCE) {
      throw new GluewallError('case-busy', `${MAX_AT_ONCE} cases are worked on already; wait until one has ended`);
    }
    const id = this.#parts.newId();
    const controller = new AbortController();
    this.#running.set(id, controller);
    const callOff = this.#parts.clock.after(demand.timeLimitMs, () => controller.abort(new TooLate()));
    try {
      const either = AbortSignal.any([signal, controller.signal]);
      return yield* new CaseRun(this.#options, demand, this.#parts, id, either).work();
    } finally {
      callOff();
      this.#running.delete(id);
      if (this.#running.size === 0) this.#whenIdle?.();
    }
  }

  /** Newest first. */
  list(): readonly CaseSummary[] {
    return this.#parts.files.list();
  }

  /** Rejects with GluewallError `case-unknown` or `case-file`. */
  async show(id: string): Promise<Case> {
    const found = await this.#parts.files.read(id);
    if (found !== undefined) return found;
    throw new GluewallError(
      'case-unknown',
      `there is no case ${id}; \`gluewall traceback list\` lists those there are`,
    );
  }

  /**
   * Closes a case that has ended. Rejects with GluewallError `case-busy` when it has not, `case-closed` when it is closed, and as `show`
   * does.
   */
  async close(id: string, reason: string, by?: string): Promise<Case> {
    if (this.#running.has(id)) {
      const remedy = 'wait until it has ended, or end its `gluewall traceback request` by Ctrl-C';
      throw new GluewallError('case-busy', `case ${id} is worked on; ${remedy}`);
    }
    const one = await this.show(id);
    if (one.closed !== undefined) {
      throw new GluewallError(
        'case-closed',
        `case ${id} was closed ${one.closed.at}, and stays so: ${one.closed.reason}`,
      );
    }
    const closed = { at: new Date(this.#parts.clock.nowMs()).toISOString(), reason, by };
    const found: Case = { ...one, state: 'closed', closed };
    await this.#parts.files.save(found);
    return found;
  }

  /** Cancels all that is worked on, and waits until it is kept, 2 s at most. Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      // Who asked for the items of a case may have gone without a word.
      this.#parts.clock.after(STOP_LIMIT_MS, resolve);
      for (const controller of this.#running.values()) controller.abort();
    });
  }
}
