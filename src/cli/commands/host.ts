/** `host`: what one host does. */
import type { Command } from 'commander';
import { parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import { MAX_TIMELINE_ITEMS, type TimelineItem } from '../../services/host-timeline.ts';
import type { HostView } from '../../services/host-view.ts';
import { addressArgument, countArgument, earlierArgument } from '../arguments.ts';
import { type AskOptions, ask, askingCommand } from '../ask.ts';

export function addHostCommands(program: Command): void {
  const host = program.command('host').description('what a host of the inside does');
  askingCommand(host, 'show <address>', 'what speaks against a host, line by line, and what is not seen of it', [
    'gluewall host show 192.0.2.66',
    'gluewall host show 192.0.2.66 --json',
  ])
    .addHelpText('after', '\nEnds with 1 when nothing was seen of it.')
    .action(showHost);
  askingCommand(
    host,
    'timeline <address>',
    'what happened about a host: events, findings, evidence, rules, newest first',
    ['gluewall host timeline 192.0.2.66', 'gluewall host timeline 192.0.2.66 --since 1h --limit 500 --json'],
  )
    .option('--since <time>', 'how long ago, such as 1h, or a time with its zone')
    .option('--limit <count>', 'the newest so many, up to 500', timelineArgument, DEFAULT_TIMELINE)
    .action(showTimeline);
}

interface TimelineOptions extends AskOptions {
  readonly since?: string;
  readonly limit: number;
}

const DEFAULT_TIMELINE = 100;

function timelineArgument(text: string): number {
  const count = countArgument(text);
  if (count >= 1 && count <= MAX_TIMELINE_ITEMS) return count;
  throw new GluewallError('usage', `want 1 to ${MAX_TIMELINE_ITEMS}, not ${count}`);
}

async function showTimeline(text: string, { since, limit, ...options }: TimelineOptions): Promise<void> {
  const request = {
    operation: 'host timeline',
    host: addressArgument(text),
    since: since === undefined ? undefined : earlierArgument(since, Date.now()),
    limit,
  } as const;
  await ask<{ readonly items: readonly TimelineItem[] }>(options, request, ({ items }) =>
    items.length === 0 ? [`nothing is known of ${text}`] : items.map(timelineLine),
  );
}

function timelineLine({ at, kind, text, event, finding }: TimelineItem): string {
  const id = event === undefined ? finding : `event ${event}`;
  return `${at}  ${kind.padEnd(8)}  ${text}${id === undefined ? '' : `  (${id})`}`;
}

async function showHost(text: string, options: AskOptions): Promise<void> {
  if (parseAddress(text) === undefined) {
    throw new GluewallError('usage', `${text} is no IP address; \`gluewall clients NAME\` says which a client has`);
  }
  const { printHost } = await import('../behaviour/print-host.ts');
  await ask<HostView>(options, { operation: 'host show', host: text }, printHost, ({ hosts }) => hosts.length > 0);
}
