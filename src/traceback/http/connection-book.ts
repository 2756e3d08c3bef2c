import { constants, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { addressOctets, parseAddress } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { Problem } from '../problem.ts';
import type { HttpLimits } from './http-limits.ts';
import type { Party } from './peer-identity.ts';

/** One connection, from the end of its handshake on. */
export interface Connection {
  readonly socket: TLSSocket;
  readonly party: Party;
  /** Its address, which a socket that has gone has no more. */
  readonly from: string | undefined;
  /** What its requests, PINGs, SETTINGS and resets cost us. */
  readonly frames: TokenBucket;
  readonly octets: TokenBucket;
  /** Octets that it has been charged for. */
  chargedBytes: number;
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

/** A handshake of TLS 1.3 begins with no less (RFC 8446 §4.1.2). */
const MIN_HELLO_BYTES = 100;

interface Stranger {
  readonly place: string;
  readonly socket: Socket;
  readonly source: string;
}

/**
 * Which connections there are. Those of strangers, who have not shown the certificate of a peer, have a pool of their own, and
 * live for seconds: they never take the place of a peer, nor one peer that of another. Where the pool is full an older one of the
 * same source makes room, else one at random: whoever floods it from few addresses drives out itself.
 */
export class ConnectionBook {
  readonly #limits: HttpLimits;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Without the certificate of a peer, by their place: the oldest first. */
  readonly #strangers = new Map<string, Stranger>();
  readonly #connections = new Set<Connection>();

  constructor(limits: HttpLimits, clock: Clock, random: () => number = Math.random) {
    this.#random = random;
    this.#limits = limits;
    this.#clock = clock;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Somebody connects; returns whether an older stranger was thrown out for it. */
  arrived(socket: Socket): boolean {
    const place = placeOf(socket);
    const source = sourceOf(socket.remoteAddress);
    const isFull = this.#strangers.size >= this.#limits.strangers;
    if (isFull) this.#makeRoom(source);
    this.#strangers.set(place, { place, socket, source });
    const isHere = () => this.#strangers.get(place)?.socket === socket;
    const calledOff = [
      this.#clock.after(this.#limits.helloMs, () => {
        if (socket.bytesRead < MIN_HELLO_BYTES && isHere()) socket.destroy();
      }),
      this.#clock.after(this.#limits.strangerMs, () => {
        if (isHere()) socket.destroy();
      }),
    ];
    socket.once('close', () => {
      for (const cancel of calledOff) cancel();
      if (isHere()) this.#strangers.delete(place);
    });
    return isFull;
  }

  #makeRoom(source: string): void {
    let left = Math.floor(this.#random() * this.#strangers.size);
    let out: Stranger | undefined;
    for (const one of this.#strangers.values()) {
      if (left-- === 0) out = one;
      if (one.source !== source) continue;
      out = one;
      break;
    }
    if (out === undefined) return;
    this.#strangers.delete(out.place);
    out.socket.destroy();
  }

  /** Its handshake is done, and this is who it is. */
  secured(socket: TLSSocket, party: Party): Connection {
    const connection: Connection = {
      socket,
      party: this.#seated(party),
      from: socket.remoteAddress,
      frames: new TokenBucket(this.#clock, this.#limits.framesPerSecond, this.#limits.framesAtOnce),
      octets: new TokenBucket(this.#clock, this.#limits.octetsPerSecond, this.#limits.octetsAtOnce),
      chargedBytes: 0,
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
    for (const { socket } of this.#strangers.values()) socket.destroy();
    for (const connection of this.#connections) endNow(connection);
  }

  /** Charges all connections with the octets that have come since the last time; returns those that had too many. */
  flooding(): readonly Connection[] {
    return this.all().filter((connection) => {
      const { bytesRead } = connection.socket;
      const newBytes = bytesRead - connection.chargedBytes;
      connection.chargedBytes = bytesRead;
      return !connection.octets.take(newBytes);
    });
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

/** Who holds many addresses: of IPv6 whoever has the network of 64 bits. */
function sourceOf(remoteAddress = ''): string {
  const address = parseAddress(remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*/, ''));
  return address === undefined ? remoteAddress : addressOctets(address).subarray(0, 8).toString('hex');
}
