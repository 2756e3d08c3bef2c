import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import type { Audit } from '../audit/audit.ts';
import { answeredEntry, failedEntry, grantedEntry } from '../audit/request-entries.ts';
import { type AnswerTo, MAX_HOPS, MIN_TIME_LIMIT_MS, type NodeRequest, type RequestKind } from '../messages.ts';
import { Problem } from '../problem.ts';
import type { Case, Exchange } from './case.ts';

/** A node that is asked, by itself for itself: TracebackNode. */
export interface AskedNode {
  answer<R extends NodeRequest>(request: R, signal: AbortSignal): Promise<AnswerTo<R>>;
}

export interface RequestParts {
  readonly node: AskedNode;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** The reason of a signal that aborts for want of time. */
export class TooLate extends Error {
  constructor() {
    super('no time is left');
  }
}

/** What one case asks of its own node, which asks the others. Its time begins with it. */
export class CaseRequests {
  readonly #of: Pick<Case, 'id' | 'node' | 'question'>;
  readonly #parts: RequestParts;
  readonly #signal: AbortSignal;
  readonly #endsAtMs: number;
  readonly #exchanges: Exchange[] = [];

  constructor(of: Pick<Case, 'id' | 'node' | 'question'>, parts: RequestParts, signal: AbortSignal) {
    this.#of = of;
    this.#parts = parts;
    this.#signal = signal;
    this.#endsAtMs = parts.clock.nowMs() + of.question.timeLimitMs;
  }

  /** Those that have ended. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  /**
   * What all requests of the case have in common; `share` is how much of the time that is left this one may take. Throws TooLate when none
   * is left.
   */
  envelope<K extends RequestKind>(kind: K, share: number) {
    const { id, node, question } = this.#of;
    const { name, at, window } = question;
    const left = this.#endsAtMs - this.#parts.clock.nowMs();
    const timeLimitMs = Math.floor(Math.max(left * share, Math.min(left, MIN_TIME_LIMIT_MS)));
    if (timeLimitMs < MIN_TIME_LIMIT_MS) throw new TooLate();
    return {
      kind,
      request: this.#parts.newId(),
      case: id,
      sentAt: this.#now(),
      path: [node],
      hopLimit: MAX_HOPS - 1,
      timeLimitMs,
      name,
      at,
      window,
      servers: [],
    };
  }

  /** The answer, in the audit log before anybody sees it, as its request before anybody is asked. Rejects as the node or the audit log does, or with the reason of the signal. */
  async send<R extends NodeRequest>(request: R): Promise<AnswerTo<R>> {
    const { node, audit } = this.#parts;
    try {
      await audit.append(grantedEntry('here', request));
      const answer = await untilAborted(node.answer(request, this.#signal), this.#signal);
      await audit.append(answeredEntry('here', request, answer));
      this.#ended(request, undefined);
      return answer;
    } catch (error) {
      const problem = error instanceof Problem ? error.type : this.#signal.aborted ? undefined : 'internal';
      // Where this was the failure, the log has said so, and counts it.
      await audit.append(failedEntry('here', request, problem)).catch(() => {});
      this.#ended(request, messageOf(error));
      throw error;
    }
  }

  #ended({ kind, request, sentAt, timeLimitMs }: NodeRequest, failure: string | undefined): void {
    this.#exchanges.push({ kind, request, sentAt, timeLimitMs, endedAt: this.#now(), failure });
  }

  #now(): string {
    return new Date(this.#parts.clock.nowMs()).toISOString();
  }
}
