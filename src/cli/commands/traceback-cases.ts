/** `traceback request` and what becomes of its cases. */
import { type Command, Option } from 'commander';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface RequestOptions extends AskOptions {
  readonly name: string;
  readonly at: string;
  readonly source: string;
  readonly before?: string;
  readonly after?: string;
  readonly method?: 'oblivious' | 'hash';
  readonly override?: string;
  readonly commandAndControl?: true;
  readonly timeLimit: string;
}

export interface CloseOptions extends AskOptions {
  readonly reason: string;
}

export interface ExportOptions extends AskOptions {
  readonly output: string;
}

const ABOUT = `
First the address is confirmed to be made up (spoofed): if it asked for the name itself, it is the attacker. Then the logs of
DNS servers are followed to the hosts that asked for the name, and they are named with a confidence. The node is \`gluewall node\`,
or \`gluewall run\` with \`node\` in its configuration (docs/traceback.md). Progress goes to standard error; Ctrl-C cancels, and the case
is kept as far as it has come.

Ends with 0 when hosts are named, or the source itself is the attacker; with 1 when neither could be said.`;

export function addCaseCommands(traceback: Command): void {
  addRequest(traceback);
  askingCommand(traceback, 'list', 'the cases of this node, newest first', [
    'gluewall traceback list',
    'gluewall traceback list --json',
  ]).action(async (options: AskOptions) => (await import('../traceback/case-commands.ts')).listCases(options));
  askingCommand(traceback, 'show <case>', 'a case: what was asked, who was named, how likely, and what is missing', [
    'gluewall traceback show 0190c2f4',
  ]).action(async (id: string, options: AskOptions) =>
    (await import('../traceback/case-commands.ts')).showCase(id, options),
  );
  askingCommand(traceback, 'close <case>', 'close a case that is dealt with; it stays to be shown', [
    'gluewall traceback close 0190c2f4 --reason "192.0.2.66 was cleaned, ticket 4711"',
  ])
    .requiredOption('--reason <text>', 'what became of it')
    .action(async (id: string, options: CloseOptions) =>
      (await import('../traceback/case-commands.ts')).closeCase(id, options),
    );
  askingCommand(
    traceback,
    'export <case>',
    'write an evidence bundle, signed by the node, to hand to another organisation',
    ['gluewall traceback export 0190c2f4 --output evidence'],
  )
    .requiredOption('--output <folder>', 'a folder that is not there yet, or is empty')
    .action(async (id: string, options: ExportOptions) =>
      (await import('../traceback/case-commands.ts')).exportCase(id, options),
    );
}

function addRequest(traceback: Command): void {
  askingCommand(traceback, 'request', 'open a case: who asked for the name of the victim right before the attack', [
    'gluewall traceback request --name www.example.org --at 2026-11-20T12:00:05Z --source 192.0.2.7',
    'gluewall traceback request --name www.example.org --at 10m --source 192.0.2.7 --command-and-control --json',
    'gluewall traceback request --name www.example.org --at 10m --source 192.0.2.7 --override "no source takes part in confirmation, ticket 4711"',
  ])
    .requiredOption('--name <name>', 'what the victim is called')
    .requiredOption('--at <time>', 'when the attack began: a time with its zone, or how long ago, such as 10m')
    .requiredOption('--source <address>', 'where its packets say that they come from')
    .option('--before <duration>', 'how long before the attack hosts may have asked (default: node.window.before)')
    .option('--after <duration>', 'how long after it, for clocks that differ (default: node.window.after)')
    .addOption(
      new Option('--method <method>', 'how the source is confirmed to be spoofed (default: node.confirm)').choices([
        'oblivious',
        'hash',
      ]),
    )
    .option(
      '--override <reason>',
      'name hosts without a confirmation; the reason is told to all who are asked, and audited',
    )
    .option('--command-and-control', 'look for names that the hosts asked for before, from which they are commanded')
    .option('--time-limit <duration>', 'how long answers are waited for', '30s')
    .addHelpText('after', ABOUT)
    .action(async (options: RequestOptions) => (await import('../traceback/request-case.ts')).requestCase(options));
}
