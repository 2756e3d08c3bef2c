import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { TlsSettings } from '../core/tls-settings.ts';
import { type CapturePlace, formatCapturePlace } from './capture-place.ts';

/** TCP and TLS handshake together. */
const CONNECT_MS = 10_000;
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 8000;

/** Keeps one connection to the one that learns: tries for ever, and anew whenever the connection has ended. */
export class CaptureDialer {
  readonly #place: CapturePlace;
  readonly #tls: TlsSettings | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChange: (socket: Socket | undefined) => void;
  readonly #name: string;
  #backoffMs = MIN_BACKOFF_MS;
  #socket: Socket | undefined;
  #cancelTimer = () => {};
  #isStopped = false;
  /** What was said last, so that each change is said once. */
  #said = '';

  /** An address needs `tls`. `onChange` is given a connection that stands, and undefined when it has ended. */
  constructor(
    place: CapturePlace,
    tls: TlsSettings | undefined,
    clock: Clock,
    log: Log,
    onChange: (socket: Socket | undefined) => void,
  ) {
    this.#place = place;
    this.#tls = tls;
    this.#clock = clock;
    this.#log = log;
    this.#onChange = onChange;
    this.#name = formatCapturePlace(place);
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
    let problem = 'the other end closed it';
    let connectedAtMs: number | undefined;
    this.#cancelTimer = this.#clock.after(CONNECT_MS, () => {
      problem = `none within ${CONNECT_MS / 1000} s`;
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      problem = error.code ?? error.message;
    });
    socket.once('path' in this.#place ? 'connect' : 'secureConnect', () => {
      this.#cancelTimer();
      connectedAtMs = this.#clock.nowMs();
      this.#say('info', `connected to ${this.#name}`);
      this.#onChange(socket);
    });
    // Nothing comes this way; it has to be read all the same for its end to be seen.
    socket.resume();
    socket.once('close', () => {
      this.#cancelTimer();
      if (connectedAtMs !== undefined) this.#onChange(undefined);
      if (!this.#isStopped) this.#dialLater(problem, connectedAtMs);
    });
  }

  #open(): Socket {
    const place = this.#place;
    if ('path' in place) return connect(place.path);
    // A certificate is of a gluewall, not of a host name: who has one of our authority may be told what we see.
    const { host, port } = place;
    return connectTls({ ...this.#tls, host, port, rejectUnauthorized: true, checkServerIdentity: () => undefined });
  }

  /** Only a connection that lasted longer than the wait before it shows that all is well. */
  #dialLater(problem: string, connectedAtMs: number | undefined): void {
    const often = `it is tried again, at least every ${MAX_BACKOFF_MS / 1000} s`;
    this.#say('warn', `no connection to ${this.#name} (${problem}): nothing is learned from this capture; ${often}`);
    if (connectedAtMs !== undefined && this.#clock.nowMs() - connectedAtMs >= this.#backoffMs) {
      this.#backoffMs = MIN_BACKOFF_MS;
    }
    this.#cancelTimer = this.#clock.after(this.#backoffMs, () => this.#dial());
    this.#backoffMs = Math.min(this.#backoffMs * 2, MAX_BACKOFF_MS);
  }

  #say(level: 'info' | 'warn', text: string): void {
    if (this.#said === text) return;
    this.#said = text;
    this.#log[level]({}, text);
  }
}
