import { DAY_MS, type TimeSource } from '../core/clock.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { formatName, isAtOrBelow } from '../dns/name.ts';
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
/**
 * Addresses that may be tried on one name, each by a confirmation: at once, and in an hour. First of all that a peer passes on and
 * asks itself, then of what it has from one node, then of what that has from one: nobody uses up what others have by one forwarder.
 */
const CONFIRMATIONS = [120, 60, 30];
/** Names and ways that are counted of one peer. */
const MAX_CONFIRMED = 8192;

/** What a peer may ask, and how often. What it has used is kept in memory: after a restart quotas begin anew. */
export class Access {
  readonly #clock: TimeSource;
  /** What was sent before has perhaps been answered by the process before this one. */
  readonly #startedAtMs: number;
  readonly #uses = new Map<string, PeerUse>();
  #peers: ReadonlyMap<string, Peer> = new Map();

  constructor(options: Pick<NodeOptions, 'peers'>, clock: TimeSource) {
    this.#clock = clock;
    this.#startedAtMs = Math.floor(clock.nowMs());
    this.configure(options);
  }

  /** Peers that stay keep what they have used; a limit that changes begins anew. */
  configure({ peers }: Pick<NodeOptions, 'peers'>): void {
    this.#peers = new Map(peers.map((peer) => [peer.name, peer]));
    for (const [name, use] of this.#uses) {
      const peer = this.#peers.get(name);
      if (peer === undefined) this.#uses.delete(name);
      else use.limit(peer);
    }
  }

  /** Counts a request of a peer, whatever comes of it. Throws Problem `unknown-peer` or `quota-exceeded`. */
  count(peerName: string): void {
    const peer = this.#peer(peerName);
    const { minute, day } = this.#use(peer);
    // A request that the day has no room for is not to use up the minute.
    if (day.waitMs > 0) throw exceeded(`you may ask ${peer.perDay} times a day`, day.waitMs);
    if (!minute.take()) throw exceeded(`you may ask ${peer.perMinute} times a minute`, minute.waitMs);
    day.take();
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
    if (offMs + nowMs < this.#startedAtMs) {
      throw new Problem('stale', 'this node began anew after this was sent: send it anew, and see your clock');
    }
    const use = this.#use(peer);
    use.forget(nowMs);
    if (use.requests.has(request.request)) throw new Problem('replay', 'this request has come before');
    if (use.requests.size >= MAX_REMEMBERED) throw exceeded('too many requests', MINUTE_MS);
    if (request.kind === 'confirm') use.confirm(request);
    use.requests.set(request.request, nowMs + REMEMBERED_MS);
  }

  #peer(name: string): Peer {
    const peer = this.#peers.get(name);
    if (peer === undefined) throw new Problem('unknown-peer', 'this node does not know the name in your certificate');
    return peer;
  }

  #use(peer: Peer): PeerUse {
    const held = this.#uses.get(peer.name);
    if (held !== undefined) return held;
    const use = new PeerUse(this.#clock, peer);
    this.#uses.set(peer.name, use);
    return use;
  }
}

function exceeded(detail: string, waitMs: number): Problem {
  return new Problem('quota-exceeded', detail, Number.isFinite(waitMs) ? waitMs : undefined);
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

/** What one peer has used. */
class PeerUse {
  minute: TokenBucket;
  day: TokenBucket;
  /** Requests, and until when each is remembered: the oldest first. */
  readonly requests = new Map<string, number>();
  readonly #clock: TimeSource;
  #peer: Peer;
  /** By the end of the path and the name. */
  readonly #confirmations = new Map<string, TokenBucket>();

  constructor(clock: TimeSource, peer: Peer) {
    this.#clock = clock;
    this.#peer = peer;
    this.minute = this.#bucket(peer.perMinute, MINUTE_MS);
    this.day = this.#bucket(peer.perDay, DAY_MS);
  }

  limit(peer: Peer): void {
    if (peer.perMinute !== this.#peer.perMinute) this.minute = this.#bucket(peer.perMinute, MINUTE_MS);
    if (peer.perDay !== this.#peer.perDay) this.day = this.#bucket(peer.perDay, DAY_MS);
    this.#peer = peer;
  }

  forget(nowMs: number): void {
    for (const [request, untilMs] of this.requests) {
      if (untilMs >= nowMs) break;
      this.requests.delete(request);
    }
  }

  /** Throws Problem `quota-exceeded`, and counts nothing then. */
  confirm({ path, name }: Pick<NodeRequest, 'path' | 'name'>): void {
    const canonical = formatName(nameOf({ name }));
    const buckets = CONFIRMATIONS.map((limit, before) => {
      const key = [limit, ...path.slice(-1 - before), canonical].join(' ');
      return { key, bucket: this.#confirmations.get(key) ?? this.#bucket(limit, HOUR_MS) };
    });
    const waitMs = Math.max(...buckets.map(({ bucket }) => bucket.waitMs));
    if (waitMs > 0) throw exceeded('too many confirmations of this name in an hour', waitMs);
    if (this.#confirmations.size + buckets.length > MAX_CONFIRMED) this.#forgetConfirmations();
    if (this.#confirmations.size + buckets.length > MAX_CONFIRMED) throw exceeded('too many confirmations', MINUTE_MS);
    for (const { key, bucket } of buckets) {
      bucket.take();
      this.#confirmations.set(key, bucket);
    }
  }

  #forgetConfirmations(): void {
    for (const [key, bucket] of this.#confirmations) if (bucket.isFull) this.#confirmations.delete(key);
  }

  #bucket(most: number, periodMs: number): TokenBucket {
    return new TokenBucket(this.#clock, (most * 1000) / periodMs, most);
  }
}
