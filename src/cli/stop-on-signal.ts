import type { Log } from '../core/log.ts';
import { EXIT } from './exit-codes.ts';

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
