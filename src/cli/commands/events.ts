/** `events` and `status`: what happened, and how it goes. */
import type { Command } from 'commander';
import { MAX_CLIENT_NAME_CHARACTERS } from '../../control/request-fields.ts';
import { parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import type { VerdictWord } from '../../events/event-store.ts';
import type { EventItem, StatusView } from '../../services/services.ts';
import { addressArgument, countArgument, earlierArgument, nameArgument } from '../arguments.ts';
import { type AskOptions, answerTo, ask, askingCommand } from '../ask.ts';
import { printJson, printLines } from '../output.ts';
import { printEvent, printStatus } from '../print.ts';

interface EventOptions extends AskOptions {
  readonly since?: string;
  readonly until?: string;
  readonly client?: string;
  readonly group?: string;
  readonly destination?: string;
  readonly name?: string;
  readonly verdict?: VerdictWord;
  readonly limit: number;
  readonly follow?: true;
}

const DEFAULT_LIMIT = 1000;
const VERDICTS: readonly VerdictWord[] = ['allow', 'block', 'would block'];

export function addEventCommands(program: Command): void {
  askingCommand(program, 'events', 'verdicts, oldest first; with --json one object a line, as in eve.json', [
    'gluewall events --since 1h',
    'gluewall events --client 192.0.2.10 --follow',
    'gluewall events --name evil.example --limit 100000',
    'gluewall events --group office --verdict "would block" --since 7d',
    'gluewall events --since 2026-11-21T08:00:00Z --until 2026-11-21T09:00:00Z --json',
  ])
    .option('--since <time>', 'how long ago, such as 1h, or a time with its zone')
    .option('--until <time>', 'only before then, in the same forms')
    .option('--client <client>', 'only queries of this client: its address, or what it is called')
    .option('--group <name>', 'only queries of clients of this group')
    .option('--destination <address>', 'only queries to this server')
    .option('--name <name>', 'only queries for this name and what lies below it')
    .addOption(program.createOption('--verdict <verdict>', 'only these').choices([...VERDICTS]))
    .option('--limit <count>', 'the newest so many', countArgument, DEFAULT_LIMIT)
    .option('--follow', 'go on with what happens, until Ctrl-C')
    .action(showEvents);
  askingCommand(program, 'status', 'figures of the running gluewall', [
    'gluewall status',
    'gluewall status --json',
  ]).action((options: AskOptions) => ask<StatusView>(options, { operation: 'status' }, printStatus));
}

async function showEvents(options: EventOptions): Promise<void> {
  const { since, until, client, group, destination, name, verdict, limit, follow } = options;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const request = {
    operation: 'events',
    since: since === undefined ? undefined : earlierArgument(since, Date.now()),
    until: until === undefined ? undefined : earlierArgument(until, Date.now()),
    ...clientArgument(client),
    group,
    destination: destination === undefined ? undefined : addressArgument(destination),
    queryName: name === undefined ? undefined : nameArgument(name),
    verdict,
    limit,
    follow: follow === true,
  } as const;
  let count = 0;
  for await (const item of untilAborted(answerTo(options, request, stop.signal), stop.signal)) {
    count++;
    if (options.json === true) await printJson(item);
    else await printLines(printEvent(item as EventItem));
  }
  if (count === 0 && options.json !== true && follow !== true) await printLines(['no such event is kept']);
}

/** Whom `--client` means: an address, or any name that a client may have. */
function clientArgument(text: string | undefined): { readonly client?: string; readonly clientName?: string } {
  if (text === undefined) return {};
  if (parseAddress(text) !== undefined) return { client: text };
  if (text !== '' && text.length <= MAX_CLIENT_NAME_CHARACTERS) return { clientName: text };
  throw new GluewallError('usage', 'a client is an IPv4 or IPv6 address, or what it is called');
}

/** Ctrl-C is how following ends, and no failure. */
async function* untilAborted(items: AsyncIterable<unknown>, signal: AbortSignal): AsyncGenerator<unknown, void> {
  try {
    yield* items;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
