/** `log`: the query log: who asked for what, and what it covers. */
import type { Command } from 'commander';
import { entriesArgument } from '../arguments.ts';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface LogSearchOptions extends AskOptions {
  readonly name?: string;
  readonly zone?: string;
  readonly client?: string;
  readonly pseudonym?: string;
  readonly answer?: string;
  readonly source?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly page?: string;
}

export interface LogSourcesOptions extends AskOptions {
  readonly gap: string;
}

export interface LogRefusedOptions extends AskOptions {
  readonly source?: string;
}

export interface LogFileOptions {
  readonly config?: string;
  readonly format?: string;
  readonly zone?: string;
  readonly server?: string;
  readonly source?: string;
  readonly json?: true;
}

const DEFAULT_LIMIT = 100;

export function addLogCommands(program: Command): void {
  const log = program
    .command('log')
    .description('the query log: every DNS query seen, who asked it and what was answered');
  addSearch(log);
  fileCommand(
    log,
    'import <files...>',
    'take in log files of DNS servers, or dnstap; what was taken in before is left out',
    [
      'gluewall log import queries.log',
      'gluewall log import queries.log.2.gz queries.log.1 --source ns1-old --zone Europe/Vienna',
      'zcat queries.log.2.gz | gluewall log import - --source ns1-older --format bind',
    ],
  )
    .option('--config <file>', 'configuration, for the place of the log (default ./gluewall.yaml)')
    .option(
      '--source <name>',
      'what the log calls it; the same for all files of a server, so that none is taken in twice (default: the name of the file)',
    )
    .option('--json', 'answer as JSON')
    .action(async (files: readonly string[], options: LogFileOptions) =>
      (await import('../query-log/import-files.ts')).importFiles(files, options),
    );
  fileCommand(log, 'detect <files...>', 'tell the format of log files, and show the first queries in them', [
    'gluewall log detect queries.log',
    'gluewall log detect queries.log.1 queries.log.2.gz --zone America/New_York --json',
  ])
    .option('--json', 'answer as JSON')
    .action(async (files: readonly string[], options: LogFileOptions) =>
      (await import('../query-log/detect-files.ts')).detectFiles(files, options),
    );
  addAccounts(log);
}

function addSearch(log: Command): void {
  askingCommand(log, 'search', 'who asked for a name, what a client asked, who was told an address; newest first', [
    'gluewall log search --name evil.example --since 2d',
    'gluewall log search --zone example.com --client 192.0.2.10 --limit 1000',
    'gluewall log search --answer 198.51.100.7 --since 2026-11-21T08:00:00Z --until 2026-11-21T09:00:00Z --json',
  ])
    .option('--name <name>', 'only queries for this name')
    .option('--zone <name>', 'only queries for names at or below this one')
    .option('--client <address>', 'only queries of this client; where clients are anonymised, of its pseudonym')
    .option('--pseudonym <address>', 'only queries of the client that the log shows so')
    .option('--answer <address>', 'only queries that were answered with this address')
    .option('--source <name>', 'only from this source')
    .option('--since <time>', 'how long ago, such as 1h, or a time with its zone')
    .option('--until <time>', 'only before then, in the same forms')
    .option('--limit <count>', 'so many', entriesArgument, DEFAULT_LIMIT)
    .option('--page <place>', 'go on where the page before ended, which names it')
    .action(async (options: LogSearchOptions) => (await import('../query-log/search-log.ts')).searchLog(options));
}

function addAccounts(log: Command): void {
  askingCommand(log, 'sources', 'what the log covers: for each source its first and last query, and gaps', [
    'gluewall log sources',
    'gluewall log sources --gap 10m --json',
  ])
    .option(
      '--gap <duration>',
      'times without a query that are so long are gaps, looked for in steps of 5m; 5m at least',
      '1h',
    )
    .action(async (options: LogSourcesOptions) => (await import('../query-log/log-accounts.ts')).showSources(options));
  askingCommand(log, 'refused', 'the newest records that could not be read, with the reason', [
    'gluewall log refused',
    'gluewall log refused --source ns1 --json',
  ])
    .option('--source <name>', 'only of this source')
    .action(async (options: LogRefusedOptions) => (await import('../query-log/log-accounts.ts')).showRefused(options));
  askingCommand(log, 'trim', 'let go of what is older or more than querylog.keep and querylog.size say, now', [
    'gluewall log trim',
  ]).action(async (options: AskOptions) => (await import('../query-log/log-accounts.ts')).trimLog(options));
}

function fileCommand(parent: Command, usage: string, description: string, examples: readonly string[]): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--format <format>', 'what is in them (default: what they look like; see docs/query-log.md)')
    .option(
      '--zone <zone>',
      'the time zone of times without one, such as Europe/Vienna (default: that of this machine)',
    )
    .option('--server <address>', 'the server that wrote them, where they do not say it')
    .addHelpText(
      'after',
      `\nFiles may be packed by gzip; - is standard input.\n\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`,
    );
}
