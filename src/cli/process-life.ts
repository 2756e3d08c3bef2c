import type { Log } from '../core/log.ts';
import { EXIT } from './exit-codes.ts';

/** What a process is there for: what was begun is ended in order. */
interface Application<T> {
  start(): Promise<T>;
  stop(): Promise<void>;
}

export interface Life {
  readonly log: Log;
  /** Said when it ends by a signal. */
  readonly farewell: string;
  /** Resolves when all of the log is written. */
  readonly flush: () => Promise<void>;
}

/**
 * Resolves as the start does. Where that rejects, what stood already is ended first, and all of the log written. From now on SIGINT
 * and SIGTERM end the process in order, once it has started; a second one ends it at once.
 */
export function begin<T>(application: Application<T>, life: Life): Promise<T> {
  const started = startOrEnd(application, life);
  stopOnSignal(application, started, life);
  return started;
}

async function startOrEnd<T>(application: Application<T>, { flush }: Life): Promise<T> {
  try {
    return await application.start();
  } catch (error) {
    await application.stop();
    await flush();
    throw error;
  }
}

function stopOnSignal(application: Application<unknown>, started: Promise<unknown>, life: Life): void {
  const { log, farewell, flush } = life;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, farewell);
      started
        .then(() => application.stop())
        .then(() => EXIT.done)
        .catch((error: Error) => {
          log.error({ error }, `stopping failed: ${error.message}`);
          return EXIT.refused;
        })
        .then((code) => flush().then(() => process.exit(code)));
    });
  }
}
