import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Services } from '../services/services.ts';
import { ControlConnection } from './control-connection.ts';
import { Turns } from './turns.ts';

const MAX_CONNECTIONS = 32;
/** What Linux has room for in sockaddr_un, less the final NUL. */
const MAX_PATH_BYTES = 107;

/** The unix-socket door, for the user it runs as alone (mode 0600). */
export class ControlServer {
  readonly #path: string;
  readonly #services: Services;
  readonly #log: Log;
  readonly #connections = new Set<Socket>();
  readonly #turns = new Turns();
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
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(this.#problem(`cannot be made: ${error.message}`)));
      // Nobody else may connect in the moment between bind and chmod.
      const umask = process.umask(0o177);
      server.listen(this.#path, resolve);
      process.umask(umask);
    });
    // Such as one for want of file descriptors: whoever wanted to connect tries again.
    server.on('error', (error) => this.#log.warn({ error: error.message }, 'a control connection was not taken'));
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
    const found = this.#attempt(() => lstatSync(this.#path, { throwIfNoEntry: false }));
    if (found === undefined) return;
    if (!found.isSocket()) throw this.#problem('exists and is no socket; remove it or set control.socket');
    const isInUse = await new Promise<boolean>((resolve) => {
      const probe = connect(this.#path, () => {
        probe.destroy();
        resolve(true);
      });
      // One that is stopped, or has too many waiting, refuses nobody.
      probe.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
    });
    if (isInUse) throw this.#problem('is in use by another gluewall; stop it or set control.socket');
    this.#attempt(() => rmSync(this.#path, { force: true }));
  }

  #attempt<T>(operation: () => T): T {
    try {
      return operation();
    } catch (cause) {
      throw this.#problem(`cannot be made: ${(cause as Error).message}`);
    }
  }

  #problem(text: string): GluewallError {
    return new GluewallError('control-socket', `control socket ${this.#path} ${text}`);
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    new ControlConnection(socket, this.#services, this.#turns, this.#log).start();
  }
}
