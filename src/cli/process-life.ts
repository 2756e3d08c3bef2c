import type { Log } from '../core/log.ts';
import { EXIT } from './exit-codes.ts';

/** What a process is there for: what was begun is ended in order. */
interface Application<T> {
  start(): Promise<T>;
  stop(): Promise<void>;
}

/** Resolves as the start does. Where that rejects, what stood already is ended first, and all of the log written. */
export async function begin<T>(application: Application<T>, flush: () => Promise<void>): Promise<T> {
  try {
    return await application.start();
  } catch (error) {
    await application.stop();
    await flush();
    throw error;
  }
}

/** Ends the process in order at SIGINT or SIGTERM: says `words`, waits for `stop`, then for all of the log to be written. */
export function stopOnSignal(log: Log, words: string, stop: () => Promise<void>, flush: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, words);
      stop()
        .then(() => EXIT.done)
        .catch((error: Error) => {
          log.error({ error }, `stopping failed: ${error.message}`);
          return EXIT.refused;
        })
        .then((code) => flush().then(() => process.exit(code)));
    });
  }
}
