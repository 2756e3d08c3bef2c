import { formatAddress } from '../../core/address.ts';
import { messageOf } from '../../core/errors.ts';
import { counted } from '../../core/words.ts';
import { formatName } from '../../dns/name.ts';
import { confirmationResult } from '../confirmation/confirmation-result.ts';
import { type ConfirmationMethod, createTest } from '../confirmation/confirmation-test.ts';
import { type AnswerTo, type Gap, type Ground, MAX_HOSTS, type NodeRequest } from '../messages.ts';
import type { NodeOptions } from '../node-options.ts';
import { rankHosts } from '../rank-hosts.ts';
import { silentSources } from '../silent-sources.ts';
import { type Case, type CaseProgress, type CaseStep, MAX_CASE_GAPS, type Outcome } from './case.ts';
import type { CaseDemand } from './case-demand.ts';
import type { CaseFiles } from './case-files.ts';
import { CaseRequests, type RequestParts, TooLate } from './case-requests.ts';
import { foundWords, howFar } from './case-words.ts';

/** Hosts that are less likely are not asked about further: their queries are their own. */
const LEAST_SEARCHED_CONFIDENCE = 0.25;
/** How long before the name of the victim a bot may have asked for others (6.3 of paper 1). */
const LOOKBACK_MS = 900_000;
/** The share of the time that is left which a step may take, when others come behind it. */
const CONFIRM_SHARE = 0.4;
const TRACEBACK_SHARE = 0.7;

export interface CaseParts extends RequestParts {
  readonly files: CaseFiles;
}

/** The work on one case: confirmation, traceback, and the search for command and control, each kept as soon as it is there. */
export class CaseRun {
  readonly #options: Pick<NodeOptions, 'name' | 'window' | 'model'>;
  readonly #demand: CaseDemand;
  readonly #parts: CaseParts;
  readonly #signal: AbortSignal;
  readonly #requests: CaseRequests;
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
    this.#case = newCase(options, demand, id, this.#now());
    this.#requests = new CaseRequests(this.#case, parts, signal);
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
    yield this.#say(this.#case.outcome!);
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
      this.#end('not spoofed', `the attacker is ${attacker}, no traceback is needed`, true);
    } else {
      this.#end('not confirmed', 'without a confirmation hosts are named only for a reason', false);
    }
  }

  async #askConfirmation(method: ConfirmationMethod): Promise<void> {
    const { name, source } = this.#demand;
    const open = createTest(method, { caseId: this.#case.id, name, address: source });
    const request = { ...this.#requests.envelope('confirm', CONFIRM_SHARE), test: open.test };
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
    const request = { ...this.#requests.envelope('traceback', isLast ? 1 : TRACEBACK_SHARE), ground };
    const { reports, gaps } = await this.#ask(request);
    const ranked = rankHosts(reports, this.#options.model, silentSources(gaps));
    const hosts = ranked.map((host) => ({ ...host, cases: [...host.cases] }));
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
      const envelope = this.#requests.envelope('command-and-control', 1);
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

  async #ask<R extends NodeRequest>(request: R): Promise<AnswerTo<R>> {
    try {
      return await this.#requests.send(request);
    } finally {
      await this.#keep({ exchanges: [...this.#requests.exchanges] });
    }
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
    const all = [...byText.values()];
    if (all.length <= MAX_CASE_GAPS) return all;
    const detail = `${all.length - MAX_CASE_GAPS + 1} more gaps are not kept`;
    return [...all.slice(0, MAX_CASE_GAPS - 1), { reason: 'too many', detail }];
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
  {
    name,
    atMs,
    source,
    beforeMs,
    afterMs,
    method = 'oblivious',
    override,
    commandAndControl,
    timeLimitMs,
    by,
  }: CaseDemand,
  id: string,
  now: string,
): Case {
  const question = {
    name: formatName(name),
    at: new Date(atMs).toISOString(),
    source: formatAddress(source),
    window: { beforeMs: beforeMs ?? options.window.beforeMs, afterMs: afterMs ?? options.window.afterMs },
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
