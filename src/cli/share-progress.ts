import { Presets, SingleBar } from 'cli-progress';
import { complain } from './stderr-log.ts';

const WHOLE = 1000;
const LINE_EVERY_MS = 5000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How far something is whose end is known as a share, on standard error: a bar on a terminal, else a line every five seconds. */
export class ShareProgress {
  readonly #what: string;
  readonly #bar: SingleBar | undefined;
  #saidAtMs = performance.now();
  /** The bar has hidden the cursor: it comes back before the signal does what it always does. */
  readonly #interrupted = (signal: NodeJS.Signals) => {
    this.stop();
    process.kill(process.pid, signal);
  };

  /** `what` is read. */
  constructor(what: string) {
    this.#what = what;
    if (process.stderr.isTTY !== true) return;
    const format = `${what} {bar} {percentage} %`;
    this.#bar = new SingleBar(
      { format, clearOnComplete: true, hideCursor: true, stream: process.stderr },
      Presets.shades_classic,
    );
    this.#bar.start(WHOLE, 0);
    for (const signal of SIGNALS) process.once(signal, this.#interrupted);
  }

  /** `share` is 0 to 1. */
  report(share: number): void {
    this.#bar?.update(Math.floor(share * WHOLE));
    const nowMs = performance.now();
    if (this.#bar !== undefined || nowMs - this.#saidAtMs < LINE_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    complain(`${this.#what}: ${Math.floor(share * 100)} % read`);
  }

  /** Takes the bar away. Safe twice. */
  stop(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
    this.#bar?.stop();
  }
}
