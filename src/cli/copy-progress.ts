import { Presets, SingleBar } from 'cli-progress';
import type { CopyCounts } from '../storage/copy-store.ts';
import { complain } from './stderr-log.ts';

const LINE_EVERY_MS = 5000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How far a copy is, on standard error: a bar on a terminal, else a line every five seconds. */
export class CopyProgress {
  readonly #rows: number;
  readonly #bar: SingleBar | undefined;
  #saidAtMs = performance.now();
  /** The bar has hidden the cursor: it comes back before the signal does what it always does. */
  readonly #interrupted = (signal: NodeJS.Signals) => {
    this.stop();
    process.kill(process.pid, signal);
  };

  /** `rows` is how many there are, about. */
  constructor(rows: number) {
    this.#rows = rows;
    if (process.stderr.isTTY !== true) return;
    this.#bar = new SingleBar(
      {
        format: '{bar} {percentage} % | {value} of {total} rows',
        clearOnComplete: true,
        hideCursor: true,
        stream: process.stderr,
      },
      Presets.shades_classic,
    );
    this.#bar.start(rows, 0);
    for (const signal of SIGNALS) process.once(signal, this.#interrupted);
  }

  report({ triples, events, knownEvents }: CopyCounts): void {
    const done = triples + events + knownEvents;
    this.#bar?.update(done);
    const nowMs = performance.now();
    if (this.#bar !== undefined || nowMs - this.#saidAtMs < LINE_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    complain(`${done} of ${this.#rows} rows copied`);
  }

  /** Takes the bar away. Safe twice. */
  stop(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
    this.#bar?.stop();
  }
}
