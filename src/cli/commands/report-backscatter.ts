/** `report backscatter`: whether a mail server is under backscatter of forged mail, by what it asked. */
import { type Command, Option } from 'commander';

export interface BackscatterCommandOptions {
  readonly mailServer: readonly string[];
  readonly localDomain: readonly string[];
  readonly mailLog: readonly string[];
  readonly window: string;
  readonly format?: string;
  readonly zone?: string;
  readonly svg?: string;
  readonly csv?: string;
  readonly json?: true;
}

export function addBackscatterCommand(report: Command): void {
  const examples = [
    'gluewall report backscatter queries.log --mail-server 192.0.2.10 --local-domain example.com',
    'gluewall report backscatter queries.log.1 queries.log --mail-server 192.0.2.10 --svg figures --csv tables',
    'gluewall report backscatter queries.log --mail-server 192.0.2.10 --window 5m --json',
  ];
  report
    .command('backscatter <logs...>')
    .description(
      'whether mail servers are under backscatter of forged mail, from query logs of DNS servers of any format (also gzip; - is standard ' +
        'input): what they ask by day, how much of it cannot be resolved, and since when (paper 4)',
    )
    .addOption(
      new Option('--mail-server <address>', 'a mail server, maybe several times')
        .argParser(collect)
        .default([], 'found by what it asks'),
    )
    .addOption(
      new Option(
        '--local-domain <name>',
        'what the resolver of the mail server puts behind names, maybe several times; for logs without response codes',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--mail-log <file>', 'log of Postfix, maybe several times: its clients and unknown users beside it')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--window <time>', 'judged by windows of this length, 1m to 1d', '10m')
    .option('--format <name>', 'format of the logs (default: as they look)')
    .option(
      '--zone <name>',
      'time zone of times that are written without one, such as Europe/Vienna (default: as here)',
    )
    .option('--svg <folder>', 'draw the figures into this folder')
    .option('--csv <folder>', 'write the tables into this folder')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
    .action(async (logs: readonly string[], options: BackscatterCommandOptions) =>
      (await import('../backscatter/report-backscatter.ts')).reportBackscatter(logs, options),
    );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
