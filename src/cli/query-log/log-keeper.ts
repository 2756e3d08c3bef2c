import type { MessagePort } from 'node:worker_threads';
import type { Address } from '../../core/address.ts';
import { type Clock, every } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { CaptureEntries } from '../../querylog/capture-entries.ts';
import { HOLD_MS } from '../../querylog/exchange-book.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import type { QueryLogStore, TrimReport } from '../../querylog/query-log-store.ts';
import { QueueRoom } from '../../querylog/queue-room.ts';
import { dnstapFormat } from '../../querylog/readers/dnstap.ts';
import type { SourceFigures } from '../../querylog/source-figures.ts';
import { EntryTee, TeedStore } from '../behaviour/entry-tee.ts';
import { DnstapIntakes } from './dnstap-intakes.ts';
import { FollowedSources } from './followed-sources.ts';
import type { LogOrder, LogSettings } from './log-order.ts';
import type { Handed } from './log-protocol.ts';
import { OwnIntake } from './own-intake.ts';
import { retentionOf } from './retention.ts';

/** What waits for the store and cannot be read a second time, octets. */
const ROOM_OCTETS = 32 * 1024 * 1024;
/** Queries that wait for more to be told of them, octets, of all sources together. */
const OPEN_OCTETS = 8 * 1024 * 1024;
const FLUSH_MS = 1000;
const FIRST_TRIM_MS = 60_000;
const TRIM_MS = 3_600_000;

/** All that goes into a query log while gluewall runs, and what of it goes again. */
export class LogKeeper {
  readonly #store: QueryLogStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #client: (address: Address) => Address;
  readonly #trusted: Set<Address>;
  readonly #gate: OwnIntake;
  readonly #capture: OwnIntake;
  readonly #captured: CaptureEntries;
  readonly #dnstap: DnstapIntakes;
  readonly #sources: FollowedSources;
  readonly #tee: EntryTee;
  #settings: LogSettings;
  #capturedAtMs = 0;
  #cancelTimers: readonly (() => void)[] = [];

  /** `client`: what stands in the log for a client. */
  constructor(order: LogOrder, store: QueryLogStore, client: (address: Address) => Address, clock: Clock, log: Log) {
    this.#settings = order;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#client = client;
    this.#trusted = new Set(order.trustedResolvers);
    const room = new QueueRoom(ROOM_OCTETS);
    const openRoom = new QueueRoom(OPEN_OCTETS);
    this.#gate = new OwnIntake('gate', room, store, clock, log);
    this.#capture = new OwnIntake('capture', room, store, clock, log);
    this.#captured = new CaptureEntries({
      entries: this.#capture.entries,
      openRoom,
      trustedResolvers: this.#trusted,
      client,
    });
    const common = { client, room, openRoom, keepsSamples: order.key === undefined };
    this.#dnstap = new DnstapIntakes({ ...common, format: dnstapFormat }, store, clock, log);
    this.#tee = new EntryTee(clock);
    this.#sources = new FollowedSources(common, new TeedStore(store, this.#tee), clock, log);
  }

  start(): void {
    this.#sources.configure(this.#settings.sources);
    const trim = () => {
      this.trim().then(
        ({ days, entries }) => {
          if (days + entries > 0)
            this.#log.info(
              { days, entries },
              `the query log let go of what was to be kept no longer: days ${days}, entries ${entries}`,
            );
        },
        (error: Error) =>
          this.#log.error({ error: error.message }, `the query log lets go of nothing: ${error.message}`),
      );
    };
    this.#cancelTimers = [
      every(this.#clock, FLUSH_MS, () => this.#flush()),
      this.#clock.after(FIRST_TRIM_MS, trim),
      every(this.#clock, TRIM_MS, trim),
    ];
  }

  configure(settings: LogSettings, trustedResolvers: readonly Address[]): void {
    this.#settings = settings;
    this.#trusted.clear();
    for (const resolver of trustedResolvers) this.#trusted.add(resolver);
    this.#sources.configure(settings.sources);
  }

  /** Sends the entries of logs there, too. */
  teeTo(port: MessagePort): void {
    this.#tee.use(port);
  }

  /** Takes what the main thread hands over. */
  take(what: Handed): void {
    switch (what.kind) {
      case 'gate':
        for (const entry of what.entries) this.#gate.entries.add(this.#withPseudonym(entry));
        this.#gate.added();
        return;
      case 'capture':
        this.#captured.take(what.batch, what.shiftMs);
        this.#capturedAtMs = this.#clock.nowMs();
        this.#capture.added();
        return;
      case 'dnstap':
        this.#dnstap.take(what.writer, what.frames);
    }
  }

  figures(): readonly SourceFigures[] {
    const own = [this.#gate.figures(), this.#capture.figures()].filter(({ records }) => records > 0);
    return [...own, ...this.#dnstap.figures(), ...this.#sources.figures()];
  }

  /** Lets go of what is older or more than is to be kept. */
  async trim(): Promise<TrimReport> {
    return this.#store.trim(await retentionOf(this.#settings, this.#store), this.#clock.nowMs());
  }

  /** Resolves when all that was taken is kept, or cannot be. Safe twice. */
  async stop(): Promise<void> {
    for (const cancel of this.#cancelTimers) cancel();
    this.#captured.settle();
    await Promise.all([this.#sources.stop(), this.#dnstap.stop(), this.#gate.stop(), this.#capture.stop()]);
    this.#tee.close();
    await this.#store.close();
  }

  #flush(): void {
    if (this.#captured.waiting > 0 && this.#clock.nowMs() - this.#capturedAtMs >= HOLD_MS) this.#captured.settle();
    this.#gate.flush();
    this.#capture.flush();
  }

  #withPseudonym(entry: LogEntry): LogEntry {
    return entry.client === undefined ? entry : { ...entry, client: this.#client(entry.client) };
  }
}
