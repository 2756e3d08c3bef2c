import { type Address, type Network, networkMask } from '../core/address.ts';
import { silentLog } from '../core/log.ts';
import { type Name, ROOT } from '../dns/name.ts';
import type { QueryLogStore } from '../querylog/query-log-store.ts';
import { Access } from '../traceback/access.ts';
import type { Audit } from '../traceback/audit/audit.ts';
import { type AnswerTo, type NodeRequest, REQUEST_KINDS } from '../traceback/messages.ts';
import { NODE_DEFAULTS, type NodeOptions, type Peer, type PeerDoor, PeerFailure } from '../traceback/node-options.ts';
import { Problem } from '../traceback/problem.ts';
import { RequestDesk } from '../traceback/request-desk.ts';
import { TracebackNode } from '../traceback/traceback-node.ts';
import type { VirtualTime } from './virtual-time.ts';

/** An organisation that takes part: what its node is told. */
export interface Member {
  readonly name: string;
  /** Its DNS servers. */
  readonly servers: readonly Address[];
  readonly zones: readonly Name[];
  readonly clients: readonly Network[];
  readonly isForwarder: boolean;
  /** Whom it may ask, and who may ask it, by name. */
  readonly peers: readonly string[];
  readonly log: Pick<QueryLogStore, 'search'>;
}

const AT_ONCE = 1000;
const NO_QUOTA = 1_000_000;

const noAudit: Audit = { append: async () => undefined };

/** Nodes as they are, joined without a network: what leaves one comes to the desk of the other. */
export class Federation {
  readonly #nodes: ReadonlyMap<string, Seat>;

  /** `cacheMs` is how far before the window DNS servers are looked for: 0 for the one window of paper 1. */
  constructor(
    members: readonly Member[],
    clock: VirtualTime,
    cacheMs: number,
    door = (plain: PeerDoor): PeerDoor => plain,
  ) {
    const byName = new Map(members.map((member) => [member.name, member]));
    const through = (own: string) => door({ ask: (peer, request, signal) => this.#ask(own, peer, request, signal) });
    this.#nodes = new Map(
      members.map((member) => {
        const options = nodeOptions(member, byName, cacheMs);
        const log: Pick<QueryLogStore, 'search'> = {
          search: (question, signal) => clock.during(member.log.search(question, signal)),
        };
        const node = new TracebackNode(options, { log, door: through(member.name), names: () => undefined, clock });
        return [member.name, { node, options, clock, desk: undefined }];
      }),
    );
  }

  /** Undefined: it takes no part. */
  node(name: string): TracebackNode | undefined {
    return this.#nodes.get(name)?.node;
  }

  /** Quotas are of another measure than this one's: those of a case begin anew. */
  beginCase(): void {
    for (const seat of this.#nodes.values()) {
      seat.desk?.stop();
      seat.desk = undefined;
    }
  }

  async #ask<R extends NodeRequest>(own: string, peer: Peer, request: R, signal: AbortSignal): Promise<AnswerTo<R>> {
    const seat = this.#nodes.get(peer.name);
    if (seat === undefined) throw new PeerFailure('unreachable', 'it takes no part');
    seat.clock.note();
    try {
      return (await deskOf(seat).handle(own, request, signal, request.kind)) as AnswerTo<R>;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw new PeerFailure('refused', error.type, { cause: error });
    } finally {
      seat.clock.note();
    }
  }
}

interface Seat {
  readonly node: TracebackNode;
  readonly options: NodeOptions;
  readonly clock: VirtualTime;
  desk: RequestDesk | undefined;
}

function deskOf(seat: Seat): RequestDesk {
  const { node, options, clock, desk } = seat;
  if (desk !== undefined) return desk;
  const parts = { node, access: new Access(options, clock), audit: noAudit, clock, log: silentLog };
  seat.desk = new RequestDesk(options, parts);
  return seat.desk;
}

function nodeOptions(member: Member, members: ReadonlyMap<string, Member>, cacheMs: number): NodeOptions {
  const { name, servers, zones, clients, isForwarder } = member;
  return {
    name,
    servers: servers.map(hostNetwork),
    zones,
    clients,
    isForwarder,
    peers: member.peers.flatMap((peer) => {
      const known = members.get(peer);
      return known === undefined ? [] : [peerOf(known)];
    }),
    ...NODE_DEFAULTS,
    cacheMs,
    atOnce: AT_ONCE,
    atOncePerPeer: AT_ONCE,
  };
}

function peerOf({ name, servers, zones }: Member): Peer {
  return {
    name,
    url: `https://${name}`,
    servers: servers.map(hostNetwork),
    zones,
    requests: REQUEST_KINDS,
    names: [ROOT],
    perMinute: NO_QUOTA,
    perDay: NO_QUOTA,
  };
}

function hostNetwork(base: Address): Network {
  return { base, prefixLength: 8 * networkMask(base, 0).length };
}
