import { Worker } from 'node:worker_threads';
import { GluewallError } from '../../core/errors.ts';
import type { CaptureTotals } from './capture-reader.ts';
import type { CaptureReading, CaptureReadingOptions } from './capture-reading.ts';
import type { CaptureSummary } from './read-capture.ts';
import type { ReaderOrder, ReaderReport, ReaderTask } from './reader-protocol.ts';

/** What is waited for: one answer at a time. */
interface Waiting {
  resolve(report: ReaderReport): void;
  reject(error: unknown): void;
}

/** Does what CaptureReader does on a thread of its own, so that who takes the batches has this one for himself. */
export class CaptureReaderThread implements CaptureReading {
  readonly #onBatch: (batch: Uint8Array) => void;
  readonly #worker: Worker;
  #onProgress: ((bytesRead: number) => void) | undefined;
  #waiting: Waiting | undefined;
  /** Why nothing more can be read. */
  #ended: unknown;

  /** `onBatch` is given the observations (observation-layout.ts) in batches that hold only during the call. */
  constructor(onBatch: (batch: Uint8Array) => void, options: CaptureReadingOptions = {}) {
    const { threadScript = new URL('./reader-worker.js', import.meta.url), syns = false } = options;
    this.#onBatch = onBatch;
    this.#worker = new Worker(threadScript, { workerData: { syns } satisfies ReaderTask });
    this.#worker.on('message', (report: ReaderReport) => this.#receive(report));
    this.#worker.on('error', (cause) => this.#end(threadFailure(cause.message, cause)));
    this.#worker.on('exit', () => this.#end(threadFailure('it has ended')));
  }

  /**
   * Reads the capture at `path`, to be called when the one before has been read; `onProgress` is told how many octets of it have
   * been read. Rejects with GluewallError `capture-file` as CaptureReader does, or when the thread is gone, and with
   * whatever `onBatch` threw.
   */
  async read(path: string, onProgress?: (bytesRead: number) => void): Promise<CaptureSummary> {
    this.#onProgress = onProgress;
    const report = await this.#ask({ kind: 'read', path });
    if (report.kind === 'read') return report.summary;
    if (report.kind === 'refused') throw new GluewallError(report.code, report.message);
    throw threadFailure(`it answered ${report.kind}`);
  }

  /** No more captures will come: resolves when the last batch has been given. Rejects as `read` does. */
  async finish(): Promise<CaptureTotals> {
    const report = await this.#ask({ kind: 'finish' });
    await this.stop();
    if (report.kind === 'finished') return report.totals;
    throw threadFailure(`it answered ${report.kind}`);
  }

  /** Ends the thread, whatever it does. Safe twice. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(order: ReaderOrder): Promise<ReaderReport> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(order);
    });
  }

  #receive(report: ReaderReport): void {
    switch (report.kind) {
      case 'batch':
        this.#give(report.batch);
        return;
      case 'progress':
        this.#onProgress?.(report.bytesRead);
        return;
      default: {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve(report);
      }
    }
  }

  #give(batch: Uint8Array): void {
    if (this.#ended !== undefined) return;
    try {
      this.#onBatch(batch);
    } catch (error) {
      this.#end(error);
      void this.stop();
      return;
    }
    const order: ReaderOrder = { kind: 'batch back', memory: batch.buffer };
    this.#worker.postMessage(order);
  }

  #end(reason: unknown): void {
    this.#ended ??= reason;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#ended);
  }
}

function threadFailure(reason: string, cause?: unknown): GluewallError {
  return new GluewallError('capture-file', `the thread that reads captures failed: ${reason}`, { cause });
}
