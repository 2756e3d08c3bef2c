import { constants as cryptoConstants } from 'node:crypto';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Clock, every } from '../../core/clock.ts';
import { Counters } from '../../core/counters.ts';
import { GluewallError } from '../../core/errors.ts';
import { listenAt } from '../../core/listen.ts';
import type { Log } from '../../core/log.ts';
import type { TlsSettings } from '../../core/tls-settings.ts';
import type { NodeOptions } from '../node-options.ts';
import { Problem } from '../problem.ts';
import type { RequestDesk } from '../request-desk.ts';
import { type Connection, ConnectionBook, endGently, endNow } from './connection-book.ts';
import { abandon, type Exchange, problemReply, send } from './exchange.ts';
import { HTTP_LIMITS, type HttpLimits, MAX_HEADER_BYTES, MAX_HEADER_FIELDS } from './http-limits.ts';
import type { NodeCertificates } from './node-certificates.ts';
import { identify } from './peer-identity.ts';
import { RequestRouter } from './request-router.ts';

interface ServerParts {
  readonly desk: Pick<RequestDesk, 'handle' | 'refuse'>;
  readonly certificates: NodeCertificates;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: HTTP_LIMITS. */
  readonly limits?: HttpLimits;
}

/** `handshakes`: connections that never spoke TLS 1.3; `evicted`: strangers that made room; `floods`: connections cut off. */
type ServerCounter = 'connections' | 'handshakes' | 'evicted' | 'floods' | 'requests';

export interface ServerFigures {
  readonly connections: number;
  readonly counts: Readonly<Record<string, number>>;
}

const LOOK_MS = 250;

/**
 * The HTTPS door of a node: TLS 1.3, HTTP/2 and HTTP/1.1. Whoever is no peer, or asks for too much, is told so in a problem
 * document; what is right goes to the desk.
 */
export class NodeServer {
  readonly #listen: { readonly host: string; readonly port: number };
  readonly #parts: ServerParts;
  readonly #limits: HttpLimits;
  readonly #book: ConnectionBook;
  readonly #counters = new Counters<ServerCounter>();
  /** By what a request comes with: its session, or its socket where HTTP/1.1 is spoken. */
  readonly #connections = new WeakMap<object, Connection>();
  readonly #router: RequestRouter;
  #peers: NodeOptions['peers'];
  /** Whose handshake has ended in this turn. */
  #securing: Connection | undefined;
  #server: Http2SecureServer | undefined;
  #cancel: (() => void) | undefined;

