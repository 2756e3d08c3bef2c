import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { BatchStore } from './batch-sender.ts';
import type { LogFormat } from './log-reader.ts';
import type { QueueRoom } from './queue-room.ts';
import { emptyFigures, RefusalCounts, type SourceFigures } from './source-figures.ts';
import { SourceIntake, type SourceOptions } from './source-intake.ts';
import { formatOfProgram, SyslogRouter } from './syslog-route.ts';

/** Syslog as it is configured, without where it is heard. */
export interface SyslogSource extends Pick<SourceOptions, 'name' | 'zone' | 'server' | 'client' | 'keepsSamples'> {
  /** Undefined: told by the name of the program. */
  readonly format: LogFormat | undefined;
  readonly room: QueueRoom;
}

interface Stream {
  readonly intake: SourceIntake;
  lastMs: number;
}

const MAX_STREAMS = 256;
/** A stream from which nothing came for so long makes room for another. */
const IDLE_MS = 10 * 60_000;
/** Anybody may send: what is older, and what is to come, is refused. */
const MAX_AGE_MS = 24 * 3_600_000;

/** The messages of each host and program, each a stream that is read by itself. */
export class SyslogStreams {
  readonly #source: SyslogSource;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #router: SyslogRouter;
  readonly #streams = new Map<string, Stream>();
  readonly #refused = new RefusalCounts();
  #other = 0;
  #bytes = 0;
  readonly #leaving = new Set<Promise<void>>();

  constructor(source: SyslogSource, store: BatchStore, clock: Clock, log: Log) {
    this.#source = source;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#router = new SyslogRouter(clock);
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
    const stream = this.#stream(host, format);
    if (stream === undefined) {
      this.refuse(`more than ${MAX_STREAMS} hosts`);
      return undefined;
    }
    stream.lastMs = this.#clock.nowMs();
    return stream.intake.pushRecord(octets.subarray(start, end), true);
  }

  refuse(reason: string): void {
    this.#refused.add(reason);
  }

  /** Of what belongs to no stream first, if there was any, then of each stream. */
  figures(): readonly SourceFigures[] {
    const { name, format } = this.#source;
    const streams = [...this.#streams.values()].map(({ intake }) => intake.figures());
    const records = this.#other + this.#refused.total;
    if (records === 0 && streams.length > 0) return streams;
    const counts = { bytes: this.#bytes, records, other: this.#other, refused: this.#refused.snapshot() };
    return [{ ...emptyFigures(name, format?.name), ...counts }, ...streams];
  }

  /** Hands over what there is. Safe twice. */
  async stop(): Promise<void> {
    await Promise.all([...this.#streams.values()].map(({ intake }) => intake.stop()));
    await Promise.all(this.#leaving);
  }

  #stream(host: string, format: LogFormat): Stream | undefined {
    const key = `${format.name} ${host}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    if (this.#streams.size >= MAX_STREAMS && !this.#makeRoom()) return undefined;
    const { clock, age } = { clock: this.#clock, age: MAX_AGE_MS };
    const { name, zone, server, client, keepsSamples, room } = this.#source;
    const options: SourceOptions = {
      name: `${name}/${host}`,
      format,
      zone,
      server,
      client,
      keepsSamples,
      room,
      isLive: true,
      writtenMs: Number.POSITIVE_INFINITY,
      get earliestMs() {
        return clock.nowMs() - age;
      },
    };
    const intake = new SourceIntake(options, this.#store, clock, this.#log);
    const stream = { intake, lastMs: clock.nowMs() };
    this.#streams.set(key, stream);
    this.#log.info({ source: options.name, format: format.name }, `${options.name} sends ${format.name} by syslog`);
    return stream;
  }

  /** The stream that has been silent longest goes, if it has been long enough. */
  #makeRoom(): boolean {
    const oldest = [...this.#streams].reduce((a, b) => (b[1].lastMs < a[1].lastMs ? b : a));
    if (this.#clock.nowMs() - oldest[1].lastMs < IDLE_MS) return false;
    this.#streams.delete(oldest[0]);
    const leaving = oldest[1].intake.stop().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    return true;
  }
}
