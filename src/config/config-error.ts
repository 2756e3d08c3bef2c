import { GluewallError } from '../core/errors.ts';

/** One thing that is wrong in a configuration; `line` and `column` count from 1. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The most mistakes that the message of the error tells one by one. */
const MAX_TOLD = 20;

/** A configuration with mistakes. The message has one `file:line:column: reason` line for each, in the order of the file. */
export class ConfigError extends GluewallError {
  readonly mistakes: readonly Mistake[];

  constructor(file: string, found: readonly Mistake[]) {
    const mistakes = [...found].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = mistakes
      .slice(0, MAX_TOLD)
      .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
    if (mistakes.length > MAX_TOLD) lines.push(`${file}: and ${mistakes.length - MAX_TOLD} more`);
    super('config', lines.join('\n'));
    this.mistakes = mistakes;
  }
}
