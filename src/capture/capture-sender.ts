import type { Duplex } from 'node:stream';
import type { TimeSource } from '../core/clock.ts';
import { countRecords } from '../dns/observation-records.ts';
import { composeBatchHead, composeMessage } from './capture-wire.ts';
import type { CaptureMessage } from './protocol.ts';

/** Octets that wait for a reader who does not keep up; beyond it batches are dropped. */
const MAX_WAITING_OCTETS = 16 * 1024 * 1024;

/** The sending end: frames to whoever is connected now. What nobody takes is dropped and counted, never kept. */
export class CaptureSender {
  readonly #clock: TimeSource;
  #stream: Duplex | undefined;
  #dropped = 0;

  /** `clock` is the one by which times in batches go. */
  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Observations that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sends to `stream` from now on; without one, nowhere. */
  use(stream: Duplex | undefined): void {
    this.#stream = stream;
  }

  message(message: CaptureMessage): void {
    const stream = this.#stream;
    if (stream === undefined || stream.writableLength > MAX_WAITING_OCTETS) return;
    stream.write(composeMessage(message));
  }

  /** The batch belongs to the sender from now on. */
  batch(batch: Uint8Array): void {
    const stream = this.#stream;
    if (stream === undefined || stream.writableLength > MAX_WAITING_OCTETS) {
      this.#dropped += countRecords(batch);
      return;
    }
    stream.cork();
    stream.write(composeBatchHead(batch, this.#clock.nowMs()));
    stream.write(batch);
    stream.uncork();
  }
}
