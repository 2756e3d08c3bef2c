import { printable } from '../core/printable.ts';
import { ProgressBar } from './progress-bar.ts';

const MEGA = 1_000_000;

/** How far a file has been read, how fast, and how long it will take. */
export class ReadingProgress {
  readonly #name: string;
  readonly #sizeBytes: number | undefined;
  readonly #startedAtMs = performance.now();
  readonly #bar: ProgressBar;

  /** `sizeBytes` is undefined for what has no known end. */
  constructor(name: string, sizeBytes: number | undefined) {
    this.#name = name;
    this.#sizeBytes = sizeBytes;
    const format = `${printable(name)} {bar} {percentage} % | {rate} | {left} left`;
    this.#bar = new ProgressBar(format, sizeBytes, { rate: '-', left: '-' });
  }

  report(bytesRead: number): void {
    const perSecond = bytesRead / Math.max(1e-3, (performance.now() - this.#startedAtMs) / 1000);
    const rate = `${(perSecond / MEGA).toFixed(1)} MB/s`;
    const left = this.#sizeBytes === undefined ? '?' : `${Math.ceil((this.#sizeBytes - bytesRead) / perSecond)} s`;
    const share =
      this.#sizeBytes === undefined ? '' : `, ${Math.floor((100 * bytesRead) / this.#sizeBytes)} %, ${left} left`;
    const line = `${this.#name}: ${(bytesRead / MEGA).toFixed(0)} MB read${share}, ${rate}`;
    this.#bar.report(bytesRead, line, { rate, left });
  }

  /** Takes the bar away. Safe twice. */
  stop(): void {
    this.#bar.stop();
  }
}
