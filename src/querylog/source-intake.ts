import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { BatchSender, type BatchStore } from './batch-sender.ts';
import { clientMark } from './client-mark.ts';
import { ClockWatch } from './clock-watch.ts';
import { createSplitter } from './create-splitter.ts';
import { EntryBatchReader, EntryBatchWriter, readEntries } from './entry-batch.ts';
import { HOLD_MS } from './exchange-book.ts';
import { type IntakeState, readIntakeState } from './intake-state.ts';
import type { LogFormat, LogReader, RecordOutcome } from './log-reader.ts';
import type { SourceBatch, SourcePosition } from './query-log-store.ts';
import type { QueueRoom } from './queue-room.ts';
import { RecordSamples } from './record-samples.ts';
import type { RecordSink, RecordSplitter } from './record-splitter.ts';
import { RefusalCounts, type SourceFigures } from './source-figures.ts';
import { SourceTime } from './source-time.ts';

export interface SourceOptions {
  /** MAX_SOURCE_CHARACTERS at most. */
  readonly name: string;
  readonly format: LogFormat;
  /** The time zone of times that are written without one: IANA, or `UTC`. */
  readonly zone: string;
  /** The server that writes, where its log does not say it. */
  readonly server: Address | undefined;
  /** What stands in the log for a client: the address itself, or its pseudonym. */
  readonly client: (address: Address) => Address;
  /** Whether the beginnings of records that cannot be read are kept; not of an anonymised source. */
  readonly keepsSamples: boolean;
  /** Whether it is read as it is written: then it is tried again when the store rejects, else the store's error comes out. */
  readonly isLive: boolean;
  /** When its octets were written at the latest; Infinity: they are written now. */
  readonly writtenMs: number;
  /** Older records are refused: of a source that anybody can write to. -Infinity: none. Asked for each record. */
  readonly earliestMs: number;
  /** Of a source that cannot be read again: memory for what waits. Its batches have no position. */
  readonly room?: QueueRoom | undefined;
  /** See ReaderParts. */
  readonly openRoom?: QueueRoom | undefined;
}

/** Octets read in one go; between them a batch may end. */
const PORTION_OCTETS = 256 * 1024;
/** At the latest: rows that are written together cost less each, 8 µs where those of one second cost 11. */
const SAVE_MS = 2000;

/**
 * What one source brings, from octets to batches in the store. A batch carries the place behind the last whole record, and what
 * the reader knows there: so each record is read once, whatever dies when. Of a file, `begin` or `resume` come first.
 */
