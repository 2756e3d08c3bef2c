import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from '../core/log.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Octets of log that wait for a reader of standard output; beyond it lines are lost rather than packets delayed. */
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;

const FLUSH_MS = 1000;

export interface Logger {
  readonly log: Log;
  /** Writes out what waits, before the process ends; gives up after a second when nobody reads. */
  flush(): Promise<void>;
}

/** JSON lines on standard output; a readable form when that is a terminal. Times are ISO 8601 with milliseconds. */
export function createLogger(level: Level): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  // Never in step with the reader: a full pipe or a stopped terminal must not stop the firewall.
  const destination = pino.destination({ sync: false, maxLength: MAX_BACKLOG_BYTES });
  const flush = () =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, FLUSH_MS);
      destination.flush(() => resolve());
    });
  if (!process.stdout.isTTY) return { log: pino(options, destination), flush };
  const colorize = process.env.NO_COLOR === undefined;
  const translateTime = 'SYS:yyyy-mm-dd HH:MM:ss.l o';
  return { log: pino(options, pretty({ colorize, singleLine: true, translateTime, destination })), flush };
}
