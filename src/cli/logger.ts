import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from '../core/log.ts';
import { printable } from '../core/printable.ts';

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
    // An Error has nothing that JSON would show by itself.
    serializers: { error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
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
  const terminal = pretty({ colorize, singleLine: true, translateTime, destination });
  return { log: pino(options, { write: (line) => terminal.write(harmless(line)) }), flush };
}

/** A line of JSON without anything in its texts that a terminal would act on. */
function harmless(line: string): string {
  const value = JSON.parse(line, (_key, part: unknown) => (typeof part === 'string' ? printable(part) : part));
  return `${JSON.stringify(value)}\n`;
}
