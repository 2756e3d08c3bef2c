import type { Address } from '../../core/address.ts';
import { type Clock, DAY_MS } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { readDnstapIdentity } from '../../dnstap/dnstap-message.ts';
import { dataFramesOf } from '../../dnstap/frame-streams.ts';
import type { BatchStore } from '../../querylog/batch-sender.ts';
import { LiveIntakes } from '../../querylog/live-intakes.ts';
import type { LogFormat } from '../../querylog/log-reader.ts';
import { MAX_SOURCE_CHARACTERS } from '../../querylog/query-log-store.ts';
import type { QueueRoom } from '../../querylog/queue-room.ts';
import type { SourceFigures } from '../../querylog/source-figures.ts';
import { SourceIntake, type SourceOptions } from '../../querylog/source-intake.ts';

export interface DnstapIntakesOptions {
  readonly format: LogFormat;
  readonly client: (address: Address) => Address;
  readonly keepsSamples: boolean;
  readonly room: QueueRoom;
  readonly openRoom: QueueRoom;
}

/**
 * What is written as dnstap to gluewall: each writer is a source `dnstap/NAME`, by the identity that it tells, else by its address.
 * Beyond what LiveIntakes has room for they are read together, of the source `dnstap`.
 */
export class DnstapIntakes {
  readonly #options: DnstapIntakesOptions;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #intakes: LiveIntakes;

  constructor(options: DnstapIntakesOptions, store: BatchStore, clock: Clock, log: Log) {
    this.#options = options;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#intakes = new LiveIntakes(clock);
  }

  /** Takes data frames that came from `address`, one behind the other, each behind its length. */
  take(address: string, frames: Uint8Array): void {
    let last: Buffer | undefined;
    let intake: SourceIntake | undefined;
    for (const frame of dataFramesOf(frames)) {
      const identity = readDnstapIdentity(frame);
      if (intake === undefined || !isSame(identity, last)) {
        intake = this.#intakeOf(identity?.toString('latin1') ?? address, address);
        last = identity;
      }
      intake.pushRecord(frame, true);
    }
  }

  figures(): readonly SourceFigures[] {
    return this.#intakes.figures();
  }

  /** Safe twice. */
  stop(): Promise<void> {
    return this.#intakes.stop();
  }

  #intakeOf(writer: string, address: string): SourceIntake {
    const name = `dnstap/${writer}`.slice(0, MAX_SOURCE_CHARACTERS);
    return (
      this.#intakes.of(name, address, () => this.#begin(name)) ??
      this.#intakes.sharedOf('dnstap', () => this.#begin('dnstap'))
    );
  }

  #begin(name: string): SourceIntake {
    return new SourceIntake(this.#sourceOptions(name), this.#store, this.#clock, this.#log);
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

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
