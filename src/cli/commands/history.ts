/** `lookup` and `history`: what is known. */
import { type Command, Option } from 'commander';
import type { LookupView } from '../../services/lookup.ts';
import type { TripleView } from '../../services/triple-view.ts';
import { lifeArgument, nameArgument, targetArgument } from '../arguments.ts';
import { type AskOptions, answerTo, ask, askingCommand, askList } from '../ask.ts';
import { exportHistory, HISTORY_FORMATS, type HistoryFormat, importHistory } from '../history-files.ts';
import { printLookup, printTriple } from '../print.ts';

interface ListOptions extends AskOptions {
  readonly zone?: string;
}

interface ExportOptions extends ListOptions {
  readonly format: HistoryFormat;
  readonly output?: string;
}

interface ImportOptions extends AskOptions {
  readonly format?: HistoryFormat;
  readonly ttl: string;
}

export function addHistoryCommands(program: Command): void {
  askingCommand(program, 'lookup <target>', 'what the history knows of an address, a name server or a zone', [
    'gluewall lookup 192.0.2.53',
    'gluewall lookup ns1.example.com --json',
  ]).action((target: string, options: AskOptions) =>
    ask<LookupView>(
      options,
      { operation: 'lookup', target: targetArgument(target) },
      printLookup,
      ({ known }) => known,
    ),
  );
  addHistoryGroup(program);
}

function addHistoryGroup(program: Command): void {
  const history = program.command('history').description('list the history, save it to a file, take one in');
  askingCommand(history, 'list', 'all triples (zone, name server, address) that are known', [
    'gluewall history list',
    'gluewall history list --zone example.com --json',
  ])
    .option('--zone <name>', 'only this zone and what lies below it')
    .action((options: ListOptions) =>
      askList<TripleView>(options, listRequest(options), printTriple, 'the history has no such triple'),
    );
  askingCommand(history, 'export', 'the history as JSON lines, as passive DNS (COF) or as CSV', [
    'gluewall history export --output history.jsonl',
    'gluewall history export --format csv --zone example.com',
    'gluewall history export --format cof --output history.cof',
  ])
    .option('--zone <name>', 'only this zone and what lies below it')
    .addOption(formatOption('how the rows are written').default('json'))
    .option('--output <file>', 'write there, and only when all went well; else standard output')
    .action((options: ExportOptions) => exportHistory(answerTo(options, listRequest(options)), options));
  askingCommand(history, 'import <file>', 'take in a history that was exported, or passive DNS (COF); ends warm-up', [
    'gluewall history import history.jsonl',
    'gluewall history import passive-dns.cof --ttl 2d',
    'zcat history.csv.gz | gluewall history import - --format csv',
  ])
    .addOption(formatOption('how the rows are written (default: by the name of the file)'))
    .option('--ttl <duration>', 'how long what does not say so holds after it was last seen, at most 30d', '1d')
    .action((file: string, { ttl, ...options }: ImportOptions) =>
      importHistory(file, { ...options, lifeMs: lifeArgument(ttl) }),
    );
}

function listRequest({ zone }: ListOptions) {
  return { operation: 'history list', zone: zone === undefined ? undefined : nameArgument(zone) } as const;
}

function formatOption(about: string): Option {
  return new Option('--format <format>', about).choices(HISTORY_FORMATS);
}
