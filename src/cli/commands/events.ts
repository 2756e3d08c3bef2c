/** `events` and `status`: what happened, and how it goes. */
import type { Command } from 'commander';
import type { EventItem, StatusView } from '../../services/services.ts';
import { addressArgument, countArgument, earlierArgument } from '../arguments.ts';
import { type AskOptions, answerTo, ask, askingCommand } from '../ask.ts';
import { printJson, printLines } from '../output.ts';
import { printEvent, printStatus } from '../print.ts';

interface EventOptions extends AskOptions {
  readonly since?: string;
  readonly client?: string;
  readonly destination?: string;
  readonly limit: number;
  readonly follow?: true;
}

const DEFAULT_LIMIT = 1000;

export function addEventCommands(program: Command): void {
  askingCommand(program, 'events', 'verdicts, oldest first; with --json one object a line, as in eve.json', [
    'gluewall events --since 1h',
    'gluewall events --client 192.0.2.10 --follow',
    'gluewall events --since 2026-11-21T08:00:00Z --json',
  ])
    .option('--since <time>', 'how long ago, such as 1h, or a time with its zone')
    .option('--client <address>', 'only queries of this client')
    .option('--destination <address>', 'only queries to this server')
    .option('--limit <count>', 'the newest so many', countArgument, DEFAULT_LIMIT)
    .option('--follow', 'go on with what happens, until Ctrl-C')
    .action(showEvents);
  askingCommand(program, 'status', 'figures of the running gluewall', [
    'gluewall status',
    'gluewall status --json',
  ]).action((options: AskOptions) => ask<StatusView>(options, { operation: 'status' }, printStatus));
}

async function showEvents(options: EventOptions): Promise<void> {
  const { since, client, destination, limit, follow } = options;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const request = {
    operation: 'events',
    since: since === undefined ? undefined : earlierArgument(since, Date.now()),
    client: client === undefined ? undefined : addressArgument(client),
    destination: destination === undefined ? undefined : addressArgument(destination),
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

/** Ctrl-C is how following ends, and no failure. */
async function* untilAborted(items: AsyncIterable<unknown>, signal: AbortSignal): AsyncGenerator<unknown, void> {
  try {
    yield* items;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
