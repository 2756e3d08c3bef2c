import { setImmediate as breathe } from 'node:timers/promises';
import { type Address, parseAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { type AnswerPart, NOTHING } from './answer-parts.ts';
import { BaseRates } from './base-rate.ts';
import { findSuspects } from './command-and-control/find-suspects.ts';
import { answerTest, askersLeftOut } from './confirmation/confirmation-test.ts';
import type { GivenAnswers } from './given-answers.ts';
import type { Inspection } from './inspect-log.ts';
import type { SearchedLog } from './log-entries.ts';
import {
  type CommandAndControlRequest,
  type ConfirmRequest,
  type Gap,
  MAX_MARKS,
  type SourceReport,
} from './messages.ts';
import type { NamedHosts } from './named-hosts.ts';
import { NamingAllowance } from './naming-allowance.ts';
import type { HostNames, NodeOptions } from './node-options.ts';
import { RecentResults } from './recent-results.ts';
import { type ClientInLog, clientOf, type Registry } from './registry.ts';
import { reportFacts } from './report-facts.ts';
import type { Task } from './task.ts';
import { WindowMemory } from './window-memory.ts';

/** Findings that are held, so that a source says the same to a case that comes by several ways. */
const MAX_HELD = 256;
const KEEP_MS = 30_000;
/** Pseudonyms that are resolved before others have their turn. */
const RESOLVED_AT_ONCE = 8;
/** Queries of hosts in other cases that a search for C&C servers compares. */
const MAX_OCCASIONS = 512;

/** What findings are made with. */
export interface FindingParts {
  readonly log: SearchedLog;
  readonly names: HostNames;
  readonly clock: Clock;
  /** How addresses stand in the log; undefined: as they are. */
  readonly clientInLog?: ClientInLog | undefined;
  /** Told of hosts that were named to a peer, each time. */
  readonly onNamed?: ((named: NamedHosts) => void) | undefined;
}

/** What a source says of its own clients. Rejects as the log does, and when the time is up. */
export class OwnFindings {
  readonly #given: GivenAnswers;
  readonly #memory: WindowMemory;
  readonly #allowance: NamingAllowance;
  readonly #parts: FindingParts;
  #options: NodeOptions;
  #rates: BaseRates;
  #said: RecentResults<AnswerPart>;

  constructor(options: NodeOptions, registry: Registry, given: GivenAnswers, parts: FindingParts) {
    this.#given = given;
    this.#parts = parts;
    this.#memory = new WindowMemory(parts.clock);
    this.#allowance = new NamingAllowance(parts.clock);
    this.#options = options;
    this.#rates = new BaseRates(parts.log, registry, parts.clock);
    this.#said = new RecentResults(MAX_HELD, KEEP_MS, parts.clock);
  }

  configure(options: NodeOptions, registry: Registry): void {
    this.#options = options;
    this.#rates = new BaseRates(this.#parts.log, registry, this.#parts.clock);
    this.#said = new RecentResults(MAX_HELD, KEEP_MS, this.#parts.clock);
  }

  /** The finding of a confirmation, or the report of a traceback; nothing where no clients are served. */
  async say(task: Task, inspection: Inspection): Promise<AnswerPart> {
    if (this.#options.clients.length === 0) return NOTHING;
    const { request, asker, attack, window, name, span, question, limit } = task;
    const make = () =>
      request.kind === 'confirm' ? this.#test(request, task, inspection) : this.#report(task, inspection);
    const part = await this.#said.get(question, make, limit.signal);
    const reported = part.reports.flatMap((report) => ('hosts' in report ? report.hosts : []));
    const hosts = reported.map(addressOf);
    if (!task.isOurs && reported.length > 0) {
      this.#parts.onNamed?.({ asker, case: request.case, name: request.name, at: request.at, hosts: reported });
    }
    this.#given.noteNamed(window, this.#options.name, { servers: [], hosts: new Set(hosts) });
    this.#allowance.note(asker, name, span, hosts);
    if (part.reports.some((report) => 'hash' in report && report.hash.isMatch)) this.#given.noteMatch(attack);
    return part;
  }

  async #test(request: ConfirmRequest, { name, limit }: Task, { hosts }: Inspection): Promise<AnswerPart> {
    const { test, case: caseId } = request;
    const askers = await this.#clients([...hosts.keys()], limit.signal);
    const finding = await answerTest(test, { caseId, name }, askers, limit.signal);
    const path = [this.#options.name];
    return { reports: [{ path, ...finding }], gaps: this.#leftOut(askersLeftOut(test, hosts.size)) };
  }

  /** Addresses as they are: one that is tested is not a pseudonym. Beyond what a test can take, as they stand in the log. */
  async #clients(inLog: readonly Address[], signal: AbortSignal): Promise<readonly Address[]> {
    const { clientInLog } = this.#parts;
    if (clientInLog === undefined) return inLog;
    const clients: Address[] = [];
    for (const [index, pseudonym] of inLog.slice(0, MAX_MARKS).entries()) {
      if (index % RESOLVED_AT_ONCE === 0) await breathe();
      signal.throwIfAborted();
      clients.push(clientOf(pseudonym, clientInLog) ?? pseudonym);
    }
    return clients;
  }

  #leftOut(askers: number): readonly Gap[] {
    if (askers === 0) return [];
    return [
      {
        reason: 'too many',
        node: this.#options.name,
        detail: 'more hosts asked than a test takes: the last of them were tested',
      },
    ];
  }

  async #report(task: Task, { hosts }: Inspection): Promise<AnswerPart> {
    const { request, name, span, limit } = task;
    const facts = await this.#rates.factsOf(name, span, hosts, limit.signal);
    const asked = { path: request.path, facts };
    const others = this.#memory.others(request.case, facts, request.path);
    this.#memory.add(request.case, asked);
    const report = this.#withinAllowance(task, reportFacts(asked, others, this.#options, this.#hostNames()));
    return { reports: [{ path: [this.#options.name], ...report }], gaps: [] };
  }

  /** Without hosts that near windows of the same name have left no room for. */
  #withinAllowance<R extends Omit<SourceReport, 'path'>>({ isOurs, asker, name, span }: Task, report: R): R {
    if (isOurs) return report;
    const named = this.#allowance.namedNear(asker, name, span);
    const hosts = report.hosts.filter((host) => {
      const address = addressOf(host);
      const isNamed = named.has(address) || named.size < this.#options.namedHosts;
      if (isNamed) named.add(address);
      return isNamed;
    });
    return { ...report, hosts, withheld: report.withheld + report.hosts.length - hosts.length };
  }

  /** A pseudonym may be the address of another host, whose name it must not be given. */
  #hostNames(): HostNames {
    return this.#parts.clientInLog === undefined ? this.#parts.names : () => undefined;
  }

  /** What hosts that were named asked for before. */
  async suspects(task: Task, request: CommandAndControlRequest, hosts: readonly Address[]): Promise<AnswerPart> {
    if (hosts.length === 0) return NOTHING;
    const key = JSON.stringify([task.question, request.lookbackMs, hosts]);
    return this.#said.get(key, () => this.#search(task, request, hosts), task.limit.signal);
  }

  async #search(
    { name, span, limit }: Task,
    { case: caseId, path, at, window, lookbackMs }: CommandAndControlRequest,
    hosts: readonly Address[],
  ): Promise<AnswerPart> {
    const occasions = this.#memory
      .others(caseId, { name, ...span }, path)
      .flatMap(({ facts }) =>
        facts.hosts
          .filter(({ address }) => hosts.includes(address))
          .map(({ address, firstAtMs }) => ({ host: address, atMs: firstAtMs, name: facts.name })),
      );
    const { clients } = await this.#rates.factsOf(name, span, new Map(), limit.signal);
    const names = await findSuspects(
      this.#parts.log,
      { name, atMs: Date.parse(at), window, hosts, lookbackMs, occasions: occasions.slice(0, MAX_OCCASIONS), clients },
      limit.signal,
    );
    return { reports: [{ path: [this.#options.name], names: [...names] }], gaps: [] };
  }
}

/** Of a host that was named here. */
function addressOf({ address }: { readonly address: string }): Address {
  return parseAddress(address)!;
}
