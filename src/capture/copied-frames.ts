import type { TimeSource } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { ObservationWriter } from '../dns/observation-writer.ts';
import type { Direction } from './direction.ts';
import { type CaptureCounter, Observer } from './observe.ts';

/**
 * Frames that somebody else has captured, one by one, to batches of observations (dns/observation-layout.ts). What is taken in
 * one turn of the event loop is given at its end, as one batch.
 */
export class CopiedFrames {
  readonly counters = new Counters<CaptureCounter>();
  readonly #clock: TimeSource;
  readonly #writer: ObservationWriter;
  readonly #observer: Observer;
  #isFlushPlanned = false;

  /** The times of observations are those of `clock`. */
  constructor(clock: TimeSource, onBatch: (batch: Uint8Array) => void) {
    this.#clock = clock;
    this.#writer = new ObservationWriter(onBatch);
    this.#observer = new Observer(this.counters, this.#writer);
  }

  /** Takes the Ethernet frame in `octets[start, end)`; nothing of it is kept beyond the call but parts of messages. */
  take(octets: Buffer, start: number, end: number, direction: Direction): void {
    this.#observer.observe(octets, start, end, this.#clock.nowMs(), direction);
    this.#planFlush();
  }

  /** Gives up what has waited too long for a lost frame; to be called about once a second. */
  tick(): void {
    this.#observer.passTime(this.#clock.nowMs());
    this.#planFlush();
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.#writer.flush();
    });
  }
}
