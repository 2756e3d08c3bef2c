/** `picture`: what was found, to look at. */
import type { Command } from 'commander';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface PictureOptions extends AskOptions {
  readonly output: string;
}

export interface QueriesPictureOptions extends PictureOptions {
  readonly since?: string;
}

export function addPictureCommands(program: Command): void {
  const picture = program.command('picture').description('draw botnets, and the queries of a host');
  askingCommand(picture, 'botnet <group>', 'the servers, hosts and victims of a bot group', [
    'gluewall picture botnet G-4c7q --output botnet.svg',
    'gluewall picture botnet G-4c7q --output botnet.dot',
    'gluewall picture botnet G-4c7q --output botnet.graphml',
  ])
    .requiredOption('--output <file>', 'where to; the end of its name says what: .svg, .dot, .graphml, .json')
    .action(async (group: string, options: PictureOptions) =>
      (await import('../pictures/draw-picture.ts')).drawBotnet(group, options),
    );
  askingCommand(
    picture,
    'queries <host> [captures...]',
    'the DNS queries of a host on ten parallel axes: its port, the octets of its address and of the server’s, the port of the ' +
      'server (paper 1, figure 4); eighteen for IPv6. From the query log, or from captures',
    [
      'gluewall picture queries 192.0.2.31 --since 1h --output queries.svg',
      'gluewall picture queries 192.0.2.31 border.pcapng --output queries.json',
    ],
  )
    .requiredOption('--output <file>', 'where to; the end of its name says what: .svg, .json')
    .option('--since <time>', 'queries of the log since then, such as 1h or 2026-11-22T08:00:00Z (default: the newest)')
    .action(async (host: string, captures: readonly string[], options: QueriesPictureOptions) =>
      (await import('../pictures/draw-picture.ts')).drawQueries(host, captures, options),
    );
}
