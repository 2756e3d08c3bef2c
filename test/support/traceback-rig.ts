/** Traceback nodes in one process, each with a query log in memory, that ask each other without a network. */
import { randomUUID } from 'node:crypto';
import { parseNetwork } from '../../src/core/address.ts';
import type { LogEntry } from '../../src/querylog/log-entry.ts';
import { MemoryQueryLog } from '../../src/storage/query-log/memory-query-log.ts';
import {
  type AnswerTo,
  type NodeAnswer,
  type NodeRequest,
  nodeAnswer,
  nodeRequest,
  type TracebackAnswer,
  type TracebackRequest,
} from '../../src/traceback/messages.ts';
import {
  DEFAULT_MODEL,
  type NodeOptions,
  type Peer,
  type PeerDoor,
  PeerFailure,
} from '../../src/traceback/node-options.ts';
import { Problem } from '../../src/traceback/problem.ts';
import type { ClientInLog } from '../../src/traceback/registry.ts';
import { type NodeParts, TracebackNode } from '../../src/traceback/traceback-node.ts';
import { batchOf, entryOf } from './log-entries.ts';
import { addressOf, nameOf } from './store-rows.ts';
import { VirtualClock } from './virtual-clock.ts';

/** When the attack began. */
export const AT_MS = Date.UTC(2026, 10, 20, 12);
export const VICTIM = 'www.example.org';

/** What a node of the rig is. */
export interface RigNode {
  readonly zones?: readonly string[];
  /** Its DNS servers, as others see them: networks, or single addresses. */
  readonly servers?: readonly string[];
  readonly clients?: readonly string[];
  readonly isForwarder?: boolean;
  /** Whom it knows; all others when left out. */
  readonly peers?: readonly string[];
  readonly options?: Partial<NodeOptions>;
  readonly clientInLog?: ClientInLog;
  readonly parts?: Partial<NodeParts>;
}

/** Answers in the place of a node. */
export type Impostor = (request: NodeRequest, signal: AbortSignal) => Promise<NodeAnswer>;

export class TracebackRig {
  readonly clock = new VirtualClock(AT_MS + 60_000);
  /** Requests between nodes, in their order. */
  readonly asked: { readonly to: string; readonly request: NodeRequest }[] = [];
  readonly impostors = new Map<string, Impostor>();
  readonly #specs: Readonly<Record<string, RigNode>>;
  readonly #logs = new Map<string, MemoryQueryLog>();
  readonly #nodes = new Map<string, TracebackNode>();

  constructor(specs: Readonly<Record<string, RigNode>>) {
    this.#specs = specs;
    for (const [name, spec] of Object.entries(specs)) {
      const log = new MemoryQueryLog(1_000_000);
      const { clock } = this;
      const parts: NodeParts = { log, door: this.#door, names: () => undefined, clock, ...spec.parts };
      this.#logs.set(name, log);
      this.#nodes.set(name, new TracebackNode(this.options(name), { ...parts, clientInLog: spec.clientInLog }));
    }
  }

  node(name: string): TracebackNode {
    return this.#nodes.get(name)!;
  }

  options(name: string): NodeOptions {
    const spec = this.#specs[name]!;
    const others = spec.peers ?? Object.keys(this.#specs).filter((other) => other !== name);
    return {
      name,
      servers: (spec.servers ?? []).map(networkOf),
      zones: (spec.zones ?? []).map(nameOf),
      clients: (spec.clients ?? []).map(networkOf),
      isForwarder: spec.isForwarder ?? false,
      peers: others.map((other) => this.#peer(other)),
      window: { beforeMs: 5000, afterMs: 1000 },
      cacheMs: 7_200_000,
      namedHosts: 64,
      minConfidence: 0,
      model: DEFAULT_MODEL,
      atOnce: 64,
      atOncePerPeer: 16,
      ...spec.options,
    };
  }

  /** Writes queries into the log of a node: who asked, how long before the attack (less than 0: after), and for what. */
  async log(node: string, ...queries: readonly (readonly [client: string, beforeMs: number, name?: string])[]) {
    const entries = queries.map(([client, beforeMs, name = VICTIM]) => {
      return { client: addressOf(client), atMs: AT_MS - beforeMs, name: nameOf(name) };
    });
    await this.logEntries(node, entries);
  }

  async logEntries(node: string, entries: readonly Partial<LogEntry>[], source = 'bind') {
    const batch = batchOf(
      entries.map((entry) => entryOf(0, entry)),
      { source },
    );
    await this.#logs.get(node)!.append(batch);
  }

  /** A request as the node itself makes it. */
  request(from: string, more: Partial<TracebackRequest> = {}): TracebackRequest {
    return {
      kind: 'traceback',
      request: randomUUID(),
      case: randomUUID(),
      sentAt: new Date(this.clock.nowMs()).toISOString(),
      path: [from],
      hopLimit: 8,
      timeLimitMs: 10_000,
      name: VICTIM,
      at: new Date(AT_MS).toISOString(),
      window: { beforeMs: 5000, afterMs: 1000 },
      servers: [],
      ground: { confirmed: 'spoofed' },
      ...more,
    };
  }

  /** What a node answers; what it says must be as the schema has it. */
  async ask<R extends NodeRequest>(node: string, request: R, signal = new AbortController().signal) {
    nodeRequest.parse(request);
    const answer = await this.node(node).answer(request, signal);
    return nodeAnswer.parse(JSON.parse(JSON.stringify(answer))) as AnswerTo<R>;
  }

  traceback(from: string, more: Partial<TracebackRequest> = {}): Promise<TracebackAnswer> {
    return this.ask(from, this.request(from, more));
  }

  readonly #door: PeerDoor = {
    ask: async (peer, request, signal) => {
      this.asked.push({ to: peer.name, request });
      const copy = JSON.parse(JSON.stringify(request)) as typeof request;
      const impostor = this.impostors.get(peer.name);
      if (impostor !== undefined) return (await impostor(copy, signal)) as AnswerTo<typeof request>;
      try {
        return await this.ask(peer.name, copy, signal);
      } catch (error) {
        throw error instanceof Problem ? new PeerFailure('refused', error.message) : error;
      }
    },
  };

  #peer(name: string): Peer {
    const spec = this.#specs[name]!;
    return {
      name,
      url: `https://${name}:8853`,
      servers: (spec.servers ?? []).map(networkOf),
      zones: (spec.zones ?? []).map(nameOf),
      requests: ['confirm', 'traceback', 'command-and-control'],
      names: [nameOf('.')],
      perMinute: 60,
      perDay: 1000,
    };
  }
}

function networkOf(text: string) {
  const length = text.includes(':') ? 128 : 32;
  return parseNetwork(text.includes('/') ? text : `${text}/${length}`)!;
}

/** The addresses that an answer names, by the node that named them, in the order of addresses. */
export function namedHosts({ reports }: TracebackAnswer): Record<string, string[]> {
  return Object.fromEntries(
    reports.map(({ path, hosts }) => [path.at(-1)!, hosts.map(({ address }) => address).sort()]),
  );
}

/** The gaps of an answer as `reason node server`. */
export function gapsOf({ gaps }: Pick<NodeAnswer, 'gaps'>): string[] {
  return gaps.map(({ reason, node, server }) => [reason, node, server].filter(Boolean).join(' ')).sort();
}
