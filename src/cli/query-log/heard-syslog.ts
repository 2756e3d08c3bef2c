import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { BatchStore } from '../../querylog/batch-sender.ts';
import { emptyFigures, type SourceFigures } from '../../querylog/source-figures.ts';
import type { SyslogPlace } from '../../querylog/syslog-place.ts';
import { SyslogReceiver } from '../../querylog/syslog-receiver.ts';
import type { SyslogSource } from '../../querylog/syslog-streams.ts';

const RETRY_MS = 30_000;

/** Syslog at one place; where that cannot be had it says so once, and tries again. */
export class HeardSyslog {
  readonly #source: SyslogSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #receiver: SyslogReceiver;
  #problem: string | undefined;
  #starting: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;

  constructor(place: SyslogPlace, source: SyslogSource, store: BatchStore, clock: Clock, log: Log) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
    this.#receiver = new SyslogReceiver(place, source, store, clock, log);
  }

  start(): void {
    this.#starting = this.#receiver.start().then(
      () => {
        this.#problem = undefined;
      },
      (error: Error) => this.#failed(error.message),
    );
  }

  figures(): readonly SourceFigures[] {
    const problem = this.#problem;
    if (problem === undefined) return this.#receiver.figures();
    return [{ ...emptyFigures(this.#source.name, undefined), problem }];
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry?.();
    await this.#starting;
    await this.#receiver.stop();
  }

  #failed(problem: string): void {
    if (this.#problem === undefined) {
      const { name: source } = this.#source;
      this.#log.error({ source }, `${problem}; the source ${source} is not heard, and tried again`);
    }
    this.#problem = problem;
    if (!this.#isStopped) this.#cancelRetry = this.#clock.after(RETRY_MS, () => this.start());
  }
}
