import type { Clock } from '../../core/clock.ts';
import type { AnswerTo, NodeRequest } from '../messages.ts';
import { type Peer, type PeerDoor, PeerFailure } from '../node-options.ts';
import { HTTP_LIMITS, type HttpLimits } from './http-limits.ts';
import type { NodeCertificates } from './node-certificates.ts';
import { PeerConnection } from './peer-connection.ts';
import { readAnswer } from './read-answer.ts';

interface ClientParts {
  readonly certificates: NodeCertificates;
  readonly clock: Clock;
  /** Undefined: HTTP_LIMITS. */
  readonly limits?: HttpLimits;
}

/** Asks peers by HTTPS, over connections that are kept. What a peer answers is checked before it is believed. */
export class PeerClient implements PeerDoor {
  readonly #parts: ClientParts;
  readonly #limits: HttpLimits;
  /** By the peer's name. */
  readonly #connections = new Map<string, PeerConnection>();
  #isStopped = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? HTTP_LIMITS;
    parts.certificates.onChange(() => this.#retireAll());
  }

  async ask<R extends NodeRequest>(peer: Peer, request: R, signal: AbortSignal): Promise<AnswerTo<R>> {
    if (this.#isStopped) throw new PeerFailure('unreachable', 'this node is stopping');
    const connection = this.#connectionTo(peer);
    const ending = new AbortController();
    const cancel = this.#parts.clock.after(request.timeLimitMs, () => ending.abort());
    try {
      const until = AbortSignal.any([signal, ending.signal]);
      const reply = await connection.post(`/v1/${request.kind}`, JSON.stringify(request), until);
      return readAnswer(reply, request);
    } finally {
      cancel();
    }
  }

  /** Ends all connections and requests. Safe twice. */
  stop(): void {
    this.#isStopped = true;
    this.#endAll();
  }

  /** Peers that are asked no more, or elsewhere, have their connections ended. */
  configure({ peers }: { readonly peers: readonly Peer[] }): void {
    for (const [name, connection] of this.#connections) {
      if (peers.some((peer) => peer.name === name && peer.url === connection.url)) continue;
      connection.end();
      this.#connections.delete(name);
    }
  }

  #connectionTo({ name, url }: Peer): PeerConnection {
    if (url === undefined) throw new PeerFailure('unreachable', 'it has no url here');
    const held = this.#connections.get(name);
    if (held?.url === url) return held;
    held?.end();
    const connection = new PeerConnection(name, url, this.#parts.certificates, this.#limits, this.#parts.clock);
    this.#connections.set(name, connection);
    return connection;
  }

  /** The certificate is shown, and that of the peer looked at, in new connections alone. */
  #retireAll(): void {
    for (const connection of this.#connections.values()) connection.retire();
  }

  #endAll(): void {
    for (const connection of this.#connections.values()) connection.end();
    this.#connections.clear();
  }
}
