import type { Duplex } from 'node:stream';
import type { TimeSource } from '../core/clock.ts';
import { boundTimes } from '../dns/observation-records.ts';
import { FrameReader } from './capture-wire.ts';
import { ClockShift } from './clock-shift.ts';
import { readCaptureMessage } from './message-schema.ts';
import type { CaptureMessage } from './protocol.ts';

/** What is older when it comes counts as no older. */
const MAX_AGE_MS = 60_000;

/** Takes batches of observations (dns/observation-layout.ts); `shiftMs` leads from their times to our clock. */
export type TakeBatch = (batch: Uint8Array, shiftMs: number) => void;

export interface CaptureLinkHooks {
  readonly onBatch: TakeBatch;
  onMessage(message: CaptureMessage): void;
  /** The other end breaks the protocol, in words; the connection is closed. Called once at most. */
  onProblem(problem: string): void;
}

/**
 * The receiving end of one connection. Whatever the other end sends, a frame at a time is held, and times lie within the last
 * minute.
 */
export class CaptureLink {
  readonly #stream: Duplex;
  readonly #clock: TimeSource;
  readonly #hooks: CaptureLinkHooks;
  readonly #shift: ClockShift;
  readonly #reader: FrameReader;
  #isClosed = false;

  constructor(stream: Duplex, clock: TimeSource, hooks: CaptureLinkHooks) {
    this.#stream = stream;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#shift = new ClockShift(clock);
    this.#reader = new FrameReader({
      onBatch: (batch, sentAtMs) => this.#batch(batch, sentAtMs),
      onMessage: (value) => this.#message(value),
    });
    stream.on('data', (octets: Buffer) => {
      const problem = this.#isClosed ? undefined : this.#reader.push(octets);
      if (problem !== undefined) this.#refuse(problem);
    });
  }

  /** Nothing more is heard of it. Safe twice. */
  close(): void {
    this.#isClosed = true;
    this.#stream.destroy();
  }

  #batch(batch: Uint8Array, sentAtMs: number): void {
    if (this.#isClosed) return;
    const shiftMs = this.#shift.at(sentAtMs);
    const latestMs = this.#clock.nowMs() - shiftMs;
    boundTimes(batch, latestMs - MAX_AGE_MS, latestMs);
    this.#hooks.onBatch(batch, shiftMs);
  }

  #message(value: unknown): void {
    if (this.#isClosed) return;
    const message = readCaptureMessage(value);
    if (message === undefined) this.#refuse('it sends a message that this version does not know');
    else this.#hooks.onMessage(message);
  }

  #refuse(problem: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#hooks.onProblem(problem);
  }
}
