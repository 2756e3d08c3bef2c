/** `bots`: hosts that belong together, and who commands them. */
import type { Command } from 'commander';
import type { BotGroupView } from '../../services/bot-view.ts';
import { type AskOptions, ask, askingCommand, askList } from '../ask.ts';

const print = () => import('../behaviour/print-bots.ts');

export function addBotCommands(program: Command): void {
  const bots = program.command('bots').description('groups of infected hosts, and the servers that command them');
  askingCommand(
    bots,
    'list',
    'all groups, the surest first; the word may be left out',
    ['gluewall bots list', 'gluewall bots list --json'],
    { isDefault: true },
  ).action(listBots);
  askingCommand(bots, 'show <group>', 'a group: its hosts, what they have in common, and its C&C, likeliest first', [
    'gluewall bots show G-4c7q',
    'gluewall bots show G-4c7q --json',
  ]).action(async (group: string, options: AskOptions) => {
    const { printHeldGroup } = await print();
    await ask(options, { operation: 'bots show', group }, printHeldGroup);
  });
}

async function listBots(options: AskOptions): Promise<void> {
  const { printGroupLine } = await print();
  await askList<BotGroupView>(
    options,
    { operation: 'bots' },
    (group) => [printGroupLine(group)],
    'no hosts belong together',
  );
}
