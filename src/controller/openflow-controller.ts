import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { PacketInQueue, type PacketInQueueOptions } from './packet-in-queue.ts';
import type { SessionHooks } from './session-hooks.ts';
import { SwitchSession } from './switch-session.ts';

export interface ControllerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Connections at once; what comes beyond is turned away. */
  readonly switches: number;
  readonly packetIns: PacketInQueueOptions;
}

/** What the owner of the controller supplies. */
export interface ControllerHooks extends Omit<SessionHooks, 'identified' | 'closed'> {
  gone(session: SwitchSession): void;
}

/** Listens for switches and holds their sessions. Knows flows, not DNS. */
export class OpenFlowController {
  /** The packet_ins of all switches on their way to the owner. */
  readonly queue: PacketInQueue;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: ControllerOptions;
  readonly #hooks: ControllerHooks;
  readonly #sessions = new Set<SwitchSession>();
  readonly #identified = new Map<string, SwitchSession>();
  #server: Server | undefined;
  #errors = 0;

  constructor(clock: Clock, log: Log, options: ControllerOptions, hooks: ControllerHooks) {
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
    this.#hooks = hooks;
    this.queue = new PacketInQueue(clock, options.packetIns);
  }

  /** Every switch that has said who it is, also those whose flows do not stand yet or are another controller's. */
  get sessions(): readonly SwitchSession[] {
    return [...this.#identified.values()];
  }

  /** Sessions whose flows stand. */
  get switches(): readonly SwitchSession[] {
    return [...this.#identified.values()].filter((session) => session.isReady);
  }

  /** OpenFlow ERROR messages received since the start. */
  get errors(): number {
    return [...this.#sessions].reduce((sum, session) => sum + session.counters.get('errors'), this.#errors);
  }

  /** Rejects with GluewallError `listen` when the address cannot be had. Resolves with the port listened on. */
  start(): Promise<number> {
    const { host, port } = this.#options.listen;
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
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

  /** Closes every connection; flows stay on the switches. Safe twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const session of [...this.#sessions]) session.close('the controller stops');
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Brings every switch in step with what is desired now. */
  reconcileAll(): void {
    for (const session of this.#identified.values()) session.desireChanged();
  }

  #accept(socket: Socket): void {
    if (this.#sessions.size >= this.#options.switches) {
      this.#log.warn(
        { peer: socket.remoteAddress },
        `connection refused: openflow.switches is ${this.#options.switches}`,
      );
      socket.destroy();
      return;
    }
    const session = new SwitchSession(socket, this.#clock, this.#log, this.queue, {
      ...this.#hooks,
      identified: (one) => this.#identify(one),
      closed: (one, reason) => this.#forget(one, reason),
    });
    this.#sessions.add(session);
    session.start();
  }

  #identify(session: SwitchSession): string | undefined {
    const holder = this.#identified.get(session.datapathId);
    if (holder !== undefined) {
      // A switch that lost its path comes back before its old connection is known to be dead.
      holder.challenge();
      return `datapath id ${session.datapathId} is in use by ${holder.peer}: two bridges must not share one`;
    }
    this.#identified.set(session.datapathId, session);
    return undefined;
  }

  #forget(session: SwitchSession, reason: string): void {
    this.#sessions.delete(session);
    this.#errors += session.counters.get('errors');
    const { datapathId, peer } = session;
    this.#log.warn({ datapathId, peer }, `switch ${datapathId === '' ? peer : datapathId} disconnected: ${reason}`);
    if (this.#identified.get(datapathId) !== session) return;
    this.#identified.delete(datapathId);
    this.#hooks.gone(session);
  }
}
