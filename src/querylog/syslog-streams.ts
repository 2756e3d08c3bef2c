import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { BatchSender, type BatchStore } from './batch-sender.ts';
import { LiveIntakes } from './live-intakes.ts';
import type { LogFormat } from './log-reader.ts';
import { MAX_SAMPLE_OCTETS } from './query-log-store.ts';
import type { QueueRoom } from './queue-room.ts';
import { emptyFigures, RefusalCounts, type SourceFigures, sumFigures } from './source-figures.ts';
import { SourceIntake, type SourceOptions } from './source-intake.ts';
import { formatOfProgram, SyslogRouter } from './syslog-route.ts';

/** Syslog as it is configured, without where it is heard. */
export interface SyslogSource
  extends Pick<SourceOptions, 'name' | 'zone' | 'server' | 'client' | 'keepsSamples' | 'openRoom'> {
  /** Undefined: told by the name of the program. */
  readonly format: LogFormat | undefined;
  readonly room: QueueRoom;
}

/** Anybody may send: what is older, and what is to come, is refused. */
const MAX_AGE_MS = 24 * 3_600_000;
const SAMPLE_PACE_MS = 1000;
const NO_ENTRIES = new Uint8Array(0);

/**
 * The messages of each host, by the format of the program: each a stream that is read by itself, of a source `NAME/HOST`. Beyond
 * what LiveIntakes has room for they are read together, of the source NAME.
 */
export class SyslogStreams {
  readonly #source: SyslogSource;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #router: SyslogRouter;
  readonly #intakes: LiveIntakes;
  readonly #refused = new RefusalCounts();
  readonly #samples: BatchSender;
  #nextSampleMs = 0;
  #other = 0;
  #bytes = 0;

  constructor(source: SyslogSource, store: BatchStore, clock: Clock, log: Log) {
    this.#source = source;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#router = new SyslogRouter(clock);
    this.#intakes = new LiveIntakes(clock);
    const { name, room } = source;
    this.#samples = new BatchSender({ source: name, room, triesAgain: true }, store, clock, log);
  }

  /** A message of a sender; the promise means to let it wait, if it can. */
  take(octets: Buffer, start: number, end: number, sender: string): Promise<void> | undefined {
    const { host = sender, program } = this.#router.read(octets, start, end);
    const format = this.#source.format ?? formatOfProgram(program);
    if (format === undefined) {
      this.#other++;
      this.#bytes += end - start;
      return undefined;
    }
    const intake =
      this.#intakes.of(`${format.name} ${host}`, sender, () => this.#begin(`${this.#source.name}/${host}`, format)) ??
      this.#intakes.sharedOf(format.name, () => this.#begin(this.#source.name, format));
    return intake.pushRecord(octets.subarray(start, end), true);
  }

  /** Counts what is no message of any host; now and then its beginning is kept. */
  refuse(reason: string, octets: Buffer): void {
    this.#refused.add(reason);
    const atMs = this.#clock.nowMs();
    if (!this.#source.keepsSamples || octets.length === 0 || atMs < this.#nextSampleMs) return;
    this.#nextSampleMs = atMs + SAMPLE_PACE_MS;
    const sample = new Uint8Array(octets.subarray(0, MAX_SAMPLE_OCTETS));
    const { name: source } = this.#source;
    this.#samples.send({ source, entries: NO_ENTRIES, position: undefined, quarantined: [{ atMs, reason, sample }] });
  }

  /** One for each source: that of what belongs to no host first, where there is any. */
  figures(): readonly SourceFigures[] {
    const { name, format } = this.#source;
    const records = this.#other + this.#refused.total;
    const counts = { bytes: this.#bytes, records, other: this.#other, refused: this.#refused.snapshot() };
    const own = { ...emptyFigures(name, format?.name), ...counts };
    const streams = this.#intakes.figures();
    return sumFigures(records === 0 && streams.length > 0 ? streams : [own, ...streams]);
  }

  /** Hands over what there is. Safe twice. */
  async stop(): Promise<void> {
    await Promise.all([this.#intakes.stop(), this.#samples.stop()]);
  }

  #begin(sourceName: string, format: LogFormat): SourceIntake {
    const clock = this.#clock;
    const { zone, server, client, keepsSamples, room, openRoom } = this.#source;
    const options: SourceOptions = {
      name: sourceName,
      format,
      zone,
      server,
      client,
      keepsSamples,
      room,
      openRoom,
      isLive: true,
      writtenMs: Number.POSITIVE_INFINITY,
      get earliestMs() {
        return clock.nowMs() - MAX_AGE_MS;
      },
    };
    this.#log.info({ source: sourceName, format: format.name }, `${sourceName} sends ${format.name} by syslog`);
    return new SourceIntake(options, this.#store, clock, this.#log);
  }
}
