import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** JSON lines on standard output; a readable form when that is a terminal. Times are ISO 8601 with milliseconds. */
export function createLogger(level: Level): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  if (!process.stdout.isTTY) return pino(options);
  const colorize = process.env.NO_COLOR === undefined;
  return pino(
    options,
    pretty({ colorize, singleLine: true, translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l o', sync: true }),
  );
}
