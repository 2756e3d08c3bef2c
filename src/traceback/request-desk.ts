import { type ZodError, z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { printable } from '../core/printable.ts';
import { formatName } from '../dns/name.ts';
import type { Access } from './access.ts';
import type { Audit, AuditEntry } from './audit/audit.ts';
import { ownEntry } from './audit/own-entry.ts';
import { fitAnswer } from './fit-answer.ts';
import {
  type AnswerTo,
  type NodeAnswer,
  type NodeRequest,
  nameOf,
  nodeRequest,
  REQUEST_KINDS,
  type RequestKind,
} from './messages.ts';
import type { NodeOptions } from './node-options.ts';
import { Problem } from './problem.ts';
import { Refusals, type Refused } from './refusals.ts';

/** What the desk needs of the node behind it. */
interface Answerer {
  answer<R extends NodeRequest>(request: R, signal: AbortSignal): Promise<AnswerTo<R>>;
}

interface DeskParts {
  readonly node: Answerer;
  readonly access: Access;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

/** Requests of peers so far, and now. */
export interface DeskFigures {
  readonly granted: Readonly<Record<RequestKind, number>>;
  /** By the type of the problem that they were refused with; `unaudited`: refused, and not in the audit log. */
  readonly refused: Readonly<Record<string, number>>;
  readonly atWork: number;
}

/** How much longer than it was told to a node may take for an answer with what it has. */
const GRACE_MS = 250;

/**
 * Where the requests of peers are checked, counted and audited, whatever way they came. Everything that it refuses is a
 * Problem, which may be told to the peer.
 */
export class RequestDesk {
  readonly refusals: Refusals;
  readonly #parts: DeskParts;
  readonly #granted: Record<RequestKind, number> = { confirm: 0, traceback: 0, 'command-and-control': 0 };
  readonly #atWork = new Map<string, number>();
  #options: NodeOptions;

  constructor(options: NodeOptions, parts: DeskParts) {
    this.#options = options;
    this.#parts = parts;
    this.refusals = new Refusals(parts.audit, parts.clock, parts.log);
  }

  /** Also configures the access. */
  configure(options: NodeOptions): void {
    this.#options = options;
    this.#parts.access.configure(options);
  }

  get figures(): DeskFigures {
    return { granted: { ...this.#granted }, refused: this.refusals.counters.snapshot(), atWork: this.#allAtWork() };
  }

  /** Says what is left to say. Safe twice. */
  stop(): void {
    this.refusals.stop();
  }

  /**
   * Answers what the peer of this name asks. Rejects with Problem, which is counted and audited by then. `signal` aborts when the
   * peer is gone; `route` is the kind of request that was to come.
   */
  async handle(peerName: string, json: unknown, signal: AbortSignal, route?: RequestKind): Promise<NodeAnswer> {
    try {
      this.#parts.access.count(peerName);
      const request = checked(json, route);
      const answer = fitAnswer(await this.#answer(peerName, request, signal));
      await this.#parts.audit.append(grantedEntry(peerName, request, answer));
      this.#granted[request.kind]++;
      return answer;
    } catch (error) {
      const problem = this.#problemOf(error);
      await this.refusals.note({ peer: peerName, ...sightOf(json) }, problem);
      throw problem;
    }
  }

  /** Counts and audits what a peer is refused before its request is read. Never rejects. */
  async refuse(refused: Refused, problem: Problem): Promise<void> {
    await this.refusals.note(refused, problem);
  }

  /** The place is taken until the node is done, even where nobody waits any more. */
  async #answer(peerName: string, request: NodeRequest, signal: AbortSignal): Promise<NodeAnswer> {
    const { atOnce, atOncePerPeer } = this.#options;
    const ofPeer = this.#atWork.get(peerName) ?? 0;
    if (ofPeer >= atOncePerPeer) throw new Problem('busy', 'you ask too much at once', 1000);
    if (this.#allAtWork() >= atOnce) throw new Problem('busy', 'this node has too much to do', 1000);
    this.#parts.access.admit(peerName, request);
    this.#atWork.set(peerName, ofPeer + 1);
    const ending = new AbortController();
    const cancel = this.#parts.clock.after(request.timeLimitMs + GRACE_MS, () => ending.abort());
    const until = AbortSignal.any([signal, ending.signal]);
    const work = this.#parts.node.answer(request, until).finally(() => {
      cancel();
      this.#leave(peerName);
    });
    return unlessAborted(work, until);
  }

  #leave(peerName: string): void {
    const left = (this.#atWork.get(peerName) ?? 1) - 1;
    if (left === 0) this.#atWork.delete(peerName);
    else this.#atWork.set(peerName, left);
  }

  #allAtWork(): number {
    let sum = 0;
    for (const count of this.#atWork.values()) sum += count;
    return sum;
  }

  /** What is told of an error: of ours nothing but that there was one. */
  #problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    this.#parts.log.error({ error: String(error) }, 'a request of another node failed');
    return new Problem('internal', 'the request failed here');
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Problem('late', 'nobody waited for the answer until it was there'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

const MAX_ISSUES = 3;
const MAX_DETAIL_CHARACTERS = 500;

function checked(json: unknown, route: RequestKind | undefined): NodeRequest {
  const parsed = nodeRequest.safeParse(json);
  if (!parsed.success) throw new Problem('malformed', whatIsWrong(parsed.error));
  if (route !== undefined && parsed.data.kind !== route) throw new Problem('malformed', `kind: want ${route} here`);
  return parsed.data;
}

function whatIsWrong({ issues }: ZodError): string {
  const first = issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`);
  return printable(first.join('; ')).slice(0, MAX_DETAIL_CHARACTERS);
}

function grantedEntry(peer: string, request: NodeRequest, answer: NodeAnswer): AuditEntry {
  return { ...ownEntry(request, answer), peer, name: formatName(nameOf(request)) };
}

/** What can be said of a request that may be none: nothing unchecked goes into the audit log. */
const sight = z.object({
  kind: z.enum(REQUEST_KINDS).optional().catch(undefined),
  request: z.uuid().optional().catch(undefined),
  case: z.uuid().optional().catch(undefined),
  name: nodeRequest.options[0].shape.name.optional().catch(undefined),
});

function sightOf(json: unknown): Partial<Refused> {
  const seen = sight.safeParse(json);
  if (!seen.success) return {};
  const { kind, request, case: caseId, name } = seen.data;
  return { kind, request, case: caseId, name: name === undefined ? undefined : formatName(nameOf({ name })) };
}
