import { type Address, formatAddress, parseAddress } from '../core/address.ts';
import { type AnswerPart, composeAnswer, gapPart, mergeParts, NOTHING } from './answer-parts.ts';
import { AskedWays } from './asked-ways.ts';
import { FairQueue } from './fair-queue.ts';
import { fitAnswer, MAX_ANSWER_BYTES } from './fit-answer.ts';
import { GivenAnswers } from './given-answers.ts';
import { type Inspection, inspectLog, windowSpan } from './inspect-log.ts';
import { type AnswerTo, type CommandAndControlRequest, type Gap, type NodeRequest, nameOf } from './messages.ts';
import type { NodeOptions, PeerDoor } from './node-options.ts';
import { type FindingParts, OwnFindings } from './own-findings.ts';
import { Problem } from './problem.ts';
import { RecentResults } from './recent-results.ts';
import { Registry } from './registry.ts';
import { type Errand, relay } from './relay.ts';
import type { Task } from './task.ts';
import { TimeLimit } from './time-limit.ts';

/** What a node works with. */
export interface NodeParts extends FindingParts {
  readonly door: PeerDoor;
  /** Told why the log could not be asked. */
  readonly onLogError?: ((error: unknown) => void) | undefined;
}

/** Inspections that are held, so that a case that comes by several ways is looked up once; each may have many hosts. */
const MAX_INSPECTIONS = 8;
const KEEP_MS = 30_000;
/** Requests that are worked on here at once, one of each peer: what the log is asked, and the arithmetic of it. */
const MAX_AT_WORK = 2;

/**
 * A traceback node. It does the same with each request (decision 16): it looks into its own log for who asked for the name, says
 * what it may of its clients among them, and asks the peers whose DNS servers are among them.
 */
export class TracebackNode {
  readonly #parts: NodeParts;
  readonly #given: GivenAnswers;
  readonly #own: OwnFindings;
  readonly #ways: AskedWays;
  readonly #work = new FairQueue(MAX_AT_WORK);
  #options: NodeOptions;
  #registry: Registry;
  #inspections: RecentResults<Inspection>;

  constructor(options: NodeOptions, parts: NodeParts) {
    this.#parts = parts;
    this.#given = new GivenAnswers(parts.clock);
    this.#ways = new AskedWays(parts.clock);
    this.#options = options;
    this.#registry = new Registry(options, parts.clientInLog);
    this.#inspections = new RecentResults(MAX_INSPECTIONS, KEEP_MS, parts.clock);
    this.#own = new OwnFindings(options, this.#registry, this.#given, parts);
  }

  /** Takes up other options; what is being worked on goes on with those that it began with, as far as it can. */
  configure(options: NodeOptions): void {
    this.#options = options;
    this.#registry = new Registry(options, this.#parts.clientInLog);
    this.#inspections = new RecentResults(MAX_INSPECTIONS, KEEP_MS, this.#parts.clock);
    this.#own.configure(options, this.#registry);
  }

