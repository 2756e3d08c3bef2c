import { randomUUID } from 'node:crypto';
import type { TimeSource } from '../core/clock.ts';
import { untilAborted } from '../core/until-aborted.ts';
import { type AnswerPart, gapPart, partOf, throughNode } from './answer-parts.ts';
import type { AskedWays } from './asked-ways.ts';
import { type Gap, MAX_DETAIL_CHARACTERS, MAX_HOPS, MAX_SERVERS, type NodeRequest } from './messages.ts';
import { type Peer, type PeerDoor, PeerFailure } from './node-options.ts';
import { Problem } from './problem.ts';
import type { TimeLimit } from './time-limit.ts';

/** Peers that are asked at once for one request. */
export const MAX_ASKED_AT_ONCE = 16;

/** Whom to ask, and what of: its servers of our log, or none for its zones; hosts that it named, of a C&C search. */
export interface Errand {
  readonly peer: Peer;
  readonly servers: readonly string[];
  readonly hosts?: readonly string[];
}

/** A request that is passed on. */
export interface RelayedRequest {
  readonly request: NodeRequest;
  /** Who sent it to us. */
  readonly asker: string;
  /** What makes it the same however it has come: its kind, case and so on. */
  readonly question: string;
  /** It was made here: nobody else reads why a peer did not answer. */
  readonly isOurs: boolean;
  readonly limit: TimeLimit;
}

interface RelayParts {
  readonly nodeName: string;
  readonly door: PeerDoor;
  readonly ways: AskedWays;
  readonly clock: TimeSource;
}

const WHAT_HAPPENED: Partial<Record<Gap['reason'], string>> = {
  unreachable: 'it cannot be reached',
  refused: 'it refused',
  late: 'it has not answered in time',
  nonsense: 'its answer makes no sense',
  loop: 'it is on the way of the request already',
};

/** Asks peers, several at once, and gives what each says or the gap in its place, in their order. Rejects only when `limit` was called off. */
export async function relay(
  errands: readonly Errand[],
  relayed: RelayedRequest,
  parts: RelayParts,
): Promise<readonly AnswerPart[]> {
  const answers: AnswerPart[] = [];
  let next = 0;
  const askOn = async () => {
    while (next < errands.length) {
      const index = next++;
      answers[index] = await askOne(errands[index]!, relayed, parts);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_ASKED_AT_ONCE, errands.length) }, askOn));
  return answers;
}

async function askOne(errand: Errand, relayed: RelayedRequest, parts: RelayParts): Promise<AnswerPart> {
  const { peer } = errand;
  const { limit, isOurs, question, asker } = relayed;
  const request = requestFor(errand, relayed, parts);
  if ('reason' in request) return gapPart(request);
  const { ways, nodeName } = parts;
  if (!isOurs && !ways.take(question, asker, peer.name)) {
    const held = ways.answer(question, peer.name);
    const part = held && partOf(held, request, peer.name);
    if (part !== undefined) return throughNode(part, nodeName);
    return gapPart(gapOf(errand, 'too many', 'it was asked this by several other ways'));
  }
  try {
    const answer = await untilAborted(parts.door.ask(peer, request, limit.signal), limit.signal);
    const part = partOf(answer, request, peer.name);
    if (part === undefined) return gapPart(gapOf(errand, 'nonsense'));
    ways.hold(question, peer.name, answer);
    return throughNode(part, nodeName);
  } catch (error) {
    limit.throwIfCalledOff();
    if (limit.signal.aborted) return gapPart(gapOf(errand, 'late'));
    return gapPart(gapOf(errand, reasonOf(error), isOurs && error instanceof Error ? error.message : undefined));
  }
}

/** The request for a peer, or why it is not asked. */
function requestFor(errand: Errand, relayed: RelayedRequest, { nodeName, clock }: RelayParts): NodeRequest | Gap {
  const { peer, servers, hosts } = errand;
  const { request, isOurs, limit } = relayed;
  const path = isOurs ? request.path : [...request.path, nodeName];
  if (request.path.includes(peer.name)) return gapOf(errand, 'loop');
  if (request.hopLimit === 0 || path.length > MAX_HOPS) return gapOf(errand, 'hop limit', 'no more hops are allowed');
  if (peer.url === undefined) return gapOf(errand, 'unreachable', 'it asks, and cannot be asked');
  const timeLimitMs = limit.forPeerMs();
  if (timeLimitMs === undefined) return gapOf(errand, 'late', 'no time was left to ask it');
  return {
    ...request,
    request: randomUUID(),
    sentAt: new Date(clock.nowMs()).toISOString(),
    path,
    hopLimit: request.hopLimit - 1,
    timeLimitMs,
    servers: servers.slice(0, MAX_SERVERS),
    ...(hosts === undefined ? {} : { hosts: [...hosts] }),
  };
}

function reasonOf(error: unknown): Gap['reason'] {
  if (error instanceof PeerFailure) return error.reason;
  return error instanceof Problem ? 'refused' : 'unreachable';
}

function gapOf({ peer, servers: [server] }: Errand, reason: Gap['reason'], detail?: string): Gap {
  const words = (detail ?? WHAT_HAPPENED[reason] ?? 'it has not answered').slice(0, MAX_DETAIL_CHARACTERS);
  return { reason, node: peer.name, ...(server === undefined ? {} : { server }), detail: words };
}
