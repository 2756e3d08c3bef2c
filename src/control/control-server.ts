import { createServer, type Server, type Socket } from 'node:net';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { listenOnUnixSocket } from '../core/unix-socket.ts';
import type { NodeServices, Services } from '../services/services.ts';
import { ControlConnection } from './control-connection.ts';
import { Turns } from './turns.ts';

/** Those of the console, which asks 48 at once at most, and 32 for commands. */
const MAX_CONNECTIONS = 80;

/** The unix-socket door, for the user it runs as alone (mode 0600). */
export class ControlServer {
  readonly #path: string;
  readonly #services: Services | NodeServices;
  readonly #log: Log;
  readonly #connections = new Set<Socket>();
  readonly #turns = new Turns();
  #server: Server | undefined;

  constructor(path: string, services: Services | NodeServices, log: Log) {
    this.#path = path;
    this.#services = services;
    this.#log = log;
  }

  /** Rejects with GluewallError `control-socket` when the path is taken or cannot be made. */
  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    server.maxConnections = MAX_CONNECTIONS;
    await listenOnUnixSocket(server, this.#path, 'control.socket').catch((cause: Error) => {
      throw new GluewallError('control-socket', `control socket ${this.#path} ${cause.message}`, { cause });
    });
    // Such as one for want of file descriptors: whoever wanted to connect tries again.
    server.on('error', (error) => this.#log.warn({ error: error.message }, 'a control connection was not taken'));
    this.#server = server;
  }

  /** Ends all connections and removes the socket. Safe twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#connections) socket.destroy();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    new ControlConnection(socket, this.#services, this.#turns, this.#log).start();
  }
}
