/** `allow`: the short forms for rules that allow a destination. */
import type { Command } from 'commander';
import type { RuleChangeView } from '../../services/rule-services.ts';
import { type AskOptions, ask, askingCommand } from '../ask.ts';
import { isChanged, printRuleChange } from '../print-rules.ts';
import { type MatchOptions, matchArgument, matchOptions, reasonOptions } from '../rule-arguments.ts';
import { type AddOptions, addRule, listRules } from './rule.ts';

export function addAllowCommands(program: Command): void {
  const allow = program
    .command('allow')
    .description('servers that may be queried whatever the history says: the short forms of `rule add allow --to`');
  const add = askingCommand(
    allow,
    'add <server>',
    'allow an address, a network, pack:NAME or name:NAME-SERVER, from now on',
    [
      'gluewall allow add 192.0.2.53 --reason "monitoring of the branch office"',
      'gluewall allow add 2001:db8::53 --from 192.0.2.10 --reason "ticket 4711" --expires 8h',
      'gluewall allow add 198.51.100.0/24 --from group:servers --zone updates.example --reason "update servers"',
    ],
  );
  reasonOptions(matchOptions(add)).action((to: string, options: AddOptions) => addRule('allow', { ...options, to }));
  const remove = askingCommand(
    allow,
    'remove <server>',
    'end what `allow add` with the same server and options began',
    ['gluewall allow remove 192.0.2.53', 'gluewall allow remove 2001:db8::53 --from 192.0.2.10'],
  );
  matchOptions(remove).action((to: string, options: AskOptions & MatchOptions) =>
    ask<RuleChangeView>(
      options,
      { operation: 'allow remove', match: matchArgument({ ...options, to }) },
      printRuleChange,
      isChanged,
    ),
  );
  askingCommand(allow, 'list', 'what is allowed, by whom and why', [
    'gluewall allow list',
    'gluewall allow list --json',
  ]).action((options: AskOptions) => listRules(options, 'allow', 'nothing is allowed beside what the history says'));
}
