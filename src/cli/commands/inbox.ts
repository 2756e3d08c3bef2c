/** `inbox`: what was blocked, or would have been, and what people make of it. */
import type { Command } from 'commander';
import { pageRowsArgument } from '../arguments.ts';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface PageOptions extends AskOptions {
  readonly limit: number;
  readonly after?: string;
}

export interface AcknowledgeOptions extends AskOptions {
  readonly for: string;
}

export interface CommentOptions extends AskOptions {
  readonly text?: string;
}

const DEFAULT_LIMIT = 50;

const ABOUT_SEARCHES = `
A search is words that must all hold, such as client:10.0.0.0/8 name:*.example.org -type:A,AAAA severity:high since:2h; a comma is
"any of", - in front is "not", and a word without a field is looked for in names, clients and messages (docs/console.md has the
fields). Quote it for the shell; before a search that begins with - write --.`;

const commands = () => import('../inbox/inbox-commands.ts');

export function addInboxCommands(program: Command): void {
  const inbox = program
    .command('inbox')
    .description('what was blocked or would have been: one entry for a client, a server and a name');
  addReading(inbox);
  addChanges(inbox);
}

function addReading(inbox: Command): void {
  pageCommand(
    inbox,
    'list [search...]',
    'entries, those last seen first; those open or escalated where the search says nothing of states',
    [
      'gluewall inbox list',
      'gluewall inbox list "severity:high since:24h"',
      'gluewall inbox list "client:10.0.0.0/8 -type:A,AAAA state:open" --limit 500 --json',
    ],
  )
    .addHelpText('after', ABOUT_SEARCHES)
    .action(async (search: readonly string[], options: PageOptions) => (await commands()).listInbox(search, options));
  askingCommand(inbox, 'show <entry>', 'an entry, with what was said about it', [
    'gluewall inbox show 12',
    'gluewall inbox show 12 --json',
  ]).action(async (id: string, options: AskOptions) => (await commands()).showEntry(id, options));
  pageCommand(inbox, 'events <entry>', 'the events of an entry, newest first', ['gluewall inbox events 12']).action(
    async (id: string, options: PageOptions) => (await commands()).showEntryEvents(id, options),
  );
  pageCommand(
    inbox,
    'search [search...]',
    'all events that are kept, allowed ones, too, newest first; without severity: and state:',
    [
      'gluewall inbox search "verdict:blocked since:1h"',
      'gluewall inbox search "name:*.example.org client:192.0.2.7" --json',
    ],
  )
    .addHelpText('after', ABOUT_SEARCHES)
    .action(async (search: readonly string[], options: PageOptions) =>
      (await commands()).searchEvents(search, options),
    );
}

function pageCommand(parent: Command, usage: string, description: string, examples: readonly string[]): Command {
  return askingCommand(parent, usage, description, examples)
    .option('--limit <count>', 'so many at most', pageRowsArgument, DEFAULT_LIMIT)
    .option('--after <place>', 'go on where the page before ended, as its last line says');
}

function addChanges(inbox: Command): void {
  askingCommand(inbox, 'acknowledge <entry...>', 'say that you looked after them', [
    'gluewall inbox acknowledge 12',
    'gluewall inbox acknowledge 12 13 --for 7d',
  ])
    .option('--for <duration>', 'what is seen again only after that is open anew', '1d')
    .action(async (ids: readonly string[], options: AcknowledgeOptions) =>
      (await commands()).acknowledgeEntries(ids, options),
    );
  askingCommand(inbox, 'escalate <entry...>', 'say that they are true, and to be acted on', [
    'gluewall inbox escalate 12',
  ]).action(async (ids: readonly string[], options: AskOptions) => (await commands()).escalateEntries(ids, options));
  askingCommand(inbox, 'reopen <entry...>', 'have them looked at again', ['gluewall inbox reopen 12']).action(
    async (ids: readonly string[], options: AskOptions) => (await commands()).reopenEntries(ids, options),
  );
  askingCommand(inbox, 'comment <entry>', 'write a comment', [
    'gluewall inbox comment 12 --text "the owner is on leave until Monday"',
  ])
    .option('--text <text>', 'the comment (default: what comes on standard input)')
    .action(async (id: string, options: CommentOptions) => (await commands()).commentOnEntry(id, options));
}
