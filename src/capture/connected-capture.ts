import type { Socket } from 'node:net';
import type { TimeSource } from '../core/clock.ts';
import { printable } from '../core/printable.ts';
import { countRecords } from '../dns/observation-records.ts';
import { addTotals, type CaptureTotals, NO_TOTALS, type SourceFigures, totalsOf } from './capture-figures.ts';
import { CaptureLink, type TakeBatch } from './capture-link.ts';
import type { CaptureMessage, HelloMessage, StatisticsMessage } from './protocol.ts';

export interface ConnectedCaptureHooks {
  readonly onBatch: TakeBatch;
  /** It has said who it is. */
  onHello(capture: ConnectedCapture): void;
  /** Something that the operator should know, as a sentence for the log. */
  onProblem(text: string): void;
}

/** A capture that has connected to us, and what is known of it when it has gone. */
export class ConnectedCapture {
  readonly #clock: TimeSource;
  readonly #hooks: ConnectedCaptureHooks;
  /** Of its certificate. */
  readonly #subject: string | undefined;
  readonly #link: CaptureLink;
  #isConnected = true;
  #hello: HelloMessage | undefined;
  #statistics: StatisticsMessage | undefined;
  #observations = 0;
  #before: CaptureTotals = NO_TOTALS;
  #heardAtMs: number;

  constructor(socket: Socket, subject: string | undefined, clock: TimeSource, hooks: ConnectedCaptureHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#subject = subject;
    this.#heardAtMs = clock.nowMs();
    socket.on('close', () => {
      this.#isConnected = false;
    });
    this.#link = new CaptureLink(socket, clock, {
      onBatch: (batch, shiftMs) => this.#take(batch, shiftMs),
      onMessage: (message) => this.#receive(message),
      onProblem: (problem) => hooks.onProblem(`${this.name} is disconnected: ${problem}`),
    });
  }

  /** False until it has said who it is. */
  get isKnown(): boolean {
    return this.#hello !== undefined;
  }

  get name(): string {
    const host = this.#hello === undefined ? 'a capture' : `the capture of ${printable(this.#hello.name)}`;
    return this.#subject === undefined ? host : `${host} (${this.#subject})`;
  }

  /** The same for one that comes back. */
  get identity(): string {
    return JSON.stringify([this.#subject, this.#hello?.name, this.#hello?.interfaces]);
  }

  /** When it was last heard of. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  get isCapturing(): boolean {
    const { interfaces, openInterfaces } = this.source;
    return interfaces.length > 0 && openInterfaces.length === interfaces.length;
  }

  get source(): SourceFigures {
    const totals = addTotals(this.#before, totalsOf(this.#statistics, this.#observations));
    return {
      name: this.name,
      isConnected: this.#isConnected,
      interfaces: (this.#hello?.interfaces ?? []).map(printable),
      openInterfaces: this.#isConnected ? (this.#statistics?.openInterfaces ?? []).map(printable) : [],
      ...totals,
    };
  }

  /** Takes over the figures of the connection that this one goes on from. */
  goOnFrom({ source }: ConnectedCapture): void {
    this.#before = source;
  }

  /** Ends the connection; nothing is taken from it any more. Safe twice. */
  close(): void {
    this.#link.close();
  }

  #take(batch: Uint8Array, shiftMs: number): void {
    this.#heardAtMs = this.#clock.nowMs();
    if (this.#hello === undefined) return;
    this.#observations += countRecords(batch);
    this.#hooks.onBatch(batch, shiftMs);
  }

  #receive(message: CaptureMessage): void {
    this.#heardAtMs = this.#clock.nowMs();
    switch (message.kind) {
      case 'hello':
        if (this.#hello !== undefined) return;
        this.#hello = message;
        this.#hooks.onHello(this);
        break;
      case 'statistics':
        this.#statistics = message;
        break;
      case 'ready':
        break;
      case 'problem':
        this.#hooks.onProblem(
          printable(`${this.name} cannot capture on ${message.interface}: ${message.reason}; ${message.remedy}`),
        );
        break;
    }
  }
}
