import type { Address } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { BatchSender, type BatchStore } from './batch-sender.ts';
import { ClockGap, hoursText } from './clock-gap.ts';
import { createSplitter } from './create-splitter.ts';
import { EntryBatchReader, EntryBatchWriter } from './entry-batch.ts';
import { type IntakeState, readIntakeState } from './intake-state.ts';
import type { LogFormat, LogReader, RecordOutcome } from './log-reader.ts';
import { MAX_SAMPLE_OCTETS, type QuarantinedRecord, type SourceBatch, type SourcePosition } from './query-log-store.ts';
import type { QueueRoom } from './queue-room.ts';
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
}

const BATCH_ENTRIES = 16_384;
/** Octets read in one go; between them a batch may end. */
const PORTION_OCTETS = 256 * 1024;
const SAVE_MS = 1000;
/** After so long without anything new, nothing more is told of what waits for a response. */
const QUIET_MS = 5000;
const MAX_SAMPLES = 8;
const MAX_SAMPLES_OF_A_REASON = 2;
/** How far a clock may be off unsaid, and how often it is looked at. */
const MAX_GAP_MS = 2 * 60_000;
const GAP_PACE_MS = 200;

/**
 * What one source brings, from octets to batches in the store. A batch carries the place behind the last whole record, and what
 * the reader knows there: so each record is read once, whatever dies when. Of a file, `begin` or `resume` come first.
 */
export class SourceIntake {
  readonly #options: SourceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sender: BatchSender;
  readonly #entries = new EntryBatchWriter();
  readonly #time: SourceTime;
  readonly #reader: LogReader;
  readonly #sink: RecordSink;
  readonly #refused = new RefusalCounts();
  readonly #gap = new ClockGap();
  #splitter: RecordSplitter;
  #fingerprint: string | undefined;
  #writtenMs: number;
  #samples: (QuarantinedRecord & { readonly reason: string })[] = [];
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
  #nextGapMs = 0;
  #hasWarned = false;
  #wait: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SourceOptions, store: BatchStore, clock: Clock, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    const { name: source, room, isLive: triesAgain } = options;
    const onLost = ({ entries }: SourceBatch) => this.#countLost(entries);
    this.#sender = new BatchSender({ source, room, triesAgain, onLost }, store, clock, log);
    this.#writtenMs = options.writtenMs;
    this.#time = new SourceTime(this.#timeOptions());
    const { server, client, format } = options;
    this.#reader = format.create({ entries: this.#entries, time: this.#time, server, client });
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
    this.#fingerprint = position.fingerprint;
    this.#batch = state.batch;
    this.#splitter = createSplitter(format, position.offset, isOwn ? state.splitter : undefined);
    if (state.lastMs !== undefined) this.#time.resume(state.lastMs);
    if (!isOwn) return;
    this.#reader.resume(state.reader);
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
   * Reads octets. The promise means that the store is behind, and to wait for it who can; of an import it rejects with the store's
   * error.
   * `isFresh`: they were written just now.
   */
  push(octets: Buffer, isFresh = false): Promise<void> | undefined {
    for (let at = 0; at < octets.length; at += PORTION_OCTETS) {
      const portion = octets.subarray(at, at + PORTION_OCTETS);
      this.#bytes += portion.length;
      this.#splitter.push(portion, this.#sink);
      if (this.#entries.count >= BATCH_ENTRIES) this.#send();
    }
    return this.#pushed(isFresh);
  }

  /** Reads one record, of a source that gives them one by one. */
  pushRecord(octets: Buffer, isFresh = false): Promise<void> | undefined {
    this.#bytes += octets.length;
    this.#sink.record(octets, 0, octets.length);
    if (this.#entries.count >= BATCH_ENTRIES) this.#send();
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
      behindMs: this.#gap.behindMs,
      assumptions: this.#time.assumptions,
      problem: this.#sender.failure?.message,
    };
  }

  #timeOptions(): ConstructorParameters<typeof SourceTime>[0] {
    const options = this.#options;
    const writtenMs = () => this.#writtenMs;
    return {
      zone: options.zone,
      nowMs: () => this.#clock.nowMs(),
      get writtenMs() {
        return writtenMs();
      },
      get earliestMs() {
        return options.earliestMs;
      },
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
    if (!this.#options.keepsSamples || this.#samples.length === MAX_SAMPLES) return;
    if (this.#samples.filter((sample) => sample.reason === reason).length === MAX_SAMPLES_OF_A_REASON) return;
    const sample = new Uint8Array(octets.subarray(start, Math.min(end, start + MAX_SAMPLE_OCTETS)));
    this.#samples.push({ atMs: this.#clock.nowMs(), reason, sample });
  }

  #pushed(isFresh: boolean): Promise<void> | undefined {
    this.#lastPushMs = this.#clock.nowMs();
    this.#isSettled = false;
    if (isFresh) this.#observeClock();
    this.#changed();
    if (!this.#sender.isFull) return undefined;
    // One for all who ask: not everybody can wait.
    this.#wait ??= this.#sender.whenRoom().finally(() => {
      this.#wait = undefined;
    });
    return this.#wait;
  }

  #observeClock(): void {
    const { lastMs } = this.#time;
    if (this.#lastPushMs < this.#nextGapMs || !Number.isFinite(lastMs)) return;
    this.#nextGapMs = this.#lastPushMs + GAP_PACE_MS;
    this.#gap.observe(lastMs, this.#lastPushMs);
    const { behindMs } = this.#gap;
    if (this.#hasWarned || behindMs === undefined || Math.abs(behindMs) <= MAX_GAP_MS) return;
    this.#hasWarned = true;
    const { name: source, zone } = this.#options;
    const far = `${hoursText(behindMs)} ${behindMs > 0 ? 'behind' : 'ahead of'} the clock of this machine`;
    const remedy = this.#time.assumptions.includes('zone')
      ? `its times are read as those of ${zone}: set the zone it writes in, or check its clock`
      : 'check its clock, and ours';
    this.#log.warn({ source, behindMs: Math.round(behindMs) }, `the times of ${source} are ${far}; ${remedy}`);
  }

  /** There is something to keep, or to settle: looks at it once a second until all is done. */
  #changed(): void {
    this.#isChanged = true;
    this.#cancelTimer ??= this.#clock.after(SAVE_MS, () => this.#save());
  }

  #save(): void {
    this.#cancelTimer = undefined;
    if (!this.#isSettled && this.#clock.nowMs() - this.#lastPushMs >= QUIET_MS) this.#settle();
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

  #send(): void {
    const count = this.#entries.count;
    const quarantined = this.#samples;
    this.#samples = [];
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
      reader: this.#reader.state(),
    };
    return { fingerprint: this.#fingerprint, offset: this.#splitter.consumed, state: JSON.stringify(state) };
  }
}
