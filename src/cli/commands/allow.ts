/** `allow`: the allow-list. */
import type { Command } from 'commander';
import type { AllowView, ChangeView } from '../../services/services.ts';
import { addressArgument, currentUser, laterArgument, reasonArgument } from '../arguments.ts';
import { type AskOptions, ask, askingCommand, askList } from '../ask.ts';
import { printAllowEntry, printChange } from '../print.ts';

interface AddOptions extends AskOptions {
  readonly reason: string;
  readonly expires?: string;
}

/** What the store could not keep is done by half. */
const isChanged = ({ outcome, kept }: ChangeView) => kept && ['added', 'renewed', 'removed'].includes(outcome);

export function addAllowCommands(program: Command): void {
  const allow = program.command('allow').description('addresses that may be queried whatever the history says');
  askingCommand(allow, 'add <address>', 'allow an address, from now on', [
    'gluewall allow add 192.0.2.53 --reason "monitoring of the branch office"',
    'gluewall allow add 2001:db8::53 --reason "ticket 4711" --expires 8h',
  ])
    .requiredOption('--reason <text>', 'why; shown with the entry')
    .option('--expires <duration>', 'how long it holds, such as 8h (default: until it is removed)')
    .action((address: string, options: AddOptions) =>
      ask<ChangeView>(
        options,
        {
          operation: 'allow add',
          address: addressArgument(address),
          reason: reasonArgument(options.reason),
          owner: currentUser(),
          expires: options.expires === undefined ? undefined : laterArgument(options.expires, Date.now()),
        },
        printChange,
        isChanged,
      ),
    );
  askingCommand(allow, 'remove <address>', 'take an address off the list', ['gluewall allow remove 192.0.2.53']).action(
    (address: string, options: AskOptions) =>
      ask<ChangeView>(
        options,
        { operation: 'allow remove', address: addressArgument(address) },
        printChange,
        isChanged,
      ),
  );
  askingCommand(allow, 'list', 'what is allowed, by whom and why', [
    'gluewall allow list',
    'gluewall allow list --json',
  ]).action((options: AskOptions) =>
    askList<AllowView>(options, { operation: 'allow list' }, printAllowEntry, 'the allow-list is empty'),
  );
}
