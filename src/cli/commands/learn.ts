/** `learn`: captures into the history. */
import { type Command, Option } from 'commander';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface LearnCommandOptions extends AskOptions {
  readonly teach?: 'resolvers' | 'chain' | 'matched';
  readonly trustUnmatched?: true;
  readonly endsWarmup?: true;
  readonly dryRun?: true;
  readonly list?: true;
}

export function addLearnCommand(program: Command): void {
  askingCommand(
    program,
    'learn <files...>',
    'learn from capture files (pcap, pcapng, also gzip; - is standard input)',
    [
      'gluewall learn border.pcapng',
      'gluewall learn border-1.pcap border-2.pcap --teach chain',
      'gluewall learn border.pcap --trust-unmatched --dry-run --list --json',
      'zcat border.pcap.gz | gluewall learn - --dry-run',
    ],
  )
    .addOption(
      new Option('--teach <mode>', 'whose responses teach (default: as configured)').choices([
        'resolvers',
        'chain',
        'matched',
      ]),
    )
    .option('--trust-unmatched', 'believe responses without their queries, for captures that hold nothing else')
    .option('--ends-warmup', 'the captures are long enough: enforce from now on')
    .option('--dry-run', 'tell what would be learned, and keep nothing')
    .option('--list', 'list the triples, those that have expired by now too')
    .action(async (files: readonly string[], options: LearnCommandOptions) =>
      (await import('../learn.ts')).learnFrom(files, options),
    );
}
