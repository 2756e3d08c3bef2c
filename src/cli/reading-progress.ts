import { Presets, SingleBar } from 'cli-progress';
import { printable } from '../core/printable.ts';
import { complain } from './stderr-log.ts';

const MEGA = 1_000_000;
const LINE_EVERY_MS = 5000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How far a file has been read, on standard error: a bar on a terminal, else a line every five seconds. */
export class ReadingProgress {
  readonly #name: string;
  readonly #sizeBytes: number | undefined;
  readonly #startedAtMs = performance.now();
  readonly #bar: SingleBar | undefined;
  #saidAtMs = this.#startedAtMs;
  /** The bar has hidden the cursor: it comes back before the signal does what it always does. */
  readonly #interrupted = (signal: NodeJS.Signals) => {
    this.stop();
    process.kill(process.pid, signal);
  };

  /** `sizeBytes` is undefined for what has no known end. */
  constructor(name: string, sizeBytes: number | undefined) {
    this.#name = name;
    this.#sizeBytes = sizeBytes;
    if (process.stderr.isTTY !== true || sizeBytes === undefined) return;
    const format = `${printable(name)} {bar} {percentage} % | {rate} | {left} left`;
    this.#bar = new SingleBar(
      { format, clearOnComplete: true, hideCursor: true, stream: process.stderr },
      Presets.shades_classic,
    );
    this.#bar.start(sizeBytes, 0, { rate: '-', left: '-' });
    for (const signal of SIGNALS) process.once(signal, this.#interrupted);
  }

  report(bytesRead: number): void {
    const nowMs = performance.now();
    const perSecond = bytesRead / Math.max(1e-3, (nowMs - this.#startedAtMs) / 1000);
    const rate = `${(perSecond / MEGA).toFixed(1)} MB/s`;
    const left = this.#sizeBytes === undefined ? '?' : `${Math.ceil((this.#sizeBytes - bytesRead) / perSecond)} s`;
    this.#bar?.update(bytesRead, { rate, left });
    if (this.#bar !== undefined || nowMs - this.#saidAtMs < LINE_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    const share =
      this.#sizeBytes === undefined ? '' : `, ${Math.floor((100 * bytesRead) / this.#sizeBytes)} %, ${left} left`;
    complain(`${this.#name}: ${(bytesRead / MEGA).toFixed(0)} MB read${share}, ${rate}`);
  }

  /** Takes the bar away. Safe twice. */
  stop(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
    this.#bar?.stop();
  }
}
