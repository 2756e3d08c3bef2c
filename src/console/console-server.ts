import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { GluewallError } from '../core/errors.ts';
import { listenAt } from '../core/listen.ts';
import type { Log } from '../core/log.ts';
import type { ServerKeys } from '../core/tls-settings.ts';

const MAX_CONNECTIONS = 2000;
const MAX_PER_ADDRESS = 500;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/** How long what comes and goes on a connection may take. */
export interface ConsoleTimes {
  /** For the fields of a request to arrive. */
  readonly headersMs: number;
  /** For all of a request to arrive, its body too. */
  readonly requestMs: number;
  readonly handshakeMs: number;
  /** A connection between two requests. */
  readonly restMs: number;
  /** A connection on which nothing moves; live streams have something to say more often. */
  readonly silenceMs: number;
}

const TIMES: ConsoleTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  handshakeMs: 10_000,
  restMs: 65_000,
  silenceMs: 75_000,
};
/** What answers that are being sent may still take when the console ends. */
const DRAIN_MS = 1000;

/** The HTTP or HTTPS listener, bounded in connections, octets and time. */
export class ConsoleServer {
  readonly #listen: { readonly host: string; readonly port: number };
  readonly #keys: ServerKeys | undefined;
  readonly #log: Log;
  readonly #times: ConsoleTimes;
  readonly #addresses = new Map<string, number>();
  #server: Server | undefined;
  #refused = 0;

  /** `keys` undefined: plain HTTP. */
  constructor(
    listen: { readonly host: string; readonly port: number },
    keys: ServerKeys | undefined,
    log: Log,
    times = TIMES,
  ) {
    this.#times = times;
    this.#listen = listen;
    this.#keys = keys;
    this.#log = log;
  }

  /** Connections that were closed at once: there were too many. */
  get refused(): number {
    return this.#refused;
  }

  /** Resolves with the port. Rejects with GluewallError `console-listen` when the address cannot be had. */
  async start(fetch: Parameters<typeof createAdaptorServer>[0]['fetch']): Promise<number> {
    const server = this.#create(fetch);
    server.maxConnections = MAX_CONNECTIONS;
    server.maxHeadersCount = MAX_HEADERS;
    server.setTimeout(this.#times.silenceMs);
    server.on('connection', (socket: Socket) => this.#admit(socket));
    server.on('drop', () => this.#refused++);
    const port = await listenAt(server, this.#listen, 'console.listen').catch((cause: Error) => {
      throw new GluewallError('console-listen', cause.message, { cause });
    });
    // Such as one for want of file descriptors: the browser tries again.
    server.on('error', (error) => this.#log.warn({ error: error.message }, 'a browser was not let in'));
    this.#server = server;
    return port;
  }

  /** Lets answers that are being sent end, for a second. Safe twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(timer);
  }

  #create(fetch: Parameters<typeof createAdaptorServer>[0]['fetch']): Server {
    const { headersMs, requestMs, handshakeMs, restMs } = this.#times;
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1000, headersMs),
      keepAliveTimeout: restMs,
    };
    if (this.#keys === undefined) {
      return createAdaptorServer({ fetch, createServer: createHttpServer, serverOptions: limits }) as Server;
    }
    const serverOptions = { ...limits, ...this.#keys, handshakeTimeout: handshakeMs };
    return createAdaptorServer({ fetch, createServer: createHttpsServer, serverOptions }) as unknown as Server;
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const before = this.#addresses.get(address) ?? 0;
    if (before >= MAX_PER_ADDRESS) {
      this.#refused++;
      socket.destroy();
      return;
    }
    this.#addresses.set(address, before + 1);
    socket.once('close', () => {
      const left = this.#addresses.get(address)! - 1;
      if (left === 0) this.#addresses.delete(address);
      else this.#addresses.set(address, left);
    });
  }
}
