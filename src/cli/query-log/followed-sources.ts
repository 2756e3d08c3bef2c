import type { Address } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { BatchStore } from '../../querylog/batch-sender.ts';
import { FileFollower } from '../../querylog/file-follower.ts';
import type { QueueRoom } from '../../querylog/queue-room.ts';
import { logFormat } from '../../querylog/readers/list.ts';
import type { SourceFigures } from '../../querylog/source-figures.ts';
import { HeardSyslog } from './heard-syslog.ts';
import type { LogSourceOrder } from './log-order.ts';

/** What all sources of a log have in common. */
export interface SourceParts {
  /** What stands in the log for a client. */
  readonly client: (address: Address) => Address;
  readonly keepsSamples: boolean;
  /** For what waits for the store and cannot be read a second time. */
  readonly room: QueueRoom;
  /** For queries of which more may be told. */
  readonly openRoom: QueueRoom;
}

/** Something that is read until it is stopped. */
interface Reading {
  /** As it was ordered, to see whether that has changed. */
  readonly order: string;
  figures(): readonly SourceFigures[];
  stop(): Promise<void>;
}

/** The sources of the configuration: files that are followed, and syslog that is heard. */
export class FollowedSources {
  readonly #parts: SourceParts;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #readings = new Map<string, Reading>();
  /** One change after the other: a source that goes has ended before one of its name begins. */
  #changing: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: SourceParts, store: BatchStore, clock: Clock, log: Log) {
    this.#parts = parts;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Ends what is not among `orders` any more, and begins what is new or has changed. */
  configure(orders: readonly LogSourceOrder[]): void {
    this.#changing = this.#changing.then(() => this.#change(orders));
  }

  figures(): readonly SourceFigures[] {
    return [...this.#readings.values()].flatMap((reading) => reading.figures());
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#changing;
    await Promise.all([...this.#readings.values()].map((reading) => reading.stop()));
  }

  async #change(orders: readonly LogSourceOrder[]): Promise<void> {
    if (this.#isStopped) return;
    const wanted = new Map(orders.map((order) => [order.name, JSON.stringify(order)]));
    for (const [name, reading] of this.#readings) {
      if (wanted.get(name) === reading.order) continue;
      this.#readings.delete(name);
      await reading.stop();
    }
    for (const order of orders) {
      if (!this.#readings.has(order.name)) this.#readings.set(order.name, this.#begin(order));
    }
  }

  #begin(order: LogSourceOrder): Reading {
    const { name, zone, server, place } = order;
    const { client, keepsSamples, room, openRoom } = this.#parts;
    const format = order.format === undefined ? undefined : logFormat(order.format);
    const text = JSON.stringify(order);
    if ('file' in place) {
      const source = { name, zone, server, client, keepsSamples, openRoom, path: place.file, format };
      const follower = new FileFollower(source, this.#store, this.#clock, this.#log);
      follower.start();
      return { order: text, figures: () => [follower.figures()], stop: () => follower.stop() };
    }
    const source = { name, zone, server, client, keepsSamples, format, room, openRoom };
    const syslog = new HeardSyslog(place.syslog, source, this.#store, this.#clock, this.#log);
    syslog.start();
    return { order: text, figures: () => syslog.figures(), stop: () => syslog.stop() };
  }
}
