import type { Address } from '../../core/address.ts';
import { formatAddress } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { formatName, type Name } from '../../dns/name.ts';
import type { Audit } from '../audit/audit.ts';
import { ownEntry } from '../audit/own-entry.ts';
import { confirmationResult } from '../confirmation/confirmation-result.ts';
import { type ConfirmationMethod, createTest } from '../confirmation/confirmation-test.ts';
import {
  type AnswerTo,
  type Gap,
  type Ground,
  MAX_HOPS,
  MAX_HOSTS,
  MIN_TIME_LIMIT_MS,
  type NodeRequest,
  type RequestKind,
  type Window,
} from '../messages.ts';
import type { NodeOptions } from '../node-options.ts';
import { Problem } from '../problem.ts';
import { rankHosts } from '../rank-hosts.ts';
import type { Case, CaseProgress, CaseStep, Exchange, Outcome } from './case.ts';
import type { CaseFiles } from './case-files.ts';
import { counted, foundWords, howFar } from './case-words.ts';

/** Hosts that are less likely are not asked about further: their queries are their own. */
const LEAST_SEARCHED_CONFIDENCE = 0.25;
/** How long before the name of the victim a bot may have asked for others (6.3 of paper 1). */
const LOOKBACK_MS = 900_000;
/** The share of the time that is left which a step may take, when others come behind it. */
const CONFIRM_SHARE = 0.4;
const TRACEBACK_SHARE = 0.7;

/** What is asked of a case. */
export interface CaseDemand {
  /** What the victim is called. */
  readonly name: Name;
  /** When the attack began. */
  readonly atMs: number;
  /** Where the packets are said to come from. */
  readonly source: Address;
  /** Undefined: that of the node. */
  readonly window?: Window | undefined;
  /** Undefined: oblivious. */
  readonly method?: ConfirmationMethod | undefined;
  /** Why hosts may be named where the confirmation does not say `spoofed`. */
  readonly override?: string | undefined;
  /** Whether names that the hosts asked for before are looked for. */
  readonly commandAndControl: boolean;
  readonly timeLimitMs: number;
  /** Who asks, for people. */
  readonly by?: string | undefined;
}

/** A node that is asked, by itself for itself: TracebackNode. */
export interface AskedNode {
  answer<R extends NodeRequest>(request: R, signal: AbortSignal): Promise<AnswerTo<R>>;
}

export interface CaseParts {
  readonly node: AskedNode;
  readonly files: CaseFiles;
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

/** The work on one case: confirmation, traceback, and the search for command and control, each kept as soon as it is there. */
export class CaseRun {
  readonly #options: Pick<NodeOptions, 'name' | 'window' | 'model'>;
  readonly #demand: CaseDemand;
  readonly #parts: CaseParts;
  readonly #signal: AbortSignal;
  readonly #endsAtMs: number;
  #case: Case;
  /** Why the newest of the case is not on the disk. */
  #unkept: string | undefined;

  constructor(
    options: Pick<NodeOptions, 'name' | 'window' | 'model'>,
    demand: CaseDemand,
    parts: CaseParts,
    id: string,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#demand = demand;
    this.#parts = parts;
    this.#signal = signal;
    this.#endsAtMs = parts.clock.nowMs() + demand.timeLimitMs;
    this.#case = newCase(options, demand, id, this.#now());
  }

