import { constants } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type Clock, every } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { loadTlsSettings, subjectOf, type TlsFiles } from '../core/tls-settings.ts';
import { listenOnUnixSocket } from '../core/unix-socket.ts';
import { addTotals, type CaptureStatistics, NO_TOTALS } from './capture-figures.ts';
import type { TakeBatch } from './capture-link.ts';
import { type CapturePlace, formatCapturePlace } from './capture-place.ts';
import { ConnectedCapture } from './connected-capture.ts';

export interface CaptureServerOptions {
  readonly listen: CapturePlace;
  /** Needed by an address; a unix socket has none. */
  readonly tls?: TlsFiles;
}

/** Captures connected at once. */
const MAX_CAPTURES = 16;
/** Connections at once, those that have not agreed on TLS yet among them. */
const MAX_CONNECTIONS = 64;
/** Captures that have gone and are still told of. */
const MAX_GONE = 16;
const HANDSHAKE_MS = 10_000;
/** A capture says something every second. */
const SILENCE_MS = 10_000;

/** Takes what captures that are processes of their own send (`gluewall capture`), on this host or others. */
export class CaptureServer {
  readonly #options: CaptureServerOptions;
  readonly #onBatch: TakeBatch;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #strangers: PacedLog;
  readonly #comings: PacedLog;
  readonly #problems: PacedLog;
  readonly #sockets = new Set<Socket>();
  readonly #captures = new Set<ConnectedCapture>();
  /** Each with the name and interfaces of none that is connected; the oldest first. */
  #gone: ConnectedCapture[] = [];
  /** Of those that are told of no more. */
  #forgotten = NO_TOTALS;
  #server: Server | undefined;
  #cancelTimer = () => {};

  /** `onBatch` takes batches of queries that left and responses that came in. */
  constructor(options: CaptureServerOptions, onBatch: TakeBatch, clock: Clock, log: Log) {
    this.#options = options;
    this.#onBatch = onBatch;
    this.#clock = clock;
    this.#log = log;
    this.#strangers = new PacedLog(clock, log, 'warn');
    this.#comings = new PacedLog(clock, log, 'info');
    this.#problems = new PacedLog(clock, log, 'warn');
  }

  /** Resolves with the port, 0 for a unix socket. Rejects with GluewallError `capture-listen` or `tls-files`. */
  async start(): Promise<number> {
    const { listen } = this.#options;
    const server = 'path' in listen ? createServer((socket) => this.#accept(socket)) : this.#createTlsServer();
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await this.#listen(server).catch((cause: Error) => {
      const problem = `capture.listen: ${formatCapturePlace(listen)} ${cause.message}`;
      throw new GluewallError('capture-listen', problem, { cause });
    });
    // Such as one for want of file descriptors: the capture tries again.
    server.on('error', (error) => this.#strangers.say({}, `a capture was not let in: ${error.message}`));
    this.#server = server;
    this.#cancelTimer = every(this.#clock, SILENCE_MS / 2, () => this.#endSilent());
    const bound = server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    const where = formatCapturePlace('path' in listen ? listen : { host: listen.host, port });
    this.#log.info({ port }, `listening for captures on ${where}`);
    return port;
  }

  /** Ends all connections. Safe twice; nothing is observed after the call. */
  async stop(): Promise<void> {
    this.#cancelTimer();
    const server = this.#server;
    this.#server = undefined;
    for (const capture of this.#captures) capture.close();
    for (const socket of this.#sockets) socket.destroy();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#strangers.stop();
    this.#comings.stop();
    this.#problems.stop();
  }

  /** True while captures are connected and all their interfaces are open; found out within a second. */
  get isCapturing(): boolean {
    const captures = [...this.#captures];
    return captures.length > 0 && captures.every(({ isCapturing }) => isCapturing);
  }

  /** Totals since `start`, over all captures. */
  statistics(): CaptureStatistics {
    const sources = [...this.#captures, ...this.#gone].map((capture) => capture.source);
    const totals = sources.reduce(addTotals, this.#forgotten);
    return { ...totals, openInterfaces: sources.flatMap(({ openInterfaces }) => openInterfaces), restarts: 0, sources };
  }

  #createTlsServer(): Server {
    const { tls } = this.#options;
    if (tls === undefined) throw new GluewallError('capture-listen', 'capture.listen: an address needs capture.tls');
    const settings = loadTlsSettings(tls, this.#clock.nowMs(), 'capture.tls');
    const server = createTlsServer({
      ...settings,
      // A session that goes on would skip the certificate.
      secureOptions: constants.SSL_OP_NO_TICKET,
      requestCert: true,
      // Looked at below, where it can be told why.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    });
    server.on('secureConnection', (socket) => this.#secured(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      this.#refuse(socket, error.code ?? error.message);
    });
    return server;
  }

  #secured(socket: TLSSocket): void {
    const subject = subjectOf(socket);
    if (socket.authorized && subject !== undefined && !socket.isSessionReused()) this.#accept(socket, subject);
    else this.#refuse(socket, subject === undefined ? 'no certificate' : String(socket.authorizationError));
  }

  #refuse(socket: TLSSocket, problem: string): void {
    const peer = socket.remoteAddress ?? 'somewhere';
    const remedy = 'it needs a certificate of an authority in capture.tls.ca';
    this.#strangers.say({}, `refused a capture from ${peer} (${problem}); ${remedy}`);
    socket.on('error', () => {});
    socket.destroy();
  }

  #listen(server: Server): Promise<void> {
    const { listen } = this.#options;
    if ('path' in listen) return listenOnUnixSocket(server, listen.path, 'capture.listen');
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new Error(`cannot be listened on: ${error.message}`));
      server.once('error', fail);
      server.listen(listen.port, listen.host, () => {
        server.removeListener('error', fail);
        resolve();
      });
    });
  }

  #accept(socket: Socket, subject?: string): void {
    // A broken connection is one that ends.
    socket.on('error', () => {});
    if (this.#captures.size >= MAX_CAPTURES) {
      this.#strangers.say({}, `a capture was not let in: ${MAX_CAPTURES} are connected, which is the most`);
      socket.destroy();
      return;
    }
    const capture = new ConnectedCapture(socket, subject, this.#clock, {
      onBatch: (batch, shiftMs) => this.#onBatch(batch, shiftMs),
      onHello: (of) => this.#greet(of),
      onProblem: (text) => this.#problems.say({}, text),
    });
    this.#captures.add(capture);
    socket.on('close', () => this.#part(capture));
  }

  #greet(capture: ConnectedCapture): void {
    const before = this.#gone.find(({ identity }) => identity === capture.identity);
    if (before !== undefined) {
      this.#gone = this.#gone.filter((one) => one !== before);
      capture.goOnFrom(before);
    }
    this.#comings.say({}, `${capture.name} is connected, and captures on ${capture.source.interfaces.join(', ')}`);
  }

  #part(capture: ConnectedCapture): void {
    this.#captures.delete(capture);
    if (!capture.isKnown) return;
    this.#gone.push(capture);
    while (this.#gone.length > MAX_GONE) this.#forgotten = addTotals(this.#forgotten, this.#gone.shift()!.source);
    if (this.#server !== undefined) this.#problems.say({}, `${capture.name} is gone: nothing is learned from it now`);
  }

  #endSilent(): void {
    const nowMs = this.#clock.nowMs();
    for (const capture of this.#captures) {
      if (nowMs - capture.heardAtMs <= SILENCE_MS) continue;
      this.#problems.say({}, `${capture.name} has said nothing for ${SILENCE_MS / 1000} s: its connection is closed`);
      capture.close();
    }
  }
}
