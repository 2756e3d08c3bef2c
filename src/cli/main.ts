#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { GluewallError } from '../core/errors.ts';
import { EXIT, USAGE_CODES } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { complain } from './stderr-log.ts';

async function main(): Promise<void> {
  // The reader of a pipe may have had enough, as `head` has; a disk may be full.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    complain(`standard output cannot be written: ${error.message}`);
    process.exit(EXIT.refused);
  });
  // There is nobody left to complain to.
  process.stderr.on('error', () => {});
  try {
    const program = await createProgram(packageVersion(), process.argv[2]);
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    }
    const isExpected = error instanceof GluewallError;
    complain(isExpected ? error.message : `failed, which it should not; please report: ${inspect(error)}`);
    process.exit(isExpected && USAGE_CODES.includes(error.code) ? EXIT.usage : EXIT.refused);
  }
}

/** From package.json, three folders above the compiled file. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

await main();
