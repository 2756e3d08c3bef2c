import { constants } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { subjectOf, type TlsSettings } from '../core/tls-settings.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { peerOf } from './peer.ts';
import { certificateProblem, describeTlsProblem } from './tls-problem.ts';

/** How long a TLS handshake may take. */
const HANDSHAKE_MS = 10_000;

export type ListenerCounter = 'accepted' | 'refused: rate' | 'refused: no room' | 'refused: TLS' | 'refused: slow TLS';

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Connections in a second, on average. */
  readonly ratePerSecond: number;
  /** Connections at once after a quiet while. */
  readonly burst: number;
}

export interface ListenerHooks {
  /** Why there is no room for a connection beside `handshakes` that are under way; undefined when there is. */
  full(handshakes: number): string | undefined;
  /** A switch has connected; with TLS it is one that our authority vouches for, under the name `subject`. */
  connected(socket: Socket, subject: string | undefined): void;
}

interface Handshake {
  readonly socket: Socket;
  readonly cancelLimit: () => void;
}

/** Where switches connect: TCP, with TLS and a certificate of theirs where `tls` is given. */
export class SwitchListener {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: ListenerOptions;
  readonly #hooks: ListenerHooks;
  readonly #counters: Pick<Counters<ListenerCounter>, 'add'>;
  readonly #bucket: TokenBucket;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  /** By the addresses and ports of both ends. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #paced: Readonly<Record<'rate' | 'full' | 'tls', PacedLog>>;
  #isStopped = false;

  constructor(
    clock: Clock,
    log: Log,
    options: ListenerOptions,
    tls: TlsSettings | undefined,
    counters: Pick<Counters<ListenerCounter>, 'add'>,
    hooks: ListenerHooks,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
    this.#hooks = hooks;
    this.#counters = counters;
    this.#bucket = new TokenBucket(clock, options.ratePerSecond, options.burst);
    const paced = () => new PacedLog(clock, log, 'warn');
    this.#paced = { rate: paced(), full: paced(), tls: paced() };
    this.#server = createServer((socket) => this.#accept(socket));
    this.#tls = tls === undefined ? undefined : this.#createTls(tls);
  }

  /** Rejects with GluewallError `listen` when the address cannot be had. Resolves with the port listened on. */
  start(): Promise<number> {
    const { host, port } = this.#options;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (server.listening) {
          this.#log.error({}, `a connection could not be accepted: ${error.message}`);
          return;
        }
        const remedy =
          error.code === 'EADDRINUSE'
            ? 'another controller runs there; stop it or change openflow.listen'
            : error.message;
        reject(new GluewallError('listen', `cannot listen on ${host}:${port}: ${remedy}`));
      });
      server.listen(port, host, () => {
        const bound = server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
      });
    });
  }

  /** Ends the handshakes and listens no more; resolves when the connections handed on have ended, too. Safe twice. */
  async stop(): Promise<void> {
    for (const [ends, { socket }] of [...this.#handshakes]) {
      this.#endHandshake(ends);
      socket.destroy();
    }
    for (const paced of Object.values(this.#paced)) paced.stop();
    if (this.#isStopped) return;
    this.#isStopped = true;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    // One that has gone already has no address.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    if (!this.#bucket.take()) {
      const limit = this.#options.ratePerSecond;
      this.#refuse(socket, 'refused: rate', this.#paced.rate, `openflow.connection_rate is ${limit} a second`);
      return;
    }
    const full = this.#hooks.full(this.#handshakes.size);
    if (full !== undefined) {
      this.#refuse(socket, 'refused: no room', this.#paced.full, full);
      return;
    }
    if (this.#tls === undefined) this.#connected(socket, undefined);
    else this.#shakeHands(socket, this.#tls);
  }

  #refuse(socket: Socket, counter: ListenerCounter, paced: PacedLog, reason: string): void {
    const peer = peerOf(socket);
    socket.destroy();
    this.#counters.add(counter);
    paced.say({ peer }, `connection from ${peer} refused: ${reason}`);
  }

  #shakeHands(socket: Socket, tls: TlsServer): void {
    const peer = peerOf(socket);
    const ends = endsOf(socket);
    const cancelLimit = this.#clock.after(HANDSHAKE_MS, () => {
      this.#endHandshake(ends);
      this.#refuse(socket, 'refused: slow TLS', this.#paced.tls, `no TLS handshake within ${HANDSHAKE_MS / 1000} s`);
    });
    // The same port may come again before the end of the connection that had it is told.
    this.#endHandshake(ends);
    this.#handshakes.set(ends, { socket, cancelLimit });
    // The TLS end tells what went wrong.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#handshakes.get(ends)?.socket !== socket) return;
      this.#endHandshake(ends);
      this.#refuseTls(peer, undefined, describeTlsProblem());
    });
    tls.emit('connection', socket);
  }

  /**
   * Certificates are checked by `#secured`, which can say whose was refused and why. No session is resumed: a resumed one
   * would show no certificate.
   */
  #createTls(settings: TlsSettings): TlsServer {
    const secureOptions = constants.SSL_OP_NO_TICKET;
    const server = createTlsServer({ ...settings, secureOptions, requestCert: true, rejectUnauthorized: false });
    server.on('secureConnection', (socket: TLSSocket) => this.#secured(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      const peer = peerOf(socket);
      const isUnderWay = this.#endHandshake(endsOf(socket));
      socket.destroy();
      if (isUnderWay) this.#refuseTls(peer, undefined, describeTlsProblem(error));
    });
    return server;
  }

  #secured(socket: TLSSocket): void {
    const peer = peerOf(socket);
    // A peer that has gone in this very moment has no address any more.
    const isUnderWay = this.#endHandshake(endsOf(socket));
    const subject = subjectOf(socket);
    if (isUnderWay && socket.authorized && subject !== undefined && !socket.isSessionReused()) {
      this.#connected(socket, subject);
      return;
    }
    if (isUnderWay) this.#refuseTls(peer, subject, certificateProblem(socket));
    socket.destroy();
  }

  #refuseTls(peer: string, subject: string | undefined, problem: string): void {
    this.#counters.add('refused: TLS');
    const name = subject === undefined ? peer : `${peer} (${subject})`;
    this.#paced.tls.say({ peer, subject }, `connection from ${name} refused: ${problem}`);
  }

  #connected(socket: Socket, subject: string | undefined): void {
    this.#counters.add('accepted');
    this.#hooks.connected(socket, subject);
  }

  /** True when it was under way: each ends once. */
  #endHandshake(ends: string): boolean {
    this.#handshakes.get(ends)?.cancelLimit();
    return this.#handshakes.delete(ends);
  }
}

/** No two connections have the same; one that has ended has none. */
function endsOf(socket: Socket): string {
  return `${peerOf(socket)} ${socket.localAddress}:${socket.localPort}`;
}
