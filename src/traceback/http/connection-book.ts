import { constants, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { Problem } from '../problem.ts';
import type { HttpLimits } from './http-limits.ts';
import type { Party } from './peer-identity.ts';

/** One connection, from the end of its handshake on. */
export interface Connection {
  readonly socket: TLSSocket;
  readonly party: Party;
  /** What its requests, PINGs, SETTINGS and resets cost us. */
  readonly frames: TokenBucket;
  /** Undefined: HTTP/1.1 is spoken. */
  session: ServerHttp2Session | undefined;
  requests: number;
  /** Requests that are not answered yet. */
  open: number;
  /** When it was last of use. */
  usedAtMs: number;
  /** Nothing more is taken on it. */
  isEnding: boolean;
}

/** Ends a connection when what it is at is done. Safe twice. */
export function endGently({ session, socket, open }: Connection): void {
  if (session !== undefined) {
    if (!session.closed) session.close();
  } else if (open === 0) socket.end();
}

/** Ends a connection and its requests now. */
export function endNow({ session, socket }: Connection, code: number = constants.NGHTTP2_NO_ERROR): void {
  if (session !== undefined && !session.destroyed) session.destroy(undefined, code);
  socket.destroy();
}

/**
 * Which connections there are. Those of strangers, who have not shown the certificate of a peer, have a pool of their own,
 * in which the oldest makes room, and live for seconds: they never take the place of a peer, nor one peer that of another.
 */
export class ConnectionBook {
  readonly #limits: HttpLimits;
  readonly #clock: Clock;
  /** Without the certificate of a peer, by their place: the oldest first. */
  readonly #strangers = new Map<string, Socket>();
  readonly #connections = new Set<Connection>();

  constructor(limits: HttpLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Somebody connects; returns whether an older stranger was thrown out for it. */
  arrived(socket: Socket): boolean {
    const place = placeOf(socket);
    const oldest = this.#strangers.size >= this.#limits.strangers ? this.#strangers.entries().next().value : undefined;
    if (oldest !== undefined) {
      oldest[1].destroy();
      this.#strangers.delete(oldest[0]);
    }
    this.#strangers.set(place, socket);
    const cancel = this.#clock.after(this.#limits.strangerMs, () => {
      if (this.#strangers.get(place) === socket) socket.destroy();
    });
    socket.once('close', () => {
      cancel();
      if (this.#strangers.get(place) === socket) this.#strangers.delete(place);
    });
    return oldest !== undefined;
  }

  /** Its handshake is done, and this is who it is. */
  secured(socket: TLSSocket, party: Party): Connection {
    const connection: Connection = {
      socket,
      party: this.#seated(party),
      frames: new TokenBucket(this.#clock, this.#limits.framesPerSecond, this.#limits.framesAtOnce),
      session: undefined,
      requests: 0,
      open: 0,
      usedAtMs: this.#clock.nowMs(),
      isEnding: false,
    };
    if ('peer' in connection.party) this.#strangers.delete(placeOf(socket));
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    return connection;
  }

  /** All of them, to be ended. */
  all(): readonly Connection[] {
    return [...this.#connections];
  }

  /** Ends them all, handshakes, too. */
  destroyAll(): void {
    for (const socket of this.#strangers.values()) socket.destroy();
    for (const connection of this.#connections) endNow(connection);
  }

  /** Peers' connections that have had no request for long. */
  idle(): readonly Connection[] {
    const sinceMs = this.#clock.nowMs() - this.#limits.idleMs;
    return this.all().filter(({ open, usedAtMs }) => open === 0 && usedAtMs <= sinceMs);
  }

  /** A peer with too many connections is a stranger in the next. */
  #seated(party: Party): Party {
    if ('problem' in party) return party;
    const ofPeer = this.all().filter((one) => 'peer' in one.party && one.party.peer === party.peer);
    if (ofPeer.length < this.#limits.connectionsPerPeer) return party;
    return { problem: new Problem('busy', 'you have too many connections', 1000) };
  }
}

/** The same for the socket and for the TLS that is spoken over it. */
function placeOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
