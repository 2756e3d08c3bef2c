import { type ZodError, z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { printable } from '../core/printable.ts';
import { untilAborted } from '../core/until-aborted.ts';
import { formatName } from '../dns/name.ts';
import type { Access } from './access.ts';
import type { Audit } from './audit/audit.ts';
import { answeredEntry, failedEntry, grantedEntry } from './audit/request-entries.ts';
import {
  type AnswerTo,
  MAX_DETAIL_CHARACTERS,
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
  /** By the type of the problem that they were refused with; `unaudited`: without a record of its own. */
  readonly refused: Readonly<Record<string, number>>;
  readonly atWork: number;
}

/** How much longer than it was told to a node may take for an answer with what it has. */
const GRACE_MS = 250;
/** A peer that waits longer has its answer by then: places are few. */
const MAX_PEER_LIMIT_MS = 60_000;

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
    let granted: NodeRequest | undefined;
    try {
      this.#parts.access.count(peerName);
      const request = checked(json, route);
      this.#admit(peerName, request);
      granted = request;
      const answer = await this.#answer(peerName, request, signal);
      await this.#parts.audit.append(answeredEntry(peerName, request, answer));
      this.#granted[request.kind]++;
      return answer;
    } catch (error) {
      const problem = this.#problemOf(error);
      if (granted === undefined) await this.refusals.note({ peer: peerName, ...sightOf(json) }, problem);
      else await this.refusals.noteFailed(failedEntry(peerName, granted, problem.type), problem);
      throw problem;
    }
  }

  /**
   * Counts and audits what is refused before a request is read. Resolves with what is told of it: a peer that asks too often is
   * told that. Never rejects.
   */
  async refuse(refused: Refused, problem: Problem): Promise<Problem> {
    const told = this.#overQuota(refused.peer) ?? problem;
    await this.refusals.note(refused, told);
    return told;
  }

  #overQuota(peerName: string | undefined): Problem | undefined {
    try {
      if (peerName !== undefined) this.#parts.access.count(peerName);
      return undefined;
    } catch (error) {
      return this.#problemOf(error);
    }
  }

  /** Takes a place for what may be asked, and is asked for the first time. Throws Problem. */
  #admit(peerName: string, request: NodeRequest): void {
    const { atOnce, atOncePerPeer } = this.#options;
    const ofPeer = this.#atWork.get(peerName) ?? 0;
    if (ofPeer >= atOncePerPeer) throw new Problem('busy', 'you ask too much at once', 1000);
    const all = this.#allAtWork();
    // The second half of the places is shared out, so that a few peers do not take them all.
    const share = Math.max(1, Math.floor(atOnce / 2 / this.#options.peers.length));
    if (all >= atOnce || (all >= atOnce / 2 && ofPeer >= share)) {
      throw new Problem('busy', 'this node has too much to do', 1000);
    }
    this.#parts.access.admit(peerName, request);
    this.#atWork.set(peerName, ofPeer + 1);
  }

  /** The place is taken until the node is done, even where nobody waits any more. Nothing is begun without a record. */
  #answer(peerName: string, request: NodeRequest, signal: AbortSignal): Promise<NodeAnswer> {
    const ending = new AbortController();
    const cancel = this.#parts.clock.after(request.timeLimitMs + GRACE_MS, () => ending.abort());
    const until = AbortSignal.any([signal, ending.signal]);
    const recorded = this.#parts.audit.append(grantedEntry(peerName, request));
    const work = recorded
      .then(() => this.#parts.node.answer(request, until))
      .finally(() => {
        cancel();
        this.#leave(peerName);
      });
    return untilAborted(work, until).catch((error: unknown) => {
      if (error !== until.reason) throw error;
      throw new Problem('late', 'nobody waited for the answer until it was there');
    });
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

const MAX_ISSUES = 3;

/** The request as it is worked on. */
function checked(json: unknown, route: RequestKind | undefined): NodeRequest {
  const parsed = nodeRequest.safeParse(json);
  if (!parsed.success) throw new Problem('malformed', whatIsWrong(parsed.error));
  const request = parsed.data;
  if (route !== undefined && request.kind !== route) throw new Problem('malformed', `kind: want ${route} here`);
  return { ...request, timeLimitMs: Math.min(request.timeLimitMs, MAX_PEER_LIMIT_MS) };
}

function whatIsWrong({ issues }: ZodError): string {
  const first = issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`);
  return printable(first.join('; ')).slice(0, MAX_DETAIL_CHARACTERS);
}

/** What can be said of a request that may be none: nothing unchecked goes into the audit log. */
const { shape } = nodeRequest.options[0];
const sight = z.object({
  kind: z.enum(REQUEST_KINDS).optional().catch(undefined),
  request: shape.request.optional().catch(undefined),
  case: shape.case.optional().catch(undefined),
  name: shape.name.optional().catch(undefined),
});

function sightOf(json: unknown): Partial<Refused> {
  const seen = sight.safeParse(json);
  if (!seen.success) return {};
  const { kind, request, case: caseId, name } = seen.data;
  return { kind, request, case: caseId, name: name === undefined ? undefined : formatName(nameOf({ name })) };
}
