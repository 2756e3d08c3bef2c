/** What switches have counted of drop flows: the proof that a blocked query was dropped, and how often it was tried again. */
import type { ClientScope, DropScope } from '../controller/flow-scope.ts';
import { readDropScope } from '../controller/verdict-flows.ts';
import { type Address, formatAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { formatMac } from '../core/mac-address.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { MessageOf } from '../openflow/message.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import { IP_PROTOCOL } from '../packet/protocol-numbers.ts';

/** Counters of Open vSwitch lag by some 0.3 s, and the last of a flow that ends may be lost: both are "at least". */
export interface DropProof {
  /** False: the flow has ended, and this is what it counted. */
  readonly isStanding: boolean;
  readonly packets: number;
  readonly bytes: number;
  readonly sinceMs: number;
  /** When the switch said so. */
  readonly asOfMs: number;
  /** What the flow matches on, in words. */
  readonly flow: string;
}

/** Which query was dropped. */
export type DroppedQuery = Pick<
  VerdictEvent,
  'atMs' | 'heldMs' | 'datapathId' | 'client' | 'destination' | 'group' | 'inPort' | 'clientMac' | 'transport'
>;

export interface DropProofParts {
  readonly clock: Clock;
  /** Asks a switch for drop flows that may be about a client and a destination; undefined where it is away. */
  readonly ask: (
    datapathId: string,
    client: Address,
    destination: Address,
  ) => Promise<readonly FlowStats[]> | undefined;
  /** The number that flows carry for a client group; undefined when there is no such group any more. */
  readonly groupNumber: (name: string) => number | undefined;
}

type Scope = DropScope | (ClientScope & { readonly destination?: undefined });

interface Counted extends DropProof {
  readonly scope: Scope;
}

/** Flows that have ended and are remembered, and how many of them of one client and destination. */
const MAX_ENDED = 20_000;
const MAX_ENDED_OF_ONE = 4;
/** A switch is not asked again for the same within this time, and not waited for longer than that. */
const CACHE_MS = 1000;
const MAX_CACHED = 256;
const MAX_WAIT_MS = 2000;
/** How far what the switch says of times may be off: it counts from when the flow_mod came. */
const SLACK_MS = 2000;

/** Tells of a blocked query what the switch counted for the flow that dropped it and what came after it. */
export class DropProofs {
  readonly #parts: DropProofParts;
  /** The newest of each last; those heard of longest ago first. */
  readonly #ended = new Map<string, readonly Counted[]>();
  #endedCount = 0;
  readonly #asked = new Map<string, { readonly atMs: number; readonly answer: Promise<readonly Counted[]> }>();

  constructor(parts: DropProofParts) {
    this.#parts = parts;
  }

  /** A flow has ended: keeps what it counted. What is no drop flow of ours is left alone. */
  flowRemoved(datapathId: string, removed: MessageOf<'flowRemoved'>): void {
    const scope = readDropScope(removed) as Scope | undefined;
    if (scope === undefined) return;
    const key = keyOf(datapathId, scope.client, scope.destination);
    const held = this.#ended.get(key) ?? [];
    const kept = [...held, countedOf(scope, removed, false, this.#parts.clock.nowMs())].slice(-MAX_ENDED_OF_ONE);
    this.#ended.delete(key);
    this.#ended.set(key, kept);
    this.#endedCount += kept.length - held.length;
    while (this.#endedCount > MAX_ENDED) this.#forgetOldest();
  }

  /**
   * The flow that stood when the query came; else one that stands now and drops the like. Undefined when there is none, or
   * the switch does not say so in time.
   */
  async proofOf(query: DroppedQuery): Promise<DropProof | undefined> {
    const { datapathId, client, destination } = query;
    const group = this.#parts.groupNumber(query.group);
    const isFor = ({ scope }: Counted) => covers(scope, query, group);
    const standing = (await this.#standing(datapathId, client, destination)).filter(isFor);
    const ended = [
      ...(this.#ended.get(keyOf(datapathId, client, destination)) ?? []),
      ...(this.#ended.get(keyOf(datapathId, client, undefined)) ?? []),
    ].filter(isFor);
    const found = [...standing, ...ended].find((one) => stoodAt(one, query)) ?? standing[0];
    if (found === undefined) return undefined;
    const { scope: _, ...proof } = found;
    return proof;
  }

  /** One answer for all who ask within CACHE_MS. */
  #standing(datapathId: string, client: Address, destination: Address): Promise<readonly Counted[]> {
    const key = keyOf(datapathId, client, destination);
    const nowMs = this.#parts.clock.nowMs();
    const held = this.#asked.get(key);
    if (held !== undefined && nowMs - held.atMs < CACHE_MS) return held.answer;
    const answer = this.#ask(datapathId, client, destination);
    this.#asked.delete(key);
    this.#asked.set(key, { atMs: nowMs, answer });
    if (this.#asked.size > MAX_CACHED) this.#asked.delete(this.#asked.keys().next().value!);
    return answer;
  }

  async #ask(datapathId: string, client: Address, destination: Address): Promise<readonly Counted[]> {
    const { ask, clock } = this.#parts;
    const asked = ask(datapathId, client, destination);
    if (asked === undefined) return [];
    let cancel = () => {};
    const late = new Promise<readonly FlowStats[]>((resolve) => {
      cancel = clock.after(MAX_WAIT_MS, () => resolve([]));
    });
    // A switch that goes meanwhile says nothing.
    const flows = await Promise.race([asked.catch(() => []), late]);
    cancel();
    const nowMs = clock.nowMs();
    return flows.flatMap((stats) => {
      const scope = readDropScope(stats) as Scope | undefined;
      return scope === undefined ? [] : [countedOf(scope, stats, true, nowMs)];
    });
  }

  #forgetOldest(): void {
    const [key, held] = this.#ended.entries().next().value!;
    this.#ended.delete(key);
    this.#endedCount -= held.length;
  }
}

type Counters = Pick<FlowStats, 'packetCount' | 'byteCount' | 'durationSec' | 'durationNsec'>;

function countedOf(scope: Scope, counters: Counters, isStanding: boolean, nowMs: number): Counted {
  const { packetCount, byteCount, durationSec, durationNsec } = counters;
  return {
    scope,
    isStanding,
    packets: Number(packetCount),
    bytes: Number(byteCount),
    sinceMs: Math.round(nowMs - durationSec * 1000 - durationNsec / 1e6),
    asOfMs: nowMs,
    flow: describeScope(scope),
  };
}

function stoodAt({ sinceMs, asOfMs, isStanding }: Counted, { atMs, heldMs }: DroppedQuery): boolean {
  return sinceMs - SLACK_MS <= atMs + heldMs && (isStanding || atMs <= asOfMs + SLACK_MS);
}

/** Whether a flow of this scope drops the query. */
function covers(scope: Scope, query: DroppedQuery, group: number | undefined): boolean {
  const { destination, inPort, mac, ipProtocol } = scope as Partial<DropScope>;
  const protocol = query.transport === 'tcp' ? IP_PROTOCOL.TCP : IP_PROTOCOL.UDP;
  return (
    scope.client === query.client &&
    (destination === undefined || destination === query.destination) &&
    (scope.group === undefined || scope.group === group) &&
    (inPort === undefined || inPort === query.inPort) &&
    (mac === undefined || mac === query.clientMac) &&
    (ipProtocol === undefined || ipProtocol === protocol)
  );
}

function describeScope(scope: Scope): string {
  const { client, destination, group, inPort, mac, ipProtocol } = scope as Partial<DropScope> & ClientScope;
  return [
    `from ${formatAddress(client)}`,
    destination === undefined ? 'to all that is not allowed' : `to ${formatAddress(destination)}`,
    ...(group === undefined ? [] : [`group ${group}`]),
    ...(inPort === undefined ? [] : [`port ${inPort}`]),
    ...(mac === undefined ? [] : [`MAC ${formatMac(mac)}`]),
    ...(ipProtocol === undefined ? [] : [ipProtocol === IP_PROTOCOL.TCP ? 'TCP' : 'UDP']),
  ].join(', ');
}

/** Addresses may be any octets, of two lengths: the numbers before them keep keys apart. */
function keyOf(datapathId: string, client: Address, destination: Address | undefined): string {
  return `${datapathId} ${typeof client} ${client} ${destination === undefined ? 'all' : `to ${destination}`}`;
}
