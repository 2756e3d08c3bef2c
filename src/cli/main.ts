#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { GluewallError } from '../core/errors.ts';
import { EXIT, USAGE_CODES } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { complain } from './stderr-log.ts';

async function main(): Promise<void> {
  // The reader of a pipe may have had enough, as `head` has.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  try {
    await createProgram(packageVersion()).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    }
    if (!(error instanceof GluewallError)) throw error;
    complain(error.message);
    process.exit(USAGE_CODES.includes(error.code) ? EXIT.usage : EXIT.refused);
  }
}

/** From package.json, three folders above the compiled file. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

await main();
