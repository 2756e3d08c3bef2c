import type { TimeSource } from '../core/clock.ts';
import { DAY_MS } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import { isAtOrBelow } from '../dns/name.ts';
import { type NodeRequest, nameOf } from './messages.ts';
import type { NodeOptions, Peer } from './node-options.ts';
import { Problem } from './problem.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** How far the clock of a peer may be from ours. */
const CLOCK_TOLERANCE_MS = 5 * MINUTE_MS;
/** A request that is sent ahead of our clock may come again for so long. */
const REMEMBERED_MS = 2 * CLOCK_TOLERANCE_MS;
const MAX_REMEMBERED = 20_000;
/** Addresses that a peer may try on one name: each confirmation is one. */
const CONFIRMATIONS_PER_HOUR = 30;
const MAX_CONFIRMED_NAMES = 4096;

/** What a peer may ask, and how often. What it has used is kept in memory: a restart forgets it. */
export class Access {
  readonly #clock: TimeSource;
  readonly #uses = new Map<string, PeerUse>();
  #peers: ReadonlyMap<string, Peer> = new Map();

  constructor(options: Pick<NodeOptions, 'peers'>, clock: TimeSource) {
    this.#clock = clock;
    this.configure(options);
  }

  /** Peers that stay keep what they have used. */
  configure({ peers }: Pick<NodeOptions, 'peers'>): void {
    this.#peers = new Map(peers.map((peer) => [peer.name, peer]));
    for (const name of this.#uses.keys()) if (!this.#peers.has(name)) this.#uses.delete(name);
  }

  /** Counts a request of a peer, whatever comes of it. Throws Problem `unknown-peer` or `quota-exceeded`. */
  count(peerName: string): void {
    const peer = this.#peer(peerName);
    const nowMs = this.#clock.nowMs();
    const { minute, day } = this.#use(peerName);
    // A request that the day has no room for is not to use up the minute.
    for (const [quota, most, period] of [
      [day, peer.perDay, 'a day'],
      [minute, peer.perMinute, 'a minute'],
    ] as const) {
      if (quota.used(nowMs) < most) continue;
      throw new Problem('quota-exceeded', `you may ask ${most} times ${period}`, quota.endsAtMs - nowMs);
    }
    day.add(nowMs);
    minute.add(nowMs);
  }

  /**
   * Lets a request of a peer in, once. Throws Problem: it may not ask that, its clock is off, it has asked already, or has tried too
   * many addresses on one name.
   */
  admit(peerName: string, request: NodeRequest): void {
    const peer = this.#peer(peerName);
    const nowMs = this.#clock.nowMs();
    checkScope(peer, request);
    const offMs = Date.parse(request.sentAt) - nowMs;
    if (Math.abs(offMs) > CLOCK_TOLERANCE_MS) {
      throw new Problem(
        'stale',
        `sentAt is more than ${CLOCK_TOLERANCE_MS / 1000} s from the time here: see your clock`,
      );
    }
    const use = this.#use(peerName);
    use.forget(nowMs);
    if (use.requests.has(request.request)) throw new Problem('replay', 'this request has come before');
    if (use.requests.size >= MAX_REMEMBERED) throw new Problem('quota-exceeded', 'too many requests', MINUTE_MS);
    if (request.kind === 'confirm') use.confirm(nameOf(request), nowMs);
    use.requests.set(request.request, nowMs + REMEMBERED_MS);
  }

  #peer(name: string): Peer {
    const peer = this.#peers.get(name);
    if (peer === undefined) throw new Problem('unknown-peer', 'this node does not know the name in your certificate');
    return peer;
  }

  #use(peerName: string): PeerUse {
    const held = this.#uses.get(peerName);
    if (held !== undefined) return held;
    const use = new PeerUse();
    this.#uses.set(peerName, use);
    return use;
  }
}

function checkScope(peer: Peer, request: NodeRequest): void {
  if (request.path.at(-1) !== peer.name) {
    throw new Problem('out-of-scope', 'path: its last is to be the name in your certificate');
  }
  if (!peer.requests.includes(request.kind)) throw new Problem('out-of-scope', `you may not ask for ${request.kind}`);
  const name = nameOf(request);
  if (!peer.names.some((zone) => isAtOrBelow(name, zone))) {
    throw new Problem('out-of-scope', 'you may not ask about this name');
  }
}

/** How often something was done in the minute, hour or day (UTC) that it is. */
class Quota {
  readonly #periodMs: number;
  #fromMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  get endsAtMs(): number {
    return this.#fromMs + this.#periodMs;
  }

  used(nowMs: number): number {
    const fromMs = nowMs - (nowMs % this.#periodMs);
    if (fromMs !== this.#fromMs) {
      this.#fromMs = fromMs;
      this.#count = 0;
    }
    return this.#count;
  }

  add(nowMs: number): void {
    this.#count = this.used(nowMs) + 1;
  }
}

/** What one peer has used. */
class PeerUse {
  readonly minute = new Quota(MINUTE_MS);
  readonly day = new Quota(DAY_MS);
  /** Requests, and until when each is remembered: the oldest first. */
  readonly requests = new Map<string, number>();
  /** Of each name that was asked about in this hour. */
  readonly #confirmations = new Map<Name, Quota>();

  forget(nowMs: number): void {
    for (const [request, untilMs] of this.requests) {
      if (untilMs >= nowMs) break;
      this.requests.delete(request);
    }
  }

  confirm(name: Name, nowMs: number): void {
    const known = this.#confirmations.get(name);
    if (known === undefined && this.#confirmations.size >= MAX_CONFIRMED_NAMES) this.#forgetConfirmations(nowMs);
    const quota = known ?? new Quota(HOUR_MS);
    const isFull = known === undefined && this.#confirmations.size >= MAX_CONFIRMED_NAMES;
    if (isFull || quota.used(nowMs) >= CONFIRMATIONS_PER_HOUR) {
      throw new Problem(
        'quota-exceeded',
        'too many confirmations of this name in this hour',
        HOUR_MS - (nowMs % HOUR_MS),
      );
    }
    quota.add(nowMs);
    this.#confirmations.set(name, quota);
  }

  #forgetConfirmations(nowMs: number): void {
    for (const [name, quota] of this.#confirmations) if (quota.endsAtMs <= nowMs) this.#confirmations.delete(name);
  }
}
