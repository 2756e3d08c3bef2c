/** The messages between CaptureReaderThread and its thread. */
import type { CaptureTotals } from './capture-reader.ts';
import type { CaptureSummary } from './read-capture.ts';

/** What the thread is started with: whether what begins and accepts TCP connections is observed, too. */
export interface ReaderTask {
  readonly syns: boolean;
}

/** To the thread. `batch back`: a batch has been read, which was in this memory. */
export type ReaderOrder =
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'finish' }
  | { readonly kind: 'batch back'; readonly memory: ArrayBufferLike };

/** From the thread. The memory of a batch is shared. Errors travel as their code and message, which a clone would lose. */
export type ReaderReport =
  | { readonly kind: 'batch'; readonly batch: Uint8Array }
  | { readonly kind: 'progress'; readonly bytesRead: number }
  | { readonly kind: 'read'; readonly summary: CaptureSummary }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'finished'; readonly totals: CaptureTotals };
