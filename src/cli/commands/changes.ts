/** `changes`: the record of what was changed, by whom and from where. */
import type { Command } from 'commander';
import { someArgument } from '../arguments.ts';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface ChangesOptions extends AskOptions {
  readonly since?: string;
  readonly until?: string;
  readonly by?: string;
  readonly operation?: string;
  readonly subject?: string;
  readonly limit: number;
}

const DEFAULT_LIMIT = 100;

export function addChangesCommand(program: Command): void {
  askingCommand(
    program,
    'changes',
    'what was changed: when, by whom, from where, and what was so before; newest first',
    [
      'gluewall changes --since 1d',
      'gluewall changes --by ann --operation "rule add"',
      'gluewall changes --subject 1f3a9c04 --json',
    ],
  )
    .option('--since <time>', 'only since: how long ago, such as 1h, or a time with its zone')
    .option('--until <time>', 'only before then, in the same forms')
    .option('--by <user>', 'only by this user; `socket` is this command line, `sign-in` who did not get in')
    .option('--operation <name>', 'only of this operation, such as "rule add"')
    .option('--subject <text>', 'only what was done to this: the id of a rule, the name of a user')
    .option('--limit <count>', 'so many at most', someArgument, DEFAULT_LIMIT)
    .action(async (options: ChangesOptions) => (await import('../accounts/list-changes.ts')).listChanges(options));
}
