/** What threads of gluewall tell the main one: lines for its log, and errors. */
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

/** A line for the log of the main thread. */
export interface SaidLine {
  readonly kind: 'say';
  readonly level: keyof Log;
  readonly fields: object;
  readonly message: string;
}

/** A log whose lines are sent. */
export function sentLog(send: (line: SaidLine) => void): Log {
  const say = (level: keyof Log) => (fields: object, message: string) =>
    send({ kind: 'say', level, fields: plain(fields), message });
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

/** As JSON has it: what a message between threads can carry. */
function plain(fields: object): object {
  return JSON.parse(JSON.stringify(fields)) as object;
}

/** Errors travel as their code and message, which is what a clone would lose. `what` failed. */
export function errorParts(cause: unknown, what: string): { readonly code: string; readonly message: string } {
  if (cause instanceof GluewallError) return { code: cause.code, message: cause.message };
  return { code: 'internal', message: `${what} failed: ${cause instanceof Error ? cause.message : String(cause)}` };
}
