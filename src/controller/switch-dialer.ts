import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import type { Counters } from '../core/counters.ts';
import { formatHostPort } from '../core/host-port.ts';
import type { Log } from '../core/log.ts';
import { subjectOf, type TlsSettings } from '../core/tls-settings.ts';
import { describeConnectionProblem, describeTlsProblem } from './tls-problem.ts';

/** TCP and TLS handshake together. */
const CONNECT_MS = 10_000;
/** As Open vSwitch waits before it tries again. */
const MIN_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 8000;

/** A switch that listens: `ptcp:` in Open vSwitch is `tcp` here, `pssl:` is `ssl`. */
export interface SwitchTarget {
  readonly scheme: 'tcp' | 'ssl';
  readonly host: string;
  readonly port: number;
}

export type DialerCounter = 'dialed' | 'dialed in vain';

/** Takes a connection that stands; with TLS the switch is one that our authority vouches for, under the name `subject`. */
export type TakeConnection = (socket: Socket, subject: string | undefined) => void;

/** Keeps one connection to a switch that listens: tries for ever, and anew whenever the connection has ended. */
export class SwitchDialer {
  readonly #target: SwitchTarget;
  readonly #tls: TlsSettings | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counters: Pick<Counters<DialerCounter>, 'add'>;
  readonly #take: TakeConnection;
  readonly #name: string;
  #backoffMs = MIN_BACKOFF_MS;
  #socket: Socket | undefined;
  #cancelTimer = () => {};
  #isStopped = false;
  /** So that each change is said once. */
  #lastLogged: string | undefined;

  /** A target `ssl` needs `tls`. */
  constructor(
    target: SwitchTarget,
    tls: TlsSettings | undefined,
    clock: Clock,
    log: Log,
    counters: Pick<Counters<DialerCounter>, 'add'>,
    take: TakeConnection,
  ) {
    this.#target = target;
    this.#tls = tls;
    this.#clock = clock;
    this.#log = log;
    this.#counters = counters;
    this.#take = take;
    const { scheme, host, port } = target;
    this.#name = `${scheme}:${formatHostPort(host, port)}`;
  }

  start(): void {
    this.#dial();
  }

  /** Ends the connection too; safe twice. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#socket?.destroy();
  }

  #dial(): void {
    const socket = this.#open();
    this.#socket = socket;
    const describe = this.#target.scheme === 'ssl' ? describeTlsProblem : describeConnectionProblem;
    let problem = describe();
    let connectedAtMs: number | undefined;
    this.#cancelTimer = this.#clock.after(CONNECT_MS, () => {
      problem = `no connection within ${CONNECT_MS / 1000} s`;
      socket.destroy();
    });
    socket.on('error', (error) => {
      problem = describe(error);
    });
    socket.once(this.#target.scheme === 'ssl' ? 'secureConnect' : 'connect', () => {
      this.#cancelTimer();
      connectedAtMs = this.#clock.nowMs();
      this.#connected(socket);
    });
    socket.once('close', () => {
      this.#cancelTimer();
      if (connectedAtMs === undefined) this.#missed(problem);
      else this.#lost(this.#clock.nowMs() - connectedAtMs);
    });
  }

  #open(): Socket {
    const { scheme, host, port } = this.#target;
    if (scheme === 'tcp') return connect({ host, port });
    // A certificate is of a switch, not of a host name: as in Open vSwitch, who has one of our authority is a switch.
    return connectTls({ ...this.#tls, host, port, rejectUnauthorized: true, checkServerIdentity: () => undefined });
  }

  #connected(socket: Socket): void {
    this.#counters.add('dialed');
    const subject = this.#target.scheme === 'ssl' ? subjectOf(socket as TLSSocket) : undefined;
    const state = `connected to ${this.#name}${subject === undefined ? '' : ` as ${subject}`}`;
    if (this.#lastLogged !== state) this.#log.info({ target: this.#name, subject }, state);
    this.#lastLogged = state;
    this.#take(socket, subject);
  }

  #missed(problem: string): void {
    if (this.#isStopped) return;
    this.#counters.add('dialed in vain');
    if (this.#lastLogged !== problem) {
      const often = `it is tried again, at least every ${MAX_BACKOFF_MS / 1000} s`;
      this.#log.warn({ target: this.#name }, `no connection to ${this.#name}: ${problem}; ${often}`);
    }
    this.#lastLogged = problem;
    this.#dialLater();
  }

  /** Only a connection that lasted longer than the wait before it shows that all is well. */
  #lost(lastedMs: number): void {
    if (lastedMs >= this.#backoffMs) this.#backoffMs = MIN_BACKOFF_MS;
    this.#dialLater();
  }

  #dialLater(): void {
    if (this.#isStopped) return;
    this.#cancelTimer = this.#clock.after(this.#backoffMs, () => this.#dial());
    this.#backoffMs = Math.min(this.#backoffMs * 2, MAX_BACKOFF_MS);
  }
}
