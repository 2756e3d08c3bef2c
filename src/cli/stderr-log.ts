import type { Log } from '../core/log.ts';
import { printable } from '../core/printable.ts';

/** For commands that end by themselves: warnings and errors on standard error, as sentences. */
export const stderrLog: Log = {
  debug() {},
  info() {},
  warn: (_fields, message) => complain(message),
  error: (_fields, message) => complain(message),
};

/** One line on standard error for each line of the text, with the program's name in front. */
export function complain(text: string): void {
  process.stderr.write(
    text
      .split('\n')
      .map((line) => `gluewall: ${printable(line)}\n`)
      .join(''),
  );
}
