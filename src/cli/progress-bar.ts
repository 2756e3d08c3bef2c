import { Presets, SingleBar } from 'cli-progress';
import { complain } from './stderr-log.ts';

const LINE_EVERY_MS = 5000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How far something is, on standard error: a bar on a terminal, else a line every five seconds. */
export class ProgressBar {
  readonly #bar: SingleBar | undefined;
  #saidAtMs = performance.now();
  /** The bar has hidden the cursor: it comes back before the signal does what it always does. */
  readonly #interrupted = (signal: NodeJS.Signals) => {
    this.stop();
    process.kill(process.pid, signal);
  };

  /** `format` is that of cli-progress, with `tokens` of its own; without a `total` there are lines only. */
  constructor(format: string, total: number | undefined, tokens: object = {}) {
    if (process.stderr.isTTY !== true || total === undefined) return;
    this.#bar = new SingleBar(
      { format, clearOnComplete: true, hideCursor: true, stream: process.stderr },
      Presets.shades_classic,
    );
    this.#bar.start(total, 0, tokens);
    for (const signal of SIGNALS) process.once(signal, this.#interrupted);
  }

  /** `line` says it where there is no bar. */
  report(done: number, line: string, tokens: object = {}): void {
    this.#bar?.update(done, tokens);
    const nowMs = performance.now();
    if (this.#bar !== undefined || nowMs - this.#saidAtMs < LINE_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    complain(line);
  }

  /** Takes the bar away. Safe twice. */
  stop(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
    this.#bar?.stop();
  }
}
