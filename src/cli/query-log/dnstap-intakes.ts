import type { Address } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { BatchStore } from '../../querylog/batch-sender.ts';
import type { LogFormat } from '../../querylog/log-reader.ts';
import { MAX_SOURCE_CHARACTERS } from '../../querylog/query-log-store.ts';
import type { QueueRoom } from '../../querylog/queue-room.ts';
import type { SourceFigures } from '../../querylog/source-figures.ts';
import { SourceIntake, type SourceOptions } from '../../querylog/source-intake.ts';
import { framesOf } from './frame-pack.ts';

export interface DnstapIntakesOptions {
  readonly format: LogFormat;
  readonly client: (address: Address) => Address;
  readonly keepsSamples: boolean;
  readonly room: QueueRoom;
}

/** Writers that are told apart; what others write is of the source `dnstap`. */
const MAX_WRITERS = 256;
const DAY_MS = 86_400_000;

/** What is written as dnstap to gluewall: each writer is a source `dnstap/NAME`, by the identity that it tells. */
export class DnstapIntakes {
  readonly #options: DnstapIntakesOptions;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #intakes = new Map<string, SourceIntake>();

  constructor(options: DnstapIntakesOptions, store: BatchStore, clock: Clock, log: Log) {
    this.#options = options;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes what a writer has written, as FramePack packs it. */
  take(writer: string, frames: Uint8Array): void {
    const intake = this.#intakeOf(`dnstap/${writer}`.slice(0, MAX_SOURCE_CHARACTERS));
    for (const frame of framesOf(frames)) intake.pushRecord(frame, true);
  }

  figures(): readonly SourceFigures[] {
    return [...this.#intakes.values()].map((intake) => intake.figures());
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    await Promise.all([...this.#intakes.values()].map((intake) => intake.stop()));
  }

  #intakeOf(wanted: string): SourceIntake {
    const name = this.#intakes.has(wanted) || this.#intakes.size < MAX_WRITERS ? wanted : 'dnstap';
    let intake = this.#intakes.get(name);
    if (intake === undefined) {
      intake = new SourceIntake(this.#sourceOptions(name), this.#store, this.#clock, this.#log);
      this.#intakes.set(name, intake);
    }
    return intake;
  }

  #sourceOptions(name: string): SourceOptions {
    const clock = this.#clock;
    return {
      ...this.#options,
      name,
      zone: 'UTC',
      server: undefined,
      isLive: true,
      writtenMs: Number.POSITIVE_INFINITY,
      get earliestMs() {
        return clock.nowMs() - DAY_MS;
      },
    };
  }
}
