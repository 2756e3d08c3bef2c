import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Services } from '../services/services.ts';
import { type ControlReply, controlRequest, MAX_REQUEST_BYTES, type ParsedRequest } from './protocol.ts';

const MAX_CONNECTIONS = 32;
const IDLE_MS = 30_000;
/** What Linux has room for in sockaddr_un, less the final NUL. */
const MAX_PATH_BYTES = 107;

/** The unix-socket door, for the user it runs as alone (mode 0600). */
export class ControlServer {
  readonly #path: string;
  readonly #services: Services;
  readonly #log: Log;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;

  constructor(path: string, services: Services, log: Log) {
    this.#path = path;
    this.#services = services;
    this.#log = log;
  }

  /** Rejects with GluewallError `control-socket` when the path is taken or cannot be made. */
  async start(): Promise<void> {
    if (Buffer.byteLength(this.#path) > MAX_PATH_BYTES) {
      throw this.#problem(`is longer than the ${MAX_PATH_BYTES} octets of a unix socket's name; choose a shorter one`);
    }
    await this.#clearStaleSocket();
    const server = createServer((socket) => this.#accept(socket));
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(this.#problem(`cannot be made: ${error.message}`)));
      // Nobody else may connect in the moment between bind and chmod.
      const umask = process.umask(0o177);
      server.listen(this.#path, resolve);
      process.umask(umask);
    });
    chmodSync(this.#path, 0o600);
    this.#server = server;
  }

  /** Ends all connections and removes the socket. Safe twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#connections) socket.destroy();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** A socket left by a dead process is removed; one that answers, or another kind of file, is left alone. */
  async #clearStaleSocket(): Promise<void> {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isSocket()) throw this.#problem('exists and is no socket; remove it or set control.socket');
    const answers = await new Promise<boolean>((resolve) => {
      const probe = connect(this.#path, () => {
        probe.destroy();
        resolve(true);
      });
      probe.on('error', () => resolve(false));
    });
    if (answers) throw this.#problem('is in use by another gluewall; stop it or set control.socket');
    unlinkSync(this.#path);
  }

  #problem(text: string): GluewallError {
    return new GluewallError('control-socket', `control socket ${this.#path} ${text}`);
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    let unread = '';
    socket.setEncoding('utf8');
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', (error) => this.#log.debug({ error: error.message }, 'control connection failed'));
    const lines: string[] = [];
    const answerNext = () => {
      for (;;) {
        // An answer that nobody reads holds up the ones behind it, not the process.
        if (socket.writableNeedDrain || socket.destroyed) return;
        const line = lines.shift();
        if (line === undefined) break;
        socket.write(`${JSON.stringify(this.#answer(line))}\n`);
      }
      socket.resume();
    };
    socket.on('drain', answerNext);
    socket.on('data', (text: string) => {
      lines.push(...(unread + text).split('\n'));
      unread = lines.pop() ?? '';
      socket.pause();
      answerNext();
      if (unread.length <= MAX_REQUEST_BYTES) return;
      const limit = `a request has at most ${MAX_REQUEST_BYTES} octets`;
      socket.end(`${JSON.stringify(refuse('request-too-long', limit))}\n`);
    });
  }

  #answer(line: string): ControlReply {
    const request = parseRequest(line);
    if ('ok' in request) return request;
    try {
      return { ok: true, result: this.#perform(request) };
    } catch (error) {
      this.#log.error({ operation: request.operation, error }, 'a control request failed');
      return refuse('internal', 'the request failed inside gluewall; its log says why');
    }
  }

  #perform(request: ParsedRequest): unknown {
    switch (request.operation) {
      case 'lookup':
        return this.#services.lookup(request.address);
      case 'check':
        return this.#services.check(request.address);
      case 'allow add':
        return this.#services.allowAdd(request.address);
      case 'allow remove':
        return this.#services.allowRemove(request.address);
      case 'status':
        return this.#services.status();
    }
  }
}

function parseRequest(line: string): ParsedRequest | ControlReply {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return refuse('bad-request', 'a request is one JSON object on one line');
  }
  const parsed = controlRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  return refuse('bad-request', parsed.error.issues.map(({ message }) => message).join('; '));
}

function refuse(code: string, message: string): ControlReply {
  return { ok: false, error: { code, message } };
}
