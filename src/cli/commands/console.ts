/** `console`: the web console. */
import type { Command } from 'commander';
import type { SetupLinkView } from '../../services/account-views.ts';
import { type AskOptions, ask, askingCommand } from '../ask.ts';

export function addConsoleCommands(program: Command): void {
  const console = program.command('console').description('the web console');
  askingCommand(console, 'setup-link', 'make a link by which one administrator can be made, within a day', [
    'gluewall console setup-link',
    'gluewall console setup-link --config /etc/gluewall.yaml',
  ]).action((options: AskOptions) =>
    ask<SetupLinkView>(options, { operation: 'setup link' }, ({ secret, expires, isFurther, url }) => [
      `${url ?? 'https://CONSOLE'}/set-up#${secret}`,
      `it makes one administrator, once, until ${expires}`,
      ...(isFurther ? ['there is an administrator already: it makes one more'] : []),
      ...(url === null
        ? ['no console runs: set console.listen, or start with `gluewall run --console HOST:PORT`']
        : []),
    ]),
  );
}