  /**
   * Answers a request with what there is and the gaps in it, within its time limit. One whose path is our name alone was made here.
   * Rejects with Problem when it is refused, and with the reason of `signal`, by which all that wait for it are called off, too.
   */
  async answer<R extends NodeRequest>(request: R, signal: AbortSignal): Promise<AnswerTo<R>> {
    const { name: ourName } = this.#options;
    const asker = request.path.at(-1)!;
    const isOurs = request.path.length === 1 && asker === ourName;
    if (!isOurs && request.path.includes(ourName)) {
      throw new Problem('loop', 'this node is already on the way that the request came');
    }
    const name = nameOf(request);
    const atMs = Date.parse(request.at);
    const attack = JSON.stringify([asker, request.case.toLowerCase(), name, atMs]);
    if ('ground' in request && 'confirmed' in request.ground && this.#given.isMatched(attack)) {
      throw new Problem('no-ground', 'the confirmation of this case does not say that the packets were spoofed');
    }
    const limit = new TimeLimit(this.#parts.clock, request.timeLimitMs, signal);
    try {
      limit.throwIfCalledOff();
      const span = windowSpan(atMs, request.window);
      const question = questionOf(request);
      const window = `${attack} ${span.fromMs} ${span.toMs}`;
      const said = await this.#answer({ request, asker, isOurs, attack, window, name, span, question, limit });
      return composeAnswer(request, fitAnswer(said, isOurs ? Number.POSITIVE_INFINITY : MAX_ANSWER_BYTES));
    } finally {
      limit.end();
    }
  }

  async #answer(task: Task): Promise<AnswerPart> {
    const { request, name, isOurs } = task;
    if (request.kind === 'command-and-control') return this.#searchCommandAndControl(task, request);
    const owner = this.#registry.ownerOf(name);
    if (request.servers.length > 0 || owner === 'here') return this.#lookAndAsk(task, owner === 'here');
    if (owner === undefined || !(isOurs || this.#registry.isOurs(name))) return gapPart(this.#noOwner(isOurs));
    // The way back to us is a loop for the others: what our own log says is said here.
    const hasLog = this.#options.clients.length > 0 || this.#options.isForwarder;
    const [own, peers] = await Promise.all([
      hasLog ? this.#lookAndAsk(task, false) : NOTHING,
      this.#ask(task, [{ peer: owner, servers: [] }]),
    ]);
    return mergeParts([own, ...peers]);
  }

  #noOwner(isOurs: boolean): Gap {
    const node = this.#options.name;
    return isOurs
      ? {
          reason: 'unknown server',
          node,
          detail: 'no peer is known whose zones the name is in: see the name, and node.peers',
        }
      : { reason: 'no log', node, detail: 'the name is in none of the zones of this node' };
  }

  /** The step that is the same everywhere. */
  async #lookAndAsk(task: Task, isDestination: boolean): Promise<AnswerPart> {
    const isRelaying = isDestination || this.#options.isForwarder;
    if (!isRelaying && this.#options.clients.length === 0) {
      return gapPart(this.#noLog('this node serves no clients, and forwards to nobody'));
    }
    const gaps: Gap[] = [];
    const inspection = await this.#inTurn(task, gaps, () => this.#inspect(task, isRelaying));
    if (inspection === undefined) return { reports: [], gaps };
    const { isSilent } = inspection;
    if (isSilent) gaps.push(this.#noLog('its log has nothing from an hour before the window to an hour after'));
    if (inspection.isCut) {
      gaps.push({ reason: 'too many', node: this.#options.name, detail: 'the newest entries alone were looked at' });
    }
    gaps.push(...this.#unknownServers(task, inspection));
    const [own, peers] = await Promise.all([
      isSilent ? undefined : this.#inTurn(task, gaps, () => this.#own.say(task, inspection)),
      this.#ask(task, this.#errandsTo(inspection)),
    ]);
    return mergeParts([own ?? { reports: [], gaps: [] }, { reports: [], gaps }, ...peers]);
  }

  #inspect({ name, span, limit }: Task, isRelaying: boolean): Promise<Inspection> {
    const registry = this.#registry;
    const cacheMs = isRelaying ? this.#options.cacheMs : undefined;
    const inspect = () => inspectLog(this.#parts.log, registry, { name, ...span, cacheMs }, limit.signal);
    return this.#inspections.get(JSON.stringify([name, span.fromMs, span.toMs, cacheMs]), inspect, limit.signal);
  }

  /** What the log says when it is our turn, or undefined and a gap. Problems are of the request, not of the log. */
  async #inTurn<T>(task: Task, gaps: Gap[], look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#work.run(task.asker, look, task.limit.signal);
    } catch (error) {
      if (error instanceof Problem) throw error;
      task.limit.throwIfCalledOff();
      if (task.limit.signal.aborted) {
        gaps.push({ reason: 'late', node: this.#options.name, detail: 'its log was not searched to the end in time' });
      } else {
        this.#parts.onLogError?.(error);
        gaps.push(this.#noLog('its log cannot be asked'));
      }
      return undefined;
    }
  }

  #noLog(detail: string): Gap {
    return { reason: 'no log', node: this.#options.name, detail };
  }

  /** Peers learn how many: who they are is nobody's business, and pseudonyms say nothing to us. */
  #unknownServers({ isOurs }: Task, { unknown }: Inspection): readonly Gap[] {
    const node = this.#options.name;
    if (isOurs && this.#parts.clientInLog === undefined) {
      const detail = 'it asked for the name, and no peer is known that speaks for it';
      return unknown.map((address) => ({ reason: 'unknown server', node, server: formatAddress(address), detail }));
    }
    if (unknown.length === 0) return [];
    const detail = `${unknown.length} servers asked for the name that no peer is known to speak for`;
    return [{ reason: 'unknown server', node, detail }];
  }

  /** Each peer once, with all its servers: as they stand in the log or, where that has pseudonyms, in the configuration. */
  #errandsTo({ servers }: Inspection): readonly Errand[] {
    const isPlain = this.#parts.clientInLog === undefined;
    return Array.from(servers, ([peer, sightings]) => {
      const addresses = sightings.map(({ address, network }) => (isPlain ? address : network.base));
      return { peer, servers: [...new Set(addresses)].map(formatAddress) };
    });
  }

  async #ask(task: Task, errands: readonly Errand[]): Promise<readonly AnswerPart[]> {
    const { name: nodeName } = this.#options;
    const { door, clock } = this.#parts;
    const parts = await relay(errands, task, { nodeName, door, ways: this.#ways, clock });
    for (const [index, { reports }] of parts.entries()) {
      const { peer, servers } = errands[index]!;
      const hosts = new Set(reports.flatMap((report) => ('hosts' in report ? addressesOf(report.hosts) : [])));
      this.#given.noteNamed(task.window, peer.name, { servers, hosts });
    }
    return parts;
  }

  /** Asks of each host who named it, and nobody else: which hosts were named is nobody's business but theirs. */
  async #searchCommandAndControl(task: Task, request: CommandAndControlRequest): Promise<AnswerPart> {
    const hosts = [...new Set(request.hosts.flatMap((text) => parseAddress(text) ?? []))];
    const granted = this.#given.takeSearch(task.window, hosts, request.lookbackMs);
    const errands = this.#options.peers.flatMap((peer): Errand[] => {
      const ofPeer = granted.get(peer.name);
      if (ofPeer === undefined) return [];
      return [{ peer, servers: ofPeer.servers, hosts: [...ofPeer.hosts].map(formatAddress) }];
    });
    const ours = [...(granted.get(this.#options.name)?.hosts ?? [])];
    const searched = new Set([...granted.values()].flatMap((one) => [...one.hosts]));
    const gaps = this.#notNamed(hosts.length - searched.size);
    const [own, peers] = await Promise.all([
      this.#inTurn(task, gaps, () => this.#own.suspects(task, request, ours)),
      this.#ask(task, errands),
    ]);
    return mergeParts([own ?? { reports: [], gaps: [] }, { reports: [], gaps }, ...peers]);
  }

  #notNamed(hosts: number): Gap[] {
    const detail = `${hosts} of the hosts were not named for this attack in the last hour, or were searched otherwise`;
    return hosts === 0 ? [] : [{ reason: 'refused', node: this.#options.name, detail }];
  }
}

function addressesOf(hosts: readonly { readonly address: string }[]): readonly Address[] {
  return hosts.flatMap(({ address }) => parseAddress(address) ?? []);
}

/** What is asked, without who asks, how it came and how it is spelled. */
function questionOf(request: NodeRequest): string {
  const { kind, case: caseId, at, window } = request;
  const asked = [kind, caseId.toLowerCase(), nameOf(request), Date.parse(at), window.beforeMs, window.afterMs];
  asked.push(JSON.stringify(request.kind === 'confirm' ? request.test : request.ground));
  if (request.kind === 'command-and-control') asked.push(request.lookbackMs, ...request.hosts);
  return JSON.stringify(asked);
}
