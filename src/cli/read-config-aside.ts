import { Worker } from 'node:worker_threads';
import { ConfigError, type Mistake } from '../config/config-error.ts';
import type { KeyDifference } from '../config/difference.ts';
import type { ConfigWithWarnings } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { GluewallError } from '../core/errors.ts';

export interface ReadConfig extends ConfigWithWarnings {
  /** See `configHash`. */
  readonly hash: string;
  /** What differs from the configuration before. */
  readonly differences: readonly KeyDifference[];
}

export type ReadConfigFile = (file: string, before: Config) => Promise<ReadConfig>;

/** What the thread that reads it is told. */
export interface ReadConfigOrder {
  readonly file: string;
  readonly before: Config;
}

/** What the thread that reads it answers. */
export type ConfigReply =
  | ({ readonly ok: true } & ReadConfig)
  | { readonly ok: false; readonly message: string; readonly mistakes: readonly Mistake[] };

/** Longer than any file that is not too large takes. */
const MAX_READING_MS = 30_000;

/** Reads a configuration on a thread of its own. Rejects with what `loadConfig` throws. */
export function readConfigAside(file: string, before: Config): Promise<ReadConfig> {
  const order: ReadConfigOrder = { file, before };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./config-thread.js', import.meta.url), { workerData: order });
    const timer = setTimeout(() => {
      reject(new GluewallError('config', `${file}: not read within ${MAX_READING_MS / 1000} s`));
      void worker.terminate();
    }, MAX_READING_MS);
    worker.once('message', (reply: ConfigReply) => {
      if (reply.ok) resolve(reply);
      else if (reply.mistakes.length > 0) reject(new ConfigError(file, reply.mistakes));
      else reject(new GluewallError('config', reply.message));
    });
    worker.once('error', (cause) => reject(new GluewallError('config', `${file}: ${cause.message}`, { cause })));
    worker.once('exit', () => {
      clearTimeout(timer);
      reject(new GluewallError('config', `${file}: the thread that reads it ended without an answer`));
    });
  });
}