  constructor(
    listen: { readonly host: string; readonly port: number },
    options: Pick<NodeOptions, 'peers'>,
    parts: ServerParts,
  ) {
    this.#listen = listen;
    this.#peers = options.peers;
    this.#parts = parts;
    this.#limits = parts.limits ?? HTTP_LIMITS;
    this.#book = new ConnectionBook(this.#limits, parts.clock);
    this.#router = new RequestRouter(parts.desk, this.#limits, parts.clock);
    parts.certificates.onChange((settings) => this.#renew(settings));
  }

  get figures(): ServerFigures {
    return { connections: this.#book.size, counts: this.#counters.snapshot() };
  }

  /** Resolves with the port. Rejects with GluewallError `node-listen` when the address cannot be had. */
  async start(): Promise<number> {
    const server = this.#create();
    const port = await listenAt(server, this.#listen, 'node.listen').catch((cause: Error) => {
      throw new GluewallError('node-listen', cause.message, { cause });
    });
    server.on('error', (error) => this.#parts.log.warn({ error: error.message }, 'a peer was not let in'));
    this.#server = server;
    this.#cancel = every(this.#parts.clock, LOOK_MS, () => this.#look());
    return port;
  }

  /** Ends all connections, and with them their requests. Safe twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#cancel?.();
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.#book.destroyAll();
    await closed;
  }

  /** Peers that are no more are refused at their next request. */
  configure({ peers }: Pick<NodeOptions, 'peers'>): void {
    this.#peers = peers;
    if (this.#server !== undefined) this.#server.maxConnections = this.#mostConnections();
  }

  #create(): Http2SecureServer {
    const server = createSecureServer(this.#serverOptions());
    server.maxConnections = this.#mostConnections();
    // Of HTTP/1.1, which this server speaks, too; its types do not know it.
    Object.assign(server, { headersTimeout: this.#limits.bodyMs, requestTimeout: 2 * this.#limits.bodyMs });
    Object.assign(server, { connectionsCheckingInterval: LOOK_MS, maxHeadersCount: MAX_HEADER_FIELDS });
    Object.assign(server, { keepAliveTimeout: this.#limits.idleMs });
    const onRequest = (request: Exchange['request'], response: Exchange['response']) =>
      this.#take({ request, response });
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => {});
      this.#counters.add('connections');
      if (this.#book.arrived(socket)) this.#counters.add('evicted');
    });
    server.prependListener('secureConnection', (socket) => this.#onSecure(socket));
    server.on('session', (session) => this.#onSession(session));
    server.on('request', onRequest);
    server.on('checkContinue', onRequest);
    server.on('checkExpectation', onRequest);
    // CONNECT: of HTTP/1.1 it would come with a socket in place of a response.
    server.on('connect', (request: Exchange['request'], response: Exchange['response']) => {
      if ('stream' in request) onRequest(request, response);
      else request.socket.destroy();
    });
    server.on('tlsClientError', (error, socket) => this.#onHandshakeError(error, socket));
    server.on('clientError', (error: Error, socket: Socket) => this.#onClientError(error, socket));
    server.on('sessionError', (error, session) => this.#onSessionError(error, session));
    return server;
  }

  #serverOptions(): SecureServerOptions {
    return {
      ...this.#parts.certificates.settings,
      allowHTTP1: true,
      requestCert: true,
      // Who is refused learns why, over TLS.
      rejectUnauthorized: false,
      handshakeTimeout: this.#limits.strangerMs,
      // A resumed session would bring back an old opinion of a certificate.
      secureOptions: cryptoConstants.SSL_OP_NO_TICKET,
      maxHeaderListPairs: MAX_HEADER_FIELDS,
      maxOutstandingPings: 2,
      maxSessionInvalidFrames: 16,
      maxSessionRejectedStreams: 64,
      settings: { maxConcurrentStreams: this.#limits.streams, maxHeaderListSize: MAX_HEADER_BYTES },
    };
  }

  #mostConnections(): number {
    // Of strangers twice as many: those who made room are not gone at once.
    return 2 * this.#limits.strangers + this.#limits.connectionsPerPeer * this.#peers.length;
  }

  /** Those who are there show their certificates again. */
  #renew(settings: TlsSettings): void {
    this.#server?.setSecureContext({ ...settings, secureOptions: cryptoConstants.SSL_OP_NO_TICKET });
    for (const connection of this.#book.all()) this.#end(connection);
  }

  /** Ends connections that flood or are idle. */
  #look(): void {
    for (const connection of this.#book.flooding()) this.#cutOff(connection, 'too many octets on one connection');
    // Who does not go when it is told to is cut off.
    for (const connection of this.#book.idle()) {
      if (connection.isEnding) endNow(connection);
      else this.#end(connection);
    }
  }

  /** When its requests are answered; no more are taken. */
  #end(connection: Connection): void {
    connection.isEnding = true;
    connection.usedAtMs = this.#parts.clock.nowMs();
    endGently(connection);
  }

  #onSecure(socket: TLSSocket): void {
    socket.on('error', () => {});
    const connection = this.#book.secured(socket, identify(socket, this.#peers));
    this.#connections.set(socket, connection);
    this.#securing = connection;
  }

  /** Comes right behind the end of the handshake, in the same turn. */
  #onSession(session: ServerHttp2Session): void {
    const connection = this.#securing;
    if (connection === undefined) {
      session.destroy();
      return;
    }
    connection.session = session;
    this.#connections.set(session, connection);
    const take = () => this.#takeFrame(connection);
    session.on('ping', take).on('remoteSettings', take);
    session.on('stream', (stream) => stream.once('aborted', take));
  }

  /** Whether a connection may have one frame more that costs us something; else it is cut off. */
  #takeFrame(connection: Connection): boolean {
    if (connection.frames.take()) return true;
    this.#cutOff(connection, 'too many frames on one connection');
    return false;
  }

  #cutOff(connection: Connection, why: string): void {
    if (connection.socket.destroyed) return;
    this.#counters.add('floods');
    this.#refuse(connection, new Problem('quota-exceeded', why));
    endNow(connection, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #take(exchange: Exchange): void {
    exchange.request.on('error', () => {});
    exchange.response.on('error', () => {});
    this.#onRequest(exchange).catch((error: Error) => {
      this.#parts.log.error({ error: error.message }, 'a request of another node could not be answered');
      abandon(exchange);
    });
  }

  async #onRequest(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const key = 'stream' in request ? request.stream.session : request.socket;
    const connection = key === undefined ? undefined : this.#connections.get(key);
    // Its certificate may be one that is trusted no more.
    if (connection === undefined || ('peer' in connection.party && connection.isEnding)) return abandon(exchange);
    this.#counters.add('requests');
    if (!this.#takeFrame(connection)) return;
    this.#open(connection, exchange);
    const problem = this.#problemOf(connection);
    if (problem !== undefined) {
      this.#refuse(connection, problem);
      return send(exchange, problemReply(problem), true, this.#limits, this.#parts.clock);
    }
    const { party } = connection;
    if (!('peer' in party)) return;
    const reply = await this.#router.replyTo(exchange, party.peer);
    send(exchange, reply, connection.isEnding, this.#limits, this.#parts.clock);
  }

  #open(connection: Connection, { response }: Exchange): void {
    connection.open++;
    connection.requests++;
    const isLast = connection.requests >= this.#limits.requestsPerConnection;
    if (isLast || 'problem' in connection.party) this.#end(connection);
    response.once('close', () => {
      connection.open--;
      connection.usedAtMs = this.#parts.clock.nowMs();
      if (connection.isEnding) endGently(connection);
    });
  }

  /** Why nothing of a request is read. */
  #problemOf({ party, open }: Connection): Problem | undefined {
    if ('problem' in party) return party.problem;
    if (party.expiresAtMs < this.#parts.clock.nowMs()) {
      return new Problem('untrusted-certificate', 'your certificate is not valid at this time');
    }
    if (!this.#peers.some(({ name }) => name === party.peer)) {
      return new Problem('unknown-peer', 'this node does not know the name in your certificate');
    }
    return open > this.#limits.streams ? new Problem('busy', 'you ask too much at once', 1000) : undefined;
  }

  #refuse({ party, from }: Connection, problem: Problem): void {
    const who = 'peer' in party ? { peer: party.peer } : { peer: undefined, from };
    void this.#parts.desk.refuse(who, problem);
  }

  #onHandshakeError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    this.#counters.add('handshakes');
    // Cut off because this node stops.
    if (this.#server === undefined) return;
    const problem = new Problem('no-handshake', whyNoHandshake(String(error.code)));
    void this.#parts.desk.refuse({ peer: undefined, from: addressOf(socket) }, problem);
  }

  /** What came is no HTTP/2, or too much of it: its connection is gone by now. */
  #onSessionError(error: NodeJS.ErrnoException, session: ServerHttp2Session): void {
    const connection = this.#connections.get(session);
    if (connection === undefined || error.code?.startsWith('ERR_HTTP2') !== true) return;
    this.#refuse(connection, new Problem('malformed', 'this is no HTTP that is understood here'));
  }

  /** What came is no HTTP, or too slow. Who is being answered, or has gone, is told nothing more. */
  #onClientError(error: Error, socket: Socket): void {
    const connection = this.#connections.get(socket);
    const problem = problemOf(error);
    if (connection === undefined || problem === undefined || connection.open > 0 || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#refuse(connection, problem);
    const { status, type, text } = problemReply(problem);
    const head = [`HTTP/1.1 ${status} ${problem.document.title}`, `content-type: ${type}`, 'connection: close'];
    socket.end(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }
}

/** The socket of TCP below that of TLS has kept its address since the connection came in, also when both have gone. */
function addressOf(socket: TLSSocket & { readonly _parent?: Socket }): string | undefined {
  return socket.remoteAddress ?? socket._parent?.remoteAddress;
}

/** The codes are those of OpenSSL and of sockets; of alerts those of RFC 8446 §6.2. */
function whyNoHandshake(code: string): string {
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/.test(code)) {
    return 'whoever came does not trust the certificate of this node: node.tls of both ends has to know the authority of the other';
  }
  if (code === 'ECONNRESET') {
    return 'the connection ended in the handshake: whoever came may not trust the certificate of this node';
  }
  return 'no handshake of TLS 1.3';
}

/** Undefined: the connection has broken. */
function problemOf(error: NodeJS.ErrnoException): Problem | undefined {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem('too-slow', 'the request was not here in time');
  const isParsed = error.code?.startsWith('HPE_') === true;
  return isParsed ? new Problem('malformed', 'this is no HTTP that is understood here') : undefined;
}
