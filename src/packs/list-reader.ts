import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.ts';
import type { EntryBook } from './entry-book.ts';
import { type ListReport, MORE } from './list-thread-protocol.ts';
import { addBatch, type ListSummary, type ReadOrder, unreadList } from './read-list.ts';

/** Reads a file into a book; the book is of no use when the summary has a problem. Never rejects. */
export type ReadListFile = (order: ReadOrder, book: EntryBook, signal: AbortSignal) => Promise<ListSummary>;

/** A list that takes longer is not read to its end. */
const READ_LIMIT_MS = 300_000;
/** Of the thread, for the octets of the list and what is made of them. */
const MAX_HEAP_MEBIBYTES = 1024;

/**
 * Reads lists in a thread of their own, which gives their entries in portions: however large a list is, this thread is
 * never held up for more than a few milliseconds. `threadScript`: the compiled thread.
 */
export function readListInThread(
  clock: Clock,
  threadScript = new URL('./list-thread.js', import.meta.url),
): ReadListFile {
  return (order, book, signal) =>
    new Promise((resolve) => {
      const worker = new Worker(threadScript, {
        workerData: order,
        resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEBIBYTES },
      });
      const end = (summary: ListSummary) => {
        cancelLimit();
        signal.removeEventListener('abort', abort);
        resolve(summary);
        void worker.terminate();
      };
      const abort = () => end(unreadList('was not read to its end'));
      const cancelLimit = clock.after(READ_LIMIT_MS, () =>
        end(unreadList(`took longer than ${READ_LIMIT_MS / 1000} s to read`)),
      );
      signal.addEventListener('abort', abort);
      worker.on('message', (report: ListReport) => {
        if (report.kind === 'done') return end(report.summary);
        addBatch(report.batch, book);
        worker.postMessage(MORE);
      });
      worker.on('error', (cause) => end(unreadList(`could not be read: ${cause.message}`)));
      worker.on('exit', () => end(unreadList('could not be read: its thread ended')));
      if (signal.aborted) abort();
    });
}

/** As `read`, one list after the other however many ask: what a large one takes in memory is taken once. */
export function oneAtATime(read: ReadListFile): ReadListFile {
  let last: Promise<unknown> = Promise.resolve();
  return (order, book, signal) => {
    const reading = last.then(() => read(order, book, signal));
    last = reading;
    return reading;
  };
}
