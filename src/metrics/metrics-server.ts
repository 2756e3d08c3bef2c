import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { formatHostPort } from '../core/host-port.ts';
import { listenAt } from '../core/listen.ts';
import type { Log } from '../core/log.ts';

const MAX_CONNECTIONS = 16;
const MAX_HEADER_BYTES = 8192;
/** For the whole of a request to arrive; those of a scrape are one packet. */
const REQUEST_MS = 5000;
/** A connection on which nothing moves; scrapes on one connection come more often. */
const SILENCE_MS = 90_000;
const REQUESTS_PER_CONNECTION = 10_000;
/** Scrapes within this time get the same text, so that nobody makes gluewall count all the time. */
const FRESH_MS = 250;

const INDEX = 'gluewall: metrics for Prometheus are at /metrics\n';

/**
 * The HTTP door of the metrics: GET /metrics, and GET / that says where they are. It has a listener of its own, bounded in
 * connections, octets and time, and what goes wrong in it stays in it.
 */
export class MetricsServer {
  readonly #registry: Registry;
  readonly #clock: TimeSource;
  readonly #log: Log;
  readonly #listen: { readonly host: string; readonly port: number };
  #server: Server | undefined;
  #text: { readonly text: string; readonly atMs: number } | undefined;
  #rendering: Promise<string> | undefined;

  constructor(
    registry: Registry,
    listen: { readonly host: string; readonly port: number },
    clock: TimeSource,
    log: Log,
  ) {
    this.#registry = registry;
    this.#listen = listen;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves with the port. Rejects with GluewallError `metrics-listen` when the address cannot be had. */
  async start(): Promise<number> {
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: SILENCE_MS,
    };
    const server = createServer(limits, (request, response) => this.#answer(request, response));
    server.maxConnections = MAX_CONNECTIONS;
    server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
    server.setTimeout(SILENCE_MS);
    const port = await listenAt(server, this.#listen, 'metrics.listen').catch((cause: Error) => {
      throw new GluewallError('metrics-listen', cause.message, { cause });
    });
    // Such as one for want of file descriptors: the next scrape tries again.
    server.on('error', (error) => this.#log.warn({ error: error.message }, 'a scrape was not let in'));
    this.#server = server;
    const { host } = this.#listen;
    this.#log.info({ host, port }, `metrics: http://${formatHostPort(host, port)}/metrics`);
    return port;
  }

  /** Ends all connections. Safe twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // A body is of no use here, and is not waited for.
    if (hasBody(request)) response.setHeader('Connection', 'close');
    response.on('error', (error) => this.#log.debug({ error: error.message }, 'a scrape was not answered'));
    const path = (request.url ?? '').replace(/\?.*/s, '');
    if (path !== '/' && path !== '/metrics') send(response, 404, 'not found: metrics are at /metrics\n');
    else if (request.method !== 'GET') {
      response.setHeader('Allow', 'GET');
      send(response, 405, 'only GET\n');
    } else if (path === '/') send(response, 200, INDEX);
    else this.#sendMetrics(response);
  }

  #sendMetrics(response: ServerResponse): void {
    this.#current()
      .then((text) => send(response, 200, text, this.#registry.contentType))
      .catch((error: Error) => {
        this.#log.warn({ error: error.message }, 'metrics could not be written');
        send(response, 500, 'metrics could not be written; the log has the reason\n');
      });
  }

  /** Those who ask at the same time, or soon after, get the same. */
  async #current(): Promise<string> {
    if (this.#text !== undefined && this.#clock.nowMs() - this.#text.atMs < FRESH_MS) return this.#text.text;
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }

  /** One metric in each turn of the event loop: packets are judged in between. */
  async #render(): Promise<string> {
    const parts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      parts.push(await this.#registry.getSingleMetricAsString(name));
      await setImmediate();
    }
    const text = `${parts.join('\n')}\n`;
    this.#text = { text, atMs: this.#clock.nowMs() };
    return text;
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function send(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}
