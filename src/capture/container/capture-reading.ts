import { statSync } from 'node:fs';
import { CaptureReader, type CaptureTotals } from './capture-reader.ts';
import { CaptureReaderThread } from './capture-reader-thread.ts';
import { openCaptureSource } from './capture-source.ts';
import type { CaptureSummary } from './read-capture.ts';

/** Captures that are read one after the other, as if they were one (CaptureReader). */
export interface CaptureReading {
  /**
   * Reads the capture at `path`, or standard input for `-`; to be called when the one before has been read. `onProgress` is
   * told how many octets of it have been read. Rejects with GluewallError `capture-file`.
   */
  read(path: string, onProgress?: (bytesRead: number) => void): Promise<CaptureSummary>;
  /** No more captures will come: gives what waits, and resolves when the last batch has been given. */
  finish(): Promise<CaptureTotals>;
  /** Ends the reading, wherever it is. Safe twice, and behind `finish`. */
  stop(): Promise<void>;
}

export interface CaptureReadingOptions {
  /** Also observe what begins and accepts TCP connections. */
  readonly syns?: boolean;
  /** The compiled thread; by default `reader-worker.js` beside this folder's code. */
  readonly threadScript?: URL;
}

/** Below this it is read before a thread has started. */
const THREAD_PAYS_BYTES = 16 * 1024 * 1024;

/**
 * Makes ready to read the captures at `paths`, on a thread of its own where that pays. `onBatch` is given the observations
 * (observation-layout.ts) in batches that hold only during the call; what it throws is what `read` or `finish` rejects with.
 */
export function startReading(
  paths: readonly string[],
  onBatch: (batch: Uint8Array) => void,
  options: CaptureReadingOptions = {},
): CaptureReading {
  // Standard input belongs to the main thread.
  const isThreaded = !paths.includes('-') && paths.some((path) => sizeOf(path) >= THREAD_PAYS_BYTES);
  return isThreaded ? new CaptureReaderThread(onBatch, options) : readHere(onBatch, options);
}

function readHere(onBatch: (batch: Uint8Array) => void, { syns = false }: CaptureReadingOptions): CaptureReading {
  const give = (batch: Uint8Array) => {
    onBatch(batch);
    reader.takeBack(batch.buffer);
  };
  const reader = new CaptureReader(give, { syns });
  return {
    read: async (path, onProgress) => reader.read(await openCaptureSource(path), onProgress),
    finish: async () => {
      reader.finish();
      return reader.totals;
    },
    stop: async () => {},
  };
}

/** Nothing where it cannot be told: the reading says why. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
