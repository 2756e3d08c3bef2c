/** `findings`: what people act on. */
import { type Command, Option } from 'commander';
import {
  CLOSED_AS,
  type ClosedAs,
  FINDING_KINDS,
  FINDING_STATES,
  type FindingKind,
  type FindingState,
} from '../../findings/finding.ts';
import { someArgument } from '../arguments.ts';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface ListOptions extends AskOptions {
  readonly kind?: FindingKind;
  readonly state?: FindingState;
  readonly host?: string;
  readonly since?: string;
  readonly limit: number;
}

export interface CloseOptions extends AskOptions {
  readonly as: ClosedAs;
  readonly reason: string;
}

export interface TraceOptions extends AskOptions {
  readonly name?: string;
  readonly at?: string;
  readonly source?: string;
  readonly commandAndControl?: true;
  readonly timeLimit: string;
}

const DEFAULT_LIMIT = 100;

const ABOUT_STATES = `
A finding is meant by its id, or by as much of the beginning of it as no other has. The states are new, acknowledged (somebody looks
after it), escalated (it is taken for true, and acted on) and closed. A closed one stays closed unless there is clearly more
against it than there was, or it goes on after it was closed as resolved (docs/findings.md).`;

const commands = () => import('../findings/finding-commands.ts');

export function addFindingCommands(program: Command): void {
  const findings = program
    .command('findings')
    .description('what was found about hosts, groups and servers, and what has become of it');
  addList(findings);
  askingCommand(
    findings,
    'show <finding>',
    'a finding: why, with the events it stands on, and what was done about it',
    ['gluewall findings show F-7k2m9q', 'gluewall findings show 7k2 --json'],
  )
    .addHelpText('after', ABOUT_STATES)
    .action(async (id: string, options: AskOptions) => (await commands()).showFinding(id, options));
  addChanges(findings);
  addTrace(findings);
}

function addList(findings: Command): void {
  askingCommand(
    findings,
    'list',
    'those last updated first; the word may be left out',
    [
      'gluewall findings list',
      'gluewall findings list --state new --kind infected-host',
      'gluewall findings list --host 192.0.2.66 --since 7d --json',
    ],
    { isDefault: true },
  )
    .addOption(new Option('--kind <kind>', 'only these').choices(FINDING_KINDS))
    .addOption(new Option('--state <state>', 'only these').choices(FINDING_STATES))
    .option('--host <address>', 'only those about this host, or this server')
    .option('--since <time>', 'only those updated since: how long ago, such as 1h, or a time with its zone')
    .option('--limit <count>', 'so many at most', someArgument, DEFAULT_LIMIT)
    .action(async (options: ListOptions) => (await commands()).listFindings(options));
}

function addChanges(findings: Command): void {
  askingCommand(findings, 'acknowledge <finding>', 'say that you look after it', [
    'gluewall findings acknowledge F-7k2m9q',
  ]).action(async (id: string, options: AskOptions) => (await commands()).acknowledgeFinding(id, options));
  askingCommand(findings, 'escalate <finding>', 'say that it is true, and to be acted on', [
    'gluewall findings escalate F-7k2m9q',
  ]).action(async (id: string, options: AskOptions) => (await commands()).escalateFinding(id, options));
  askingCommand(findings, 'close <finding>', 'say that it is dealt with; it stays to be shown', [
    'gluewall findings close F-7k2m9q --as resolved --reason "cleaned, ticket 4711"',
    'gluewall findings close F-7k2m9q --as mistake --reason "a monitoring system polls that server"',
  ])
    .addOption(
      new Option('--as <what>', 'mistake: it is not so; resolved: it was put right; accepted: it is so, and may be')
        .choices(CLOSED_AS)
        .makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'what became of it')
    .action(async (id: string, options: CloseOptions) => (await commands()).closeFinding(id, options));
  askingCommand(findings, 'reopen <finding>', 'look at a closed one again', [
    'gluewall findings reopen F-7k2m9q',
  ]).action(async (id: string, options: AskOptions) => (await commands()).reopenFinding(id, options));
  askingCommand(findings, 'comment <finding> <text>', 'write a comment', [
    'gluewall findings comment F-7k2m9q "the owner is on leave until Monday"',
  ]).action(async (id: string, text: string, options: AskOptions) =>
    (await commands()).commentOnFinding(id, text, options),
  );
}

function addTrace(findings: Command): void {
  askingCommand(findings, 'trace <finding>', 'open a traceback case from it: who asked for the name of the victim', [
    'gluewall findings trace F-7k2m9q --name www.example.org',
    'gluewall findings trace F-7k2m9q --name www.example.org --at 10m --source 192.0.2.7',
  ])
    .option(
      '--name <name>',
      'what the victim is called (default: the server, where the finding is about one by its name)',
    )
    .option(
      '--at <time>',
      'when the attack began: a time with its zone, or how long ago (default: as the finding says)',
    )
    .option(
      '--source <address>',
      'where its packets say that they come from (default: the subject, where it is an address)',
    )
    .option('--command-and-control', 'look for names that the hosts asked for before, from which they are commanded')
    .option('--time-limit <duration>', 'how long answers are waited for', '30s')
    .action(async (id: string, options: TraceOptions) => (await commands()).traceFinding(id, options));
}
