import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type CapturePlace, formatCapturePlace } from '../capture/capture-place.ts';
import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { listenOnUnixSocket } from '../core/unix-socket.ts';
import { DnstapConnection } from './dnstap-connection.ts';
import { DnstapObserver } from './dnstap-observer.ts';
import { ReadingTurns } from './reading-turns.ts';

export interface DnstapReceiverOptions {
  readonly listen: CapturePlace;
  /** Whether the group of a unix socket may write to it, too. */
  readonly isForGroup: boolean;
  /** Who the writers are, where they do not say so themselves. */
  readonly resolvers: readonly Address[];
  /**
   * Takes `count` data frames as they came, one behind the other, each behind its length, which hold only during the call;
   * `writer` is the address of who writes, or `local`.
   */
  readonly onFrames?: (frames: Buffer, count: number, writer: string) => void;
}

/** What came by dnstap since the start. */
export interface DnstapStatistics {
  /** Connections that have begun their stream and not ended it. */
  readonly connected: number;
  /** Frames by the type of their message (DnstapCounter). */
  readonly frames: Readonly<Record<string, number>>;
  /** What became of the resolver's messages (CaptureCounter). */
  readonly messages: Readonly<Record<string, number>>;
}

const MAX_CONNECTIONS = 64;

/** Takes what resolvers write as dnstap over Frame Streams. */
export class DnstapReceiver {
  readonly #options: DnstapReceiverOptions;
  readonly #observer: DnstapObserver;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #said: PacedLog;
  readonly #problems: PacedLog;
  readonly #connections = new Set<DnstapConnection>();
  readonly #turns = new ReadingTurns();
  #server: Server | undefined;

  /** `onBatch` takes batches of queries that left and responses that came in. */
  constructor(options: DnstapReceiverOptions, onBatch: (batch: Uint8Array) => void, clock: Clock, log: Log) {
    this.#options = options;
    this.#observer = new DnstapObserver(clock, options.resolvers, onBatch);
    this.#clock = clock;
    this.#log = log;
    this.#said = new PacedLog(clock, log, 'warn');
    this.#problems = new PacedLog(clock, log, 'warn');
  }

  /** Resolves with the port, 0 for a unix socket. Rejects with GluewallError `dnstap-listen`. */
  async start(): Promise<number> {
    const { listen } = this.#options;
    const server = createServer((socket) => this.#accept(socket));
    await this.#listen(server).catch((cause: Error) => {
      throw new GluewallError('dnstap-listen', `dnstap.listen: ${formatCapturePlace(listen)} ${cause.message}`, {
        cause,
      });
    });
    // Such as one for want of file descriptors: the resolver tries again.
    server.on('error', (error) => this.#problems.say({}, `a dnstap writer was not let in: ${error.message}`));
    this.#server = server;
    const bound = server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    const where = formatCapturePlace('path' in listen ? listen : { host: listen.host, port });
    this.#log.info('path' in listen ? {} : { port }, `listening for dnstap on ${where}`);
    return port;
  }

  /** Ends all connections. Safe twice; nothing is observed after the call. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const connection of this.#connections) connection.close();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#said.stop();
    this.#problems.stop();
  }

  /** True while a resolver writes, or could. */
  get isConnected(): boolean {
    return [...this.#connections].some(({ isStarted }) => isStarted);
  }

  statistics(): DnstapStatistics {
    const connected = [...this.#connections].filter(({ isStarted }) => isStarted).length;
    const { counters, messageCounters } = this.#observer;
    return { connected, frames: counters.snapshot(), messages: messageCounters.snapshot() };
  }

  async #listen(server: Server): Promise<void> {
    const { listen, isForGroup } = this.#options;
    if ('path' in listen) {
      await listenOnUnixSocket(server, listen.path, 'dnstap.listen');
      if (isForGroup) chmodSync(listen.path, 0o660);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(new Error(`cannot be listened on: ${error.message}`));
      server.once('error', fail);
      server.listen(listen.port, listen.host, () => {
        server.removeListener('error', fail);
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    // A broken connection is one that ends.
    socket.on('error', () => {});
    this.#makeRoom();
    const address = socket.remoteAddress;
    const name = address ?? 'a resolver of this machine';
    const connection = new DnstapConnection(socket, this.#clock, {
      onPayload: (octets) => this.#observer.take(octets),
      onFrames: (frames, count) => this.#options.onFrames?.(frames, count, address ?? 'local'),
      onStart: () => this.#said.say({}, `${name} writes dnstap`),
      onProblem: (problem) => this.#problems.say({}, `the dnstap stream of ${name} was ended: ${problem}`),
    });
    this.#connections.add(connection);
    this.#turns.add(socket);
    socket.on('data', ({ length }: Buffer) => this.#turns.took(socket, length));
    socket.on('close', () => {
      this.#connections.delete(connection);
      this.#turns.delete(socket);
    });
  }

  /** Where there is none the connection that was silent longest goes, so that those who only hold one keep nobody out. */
  #makeRoom(): void {
    if (this.#connections.size < MAX_CONNECTIONS) return;
    const silent = [...this.#connections].reduce((a, b) => (b.lastMs < a.lastMs ? b : a));
    this.#connections.delete(silent);
    silent.close();
    this.#problems.say({}, `more than ${MAX_CONNECTIONS} dnstap writers: the one that was silent longest was ended`);
  }
}
