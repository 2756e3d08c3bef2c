/** `token`: what programs sign in to the console with. */
import type { Command } from 'commander';
import type { Role } from '../../accounts/actor.ts';
import type { NewToken, TokenView } from '../../services/account-views.ts';
import { printNewToken, printToken } from '../accounts/print-accounts.ts';
import { laterArgument } from '../arguments.ts';
import { type AskOptions, ask, askingCommand, askList } from '../ask.ts';
import { roleOption } from './user.ts';

interface AddOptions extends AskOptions {
  readonly role: Role;
  readonly expires?: string;
}

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('what programs sign in to the console with');
  askingCommand(
    token,
    'list',
    'all tokens, whose they are, and when they were last used',
    ['gluewall token list', 'gluewall token list --json'],
    { isDefault: true },
  ).action((options: AskOptions) =>
    askList<TokenView>(options, { operation: 'token list' }, printToken, 'there are no tokens'),
  );
  askingCommand(token, 'add <name>', 'make a token that is of no user; its secret is shown this once', [
    'gluewall token add siem --role viewer --expires 90d',
    'gluewall token add deploy --role admin --expires 1d --json',
  ])
    .addOption(roleOption())
    .option('--expires <duration>', 'for how long it holds, such as 90d (default: until it is removed)')
    .action((name: string, { role, expires, ...options }: AddOptions) =>
      ask<NewToken>(
        options,
        {
          operation: 'token add',
          name,
          role,
          ...(expires === undefined ? {} : { expires: laterArgument(expires, Date.now()) }),
        },
        printNewToken,
      ),
    );
  askingCommand(token, 'remove <id>', 'end a token at once', ['gluewall token remove Zk3vQ0c1xY2b']).action(
    (id: string, options: AskOptions) =>
      ask<TokenView>(options, { operation: 'token remove', id }, (view) => [`the token ${view.name} holds no more`]),
  );
}