  /** Rejects with GluewallError `case-file` when the case cannot be kept at its beginning; what fails later ends the case. */
  async *work(): AsyncGenerator<CaseProgress, Case> {
    await this.#parts.files.save(this.#case);
    try {
      yield* this.#confirm();
      if (this.#case.ground !== undefined) {
        yield* this.#trace(this.#case.ground);
        yield* this.#search(this.#case.ground);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      // Also when nobody takes the next item any more.
      if (this.#case.outcome === undefined) this.#end('cancelled', howFar(this.#case), false);
      await this.#keep({});
    }
    if (this.#unkept !== undefined) yield this.#say(`this is not kept: ${this.#unkept}`);
    yield this.#say(this.#case.detail);
    return this.#case;
  }

  async *#confirm(): AsyncGenerator<CaseProgress> {
    const { source, name, override, method = 'oblivious' } = this.#demand;
    await this.#begin('confirm');
    yield this.#say(`asking whether ${formatAddress(source)} itself asked for ${formatName(name)} (${method})`);
    try {
      await this.#askConfirmation(method);
    } catch (error) {
      if (override === undefined || this.#signal.aborted) throw error;
      yield this.#say(`no confirmation: ${messageOf(error)}`);
    }
    const { confirmation } = this.#case;
    if (confirmation !== undefined) yield this.#say(`${confirmation.outcome}: ${confirmation.words}`);
    const ground = groundOf(confirmation?.outcome, override);
    if (ground !== undefined) {
      await this.#keep({ ground });
      if ('override' in ground) yield this.#say(`going on all the same: ${ground.override}`);
    } else if (confirmation?.outcome === 'not spoofed') {
      const attacker = formatAddress(source);
      this.#end('not spoofed', `${confirmation.words}: the attacker is ${attacker}, no traceback is needed`, true);
    } else {
      this.#end('not confirmed', `${confirmation?.words}: hosts are named only for a reason (--override)`, false);
    }
  }

  async #askConfirmation(method: ConfirmationMethod): Promise<void> {
    const { name, source } = this.#demand;
    const open = createTest(method, { caseId: this.#case.id, name, address: source });
    const request = { ...this.#envelope('confirm', CONFIRM_SHARE), test: open.test };
    const { findings, gaps } = await this.#ask(request);
    const read = await open.read(findings);
    const { outcome, words } = confirmationResult(read.verdicts, [...gaps, ...read.gaps]);
    const verdicts = read.verdicts.map(({ path, verdict }) => ({ path: [...path], verdict }));
    await this.#keep({ confirmation: { outcome, words, verdicts }, gaps: this.#withGaps([...gaps, ...read.gaps]) });
  }

  async *#trace(ground: Ground): AsyncGenerator<CaseProgress> {
    await this.#begin('traceback');
    yield this.#say(`asking who asked for ${formatName(this.#demand.name)}`);
    const isLast = !this.#demand.commandAndControl;
    const request = { ...this.#envelope('traceback', isLast ? 1 : TRACEBACK_SHARE), ground };
    const { reports, gaps } = await this.#ask(request);
    const silent = gaps.filter(({ reason }) => reason !== 'too many' && reason !== 'loop').length;
    const hosts = rankHosts(reports, this.#options.model, silent).map((host) => ({ ...host, cases: [...host.cases] }));
    await this.#keep({ reports, hosts, gaps: this.#withGaps(gaps) });
    yield this.#say(foundWords(this.#case));
    if (isLast || hosts.length === 0) this.#endFound();
  }

  async *#search(ground: Ground): AsyncGenerator<CaseProgress> {
    if (this.#case.outcome !== undefined) return;
    const likely = this.#case.hosts.filter(({ confidence }) => confidence >= LEAST_SEARCHED_CONFIDENCE);
    if (likely.length === 0) {
      const least = `${100 * LEAST_SEARCHED_CONFIDENCE} %`;
      yield this.#say(`no command and control is looked for: no host has a confidence of ${least}`);
      return this.#endFound();
    }
    yield* this.#askSuspects(
      ground,
      likely.map(({ address }) => address),
    );
  }

  async *#askSuspects(ground: Ground, hosts: readonly string[]): AsyncGenerator<CaseProgress> {
    await this.#begin('command-and-control');
    yield this.#say(`asking what ${counted(hosts.length, 'host')} asked for before`);
    try {
      const envelope = this.#envelope('command-and-control', 1);
      const request = { ...envelope, ground, hosts: hosts.slice(0, MAX_HOSTS), lookbackMs: LOOKBACK_MS };
      const { reports, gaps } = await this.#ask(request);
      await this.#keep({ suspects: reports, gaps: this.#withGaps(gaps) });
      this.#endFound();
    } catch (error) {
      if (this.#signal.aborted && !(this.#signal.reason instanceof TooLate)) throw error;
      // The hosts are named all the same.
      this.#endFound(`what they asked for before is not known: ${messageOf(error)}`);
    }
  }

  /** Asks the own node, keeps what was asked, and has it in the audit log before anybody sees the answer. */
  async #ask<R extends NodeRequest>(request: R): Promise<AnswerTo<R>> {
    try {
      const answer = await untilAborted(this.#parts.node.answer(request, this.#signal), this.#signal);
      await this.#parts.audit.append(ownEntry(request, answer));
      await this.#keepExchange(request, undefined);
      return answer;
    } catch (error) {
      const isRefused = error instanceof Problem;
      const problem = isRefused ? error.type : undefined;
      const entry = {
        ...ownEntry(request, undefined),
        decision: isRefused ? 'refused' : 'granted',
        problem,
      } as const;
      // Where this was the failure, the log has said so, and counts it.
      await this.#parts.audit.append(entry).catch(() => {});
      await this.#keepExchange(request, messageOf(error));
      throw error;
    }
  }

  async #keepExchange({ kind, request, sentAt, timeLimitMs }: NodeRequest, failure: string | undefined): Promise<void> {
    const exchange: Exchange = { kind, request, sentAt, timeLimitMs, endedAt: this.#now(), failure };
    await this.#keep({ exchanges: [...this.#case.exchanges, exchange] });
  }

  /** What all requests of the case have in common. Throws TooLate when no time is left. */
  #envelope<K extends RequestKind>(kind: K, share: number) {
    const { name, at, window } = this.#case.question;
    const left = this.#endsAtMs - this.#parts.clock.nowMs();
    const timeLimitMs = Math.floor(Math.max(left * share, Math.min(left, MIN_TIME_LIMIT_MS)));
    if (timeLimitMs < MIN_TIME_LIMIT_MS) throw new TooLate();
    return {
      kind,
      request: this.#parts.newId(),
      case: this.#case.id,
      sentAt: this.#now(),
      path: [this.#options.name],
      hopLimit: MAX_HOPS - 1,
      timeLimitMs,
      name,
      at,
      window,
      servers: [],
    };
  }

  async #begin(step: CaseStep): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#keep({ step });
  }

  async #keep(parts: Partial<Case>): Promise<void> {
    this.#case = { ...this.#case, ...parts };
    try {
      await this.#parts.files.save(this.#case);
      this.#unkept = undefined;
    } catch (error) {
      // What was found is worth more than its file: who asked is told, and each step tries again.
      this.#unkept = messageOf(error);
    }
  }

  #withGaps(gaps: readonly Gap[]): Gap[] {
    // The same node may be away at each step.
    const byText = new Map([...this.#case.gaps, ...gaps].map((gap) => [JSON.stringify(gap), gap]));
    return [...byText.values()];
  }

  /** `missing`: why what follows the naming of hosts is not known. */
  #endFound(missing?: string): void {
    const words = foundWords(this.#case);
    const outcome = this.#case.hosts.length > 0 ? 'hosts named' : 'no host named';
    this.#end(outcome, missing === undefined ? words : `${words}; ${missing}`, missing === undefined);
  }

  #fail(error: unknown): void {
    const far = howFar(this.#case);
    const cause: unknown = this.#signal.aborted ? this.#signal.reason : error;
    if (cause instanceof TooLate) this.#end('late', `${cause.message}; ${far}`, false);
    else if (this.#signal.aborted) this.#end('cancelled', far, false);
    else this.#end('failed', `${messageOf(error)}; ${far}`, false);
  }

  #end(outcome: Outcome, detail: string, isWhole: boolean): void {
    const isComplete = isWhole && this.#case.gaps.length === 0;
    this.#case = { ...this.#case, endedAt: this.#now(), step: 'ended', outcome, detail, isComplete };
  }

  #say(words: string): CaseProgress {
    return { case: this.#case.id, step: this.#case.step, words };
  }

  #now(): string {
    return new Date(this.#parts.clock.nowMs()).toISOString();
  }
}

function newCase(
  options: Pick<NodeOptions, 'name' | 'window'>,
  { name, atMs, source, window, method = 'oblivious', override, commandAndControl, timeLimitMs, by }: CaseDemand,
  id: string,
  now: string,
): Case {
  const question = {
    name: formatName(name),
    at: new Date(atMs).toISOString(),
    source: formatAddress(source),
    window: window ?? options.window,
    method,
    override,
    commandAndControl,
    timeLimitMs,
    by,
  };
  return {
    version: 1,
    id,
    state: 'open',
    node: options.name,
    question,
    openedAt: now,
    step: 'opened',
    detail: 'nothing was asked yet',
    hosts: [],
    reports: [],
    suspects: [],
    gaps: [],
    isComplete: false,
    exchanges: [],
  };
}

function groundOf(outcome: string | undefined, override: string | undefined): Ground | undefined {
  if (outcome === 'spoofed') return { confirmed: 'spoofed' };
  return override === undefined ? undefined : { override };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rejects as soon as `signal` is aborted, whatever becomes of the promise. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
