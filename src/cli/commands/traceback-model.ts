/** `traceback model`: how often tracebacks succeed, by the formulas of paper 1. */
import { type Command, Option } from 'commander';

export interface ModelCommandOptions {
  readonly participation: string;
  readonly queryRate: readonly string[];
  readonly forwarders: readonly string[];
  readonly hops: string;
  readonly svg?: string;
  readonly csv?: string;
  readonly json?: true;
}

export function addModelCommand(traceback: Command): void {
  const examples = [
    'gluewall traceback model',
    'gluewall traceback model --participation 0.8 --query-rate 0.55 --forwarders 0 1 2 --hops 20 --json',
    'gluewall traceback model --svg success.svg --csv success.csv',
  ];
  traceback
    .command('model')
    .description(
      'how often a traceback succeeds: conventional ones with a probe in each router (p^hops), and by DNS logs ' +
        '(p^(2+f)·q with f forwarders), and from how many hops on the latter is better',
    )
    .option('--participation <p>', 'share of routers, or of operators of DNS servers, that take part', '0.9')
    .addOption(
      new Option(
        '--query-rate <q...>',
        'share of bots that ask for the name of their victim; a curve for each',
      ).default(['0.55', '1'], '0.55 1'),
    )
    .addOption(
      new Option('--forwarders <count...>', 'DNS forwarders between source and destination; a curve for each').default(
        ['0'],
        '0',
      ),
    )
    .option('--hops <count>', 'the longest way of the packets, in routing hops', '30')
    .option('--svg <file>', 'draw the curves into this file')
    .option('--csv <file>', 'write the curves into this file, a row for each number of hops')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
    .action(async (options: ModelCommandOptions) => (await import('../traceback/show-model.ts')).showModel(options));
}