export class SourceIntake {
  readonly #options: SourceOptions;
  readonly #clock: Clock;
  readonly #sender: BatchSender;
  readonly #entries = new EntryBatchWriter();
  readonly #time: SourceTime;
  readonly #reader: LogReader;
  readonly #sink: RecordSink;
  readonly #refused = new RefusalCounts();
  readonly #watch: ClockWatch;
  readonly #samples = new RecordSamples();
  readonly #clients: string;
  #splitter: RecordSplitter;
  #fingerprint: string | undefined;
  #writtenMs: number;
  #records = 0;
  #taken = 0;
  #other = 0;
  #sent = 0;
  #lost = 0;
  #bytes = 0;
  #batch = 0;
  #isChanged = false;
  #isSettled = true;
  #lastPushMs = 0;
  /** Of the room, for what has not been handed over yet. */
  #held = 0;
  #wait: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SourceOptions, store: BatchStore, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    const { name: source, room, isLive: triesAgain } = options;
    const onLost = ({ entries }: SourceBatch) => this.#countLost(entries);
    this.#sender = new BatchSender({ source, room, triesAgain, onLost }, store, clock, log);
    this.#writtenMs = options.writtenMs;
    this.#time = new SourceTime(this.#timeOptions());
    const { server, client, format, openRoom } = options;
    this.#watch = new ClockWatch(source, options.zone, log);
    this.#clients = clientMark(client);
    this.#reader = format.create({ entries: this.#entries, openRoom, time: this.#time, server, client });
    this.#splitter = createSplitter(format);
    this.#sink = {
      record: (octets, start, end) => this.#count(this.#reader.read(octets, start, end), octets, start, end),
      refused: (reason, octets, start, end) => this.#count({ refused: reason }, octets, start, end),
    };
  }

  /** How the file that is read begins; empty: no file was begun. */
  get fingerprint(): string {
    return this.#fingerprint ?? '';
  }

  /** The place in the source behind the last whole record. */
  get offset(): number {
    return this.#splitter.consumed;
  }

  /** Goes on where a batch that was kept has ended. */
  resume(position: SourcePosition): void {
    const { format } = this.#options;
    const state = readIntakeState(position.state);
    const isOwn = state.format === format.name;
    this.#sender.resume(position);
    this.#fingerprint = position.fingerprint;
    this.#batch = state.batch;
    this.#splitter = createSplitter(format, position.offset, isOwn ? state.splitter : undefined);
    if (state.lastMs !== undefined) this.#time.resume(state.lastMs);
    if (!isOwn) return;
    this.#reader.resume(state.reader);
    if (state.clients !== this.#clients) this.#forgetClients();
    this.#isSettled = false;
    this.#changed();
  }

  /** Goes on with the beginning of another file; what the last record of the one before has no end of, counts. */
  begin(fingerprint: string): void {
    this.#splitter.end(this.#sink);
    this.#splitter = createSplitter(this.#options.format);
    this.#fingerprint = fingerprint;
    this.#changed();
  }

  /** Octets from `offset` on are going to come again: forgets what has no end yet. */
  rewind(fingerprint: string): void {
    const { format } = this.#options;
    this.#fingerprint = fingerprint;
    this.#splitter = createSplitter(format, this.#splitter.consumed, this.#splitter.state());
  }

  /** The same file says more of itself. */
  identify(fingerprint: string): void {
    this.#fingerprint = fingerprint;
  }

  /** See `writtenBy`. */
  get writtenMs(): number {
    return this.#writtenMs;
  }

  /** When the octets that come next were written at the latest. */
  writtenBy(atMs: number): void {
    this.#writtenMs = atMs;
  }

  /**
   * Reads octets. The promise means that the store is behind, and to wait for it who can; it rejects with the store's error: of an
   * import with any, else with `store-position`.
   * `isFresh`: they were written just now.
   */
  push(octets: Buffer, isFresh = false): Promise<void> | undefined {
    for (let at = 0; at < octets.length; at += PORTION_OCTETS) {
      const portion = octets.subarray(at, at + PORTION_OCTETS);
      this.#bytes += portion.length;
      this.#splitter.push(portion, this.#sink);
      this.#sendFull();
    }
    return this.#pushed(isFresh);
  }

  /** Reads one record, of a source that gives them one by one. */
  pushRecord(octets: Buffer, isFresh = false): Promise<void> | undefined {
    this.#bytes += octets.length;
    this.#sink.record(octets, 0, octets.length);
    this.#sendFull();
    return this.#pushed(isFresh);
  }

  /** Hands over what there is. */
  flush(): void {
    if (this.#isChanged) this.#send();
  }

  /** Nothing more comes: a last record without its end counts. Resolves when all is kept; an import rejects with the store's error. */
  async end(): Promise<void> {
    this.#splitter.end(this.#sink);
    this.#settle();
    this.#changed();
    this.flush();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#sender.whenIdle();
  }

  /** Hands over what there is, once, and ends; what has no end is read again by who resumes. Safe twice. */
  async stop(): Promise<void> {
    if (this.#options.room !== undefined) this.#settle();
    this.flush();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#sender.stop();
    // What waits is in the state that was kept, and needs no memory any more.
    this.#reader.settle();
    this.#entries.take();
  }

  figures(): SourceFigures {
    const { name: source, format } = this.#options;
    return {
      source,
      format: format.name,
      bytes: this.#bytes,
      records: this.#records,
      taken: this.#taken,
      other: this.#other,
      refused: this.#refused.snapshot(),
      entries: this.#sent + this.#entries.count,
      lost: this.#lost,
      lastAtMs: Number.isFinite(this.#time.lastMs) ? this.#time.lastMs : undefined,
      behindMs: this.#watch.behindMs,
      assumptions: this.#time.assumptions,
      problem: this.#sender.failure?.message,
    };
  }

  #timeOptions(): ConstructorParameters<typeof SourceTime>[0] {
    return {
      zone: this.#options.zone,
      nowMs: () => this.#clock.nowMs(),
      writtenMs: () => this.#writtenMs,
      earliestMs: () => this.#options.earliestMs,
    };
  }

  #count(outcome: RecordOutcome, octets: Buffer, start: number, end: number): void {
    this.#records++;
    if (outcome === 'taken') this.#taken++;
    else if (outcome === 'other') this.#other++;
    else this.#refuse(outcome.refused, octets, start, end);
  }

  #refuse(reason: string, octets: Buffer, start: number, end: number): void {
    this.#refused.add(reason);
    if (this.#options.keepsSamples) this.#samples.add(this.#clock.nowMs(), reason, octets, start, end);
  }

  #pushed(isFresh: boolean): Promise<void> | undefined {
    this.#lastPushMs = this.#clock.nowMs();
    this.#isSettled = false;
    if (isFresh) this.#watch.observe(this.#time, this.#lastPushMs);
    this.#changed();
    if (!this.#sender.isFull && !this.#sender.isOver) return undefined;
    // One for all who ask: not everybody can wait.
    this.#wait ??= this.#sender.whenRoom().finally(() => {
      this.#wait = undefined;
    });
    return this.#wait;
  }

  /** There is something to keep, or to settle: looks at it every SAVE_MS until all is done. */
  #changed(): void {
    this.#isChanged = true;
    this.#cancelTimer ??= this.#clock.after(SAVE_MS, () => this.#save());
  }

  #save(): void {
    this.#cancelTimer = undefined;
    if (!this.#isSettled && this.#clock.nowMs() - this.#lastPushMs >= HOLD_MS) this.#settle();
    // While the store takes nothing, batches would only become more, not larger.
    if (this.#sender.isIdle) this.flush();
    if (this.#isChanged || !this.#isSettled) this.#cancelTimer = this.#clock.after(SAVE_MS, () => this.#save());
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#reader.settle();
    this.#isSettled = true;
    this.#isChanged = true;
  }

  #sendFull(): void {
    if (this.#entries.isFull || !this.#hasRoom()) this.#send();
  }

  /** Holds room for what has not been handed over yet, of a source that cannot be read again. */
  #hasRoom(): boolean {
    const more = Math.max(0, this.#entries.heldOctets - this.#held);
    if (this.#options.room?.take(more) === false) return false;
    this.#held += more;
    return true;
  }

  /** Clients stand in the log in another way now: what was waiting goes into it without them. */
  #forgetClients(): void {
    this.#reader.settle();
    for (const entry of readEntries(this.#entries.take())) this.#entries.add({ ...entry, client: undefined });
  }

  #send(): void {
    const count = this.#entries.count;
    const quarantined = this.#samples.take();
    this.#options.room?.give(this.#held);
    this.#held = 0;
    this.#batch++;
    this.#isChanged = false;
    const position = this.#position();
    if (count === 0 && quarantined.length === 0 && position === undefined) return;
    const { name: source } = this.#options;
    const isSent = this.#sender.send({ source, entries: this.#entries.take(), position, quarantined });
    if (isSent) this.#sent += count;
    else this.#lost += count;
  }

  /** Entries of a batch that the store did not take after all. */
  #countLost(entries: Uint8Array): void {
    const reader = new EntryBatchReader(entries);
    let count = 0;
    while (reader.next() === 'entry') count++;
    this.#sent -= count;
    this.#lost += count;
  }

  #position(): SourcePosition | undefined {
    if (this.#options.room !== undefined || this.#fingerprint === undefined) return undefined;
    const { lastMs } = this.#time;
    const state: IntakeState = {
      batch: this.#batch,
      format: this.#options.format.name,
      splitter: this.#splitter.state(),
      lastMs: Number.isFinite(lastMs) ? lastMs : undefined,
      writtenMs: Number.isFinite(this.#writtenMs) ? this.#writtenMs : undefined,
      clients: this.#clients,
      reader: this.#reader.state(),
    };
    return { fingerprint: this.#fingerprint, offset: this.#splitter.consumed, state: JSON.stringify(state) };
  }
}
