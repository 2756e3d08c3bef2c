/** `report hosts`: what files say of hosts. */
import type { Command } from 'commander';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface HostsCommandOptions extends AskOptions {
  readonly inside?: readonly string[];
  readonly resolver?: readonly string[];
  readonly mailServer?: readonly string[];
}

export function addHostsCommand(report: Command): void {
  askingCommand(
    report,
    'hosts <files...>',
    'infected hosts, the groups they are in and who commands them, from captures (pcap, pcapng), logs of DNS servers and host ' +
      'events (docs/evaluation.md), also gzip: what a running gluewall would have found',
    [
      'gluewall report hosts border.pcapng --inside 192.0.2.0/24 --resolver 192.0.2.53',
      'gluewall report hosts queries.log --json',
    ],
  )
    .option('--inside <networks...>', 'networks whose addresses are hosts (default: as configured; none: all that ask)')
    .option('--resolver <addresses...>', 'resolvers of the site (default: as configured)')
    .option('--mail-server <addresses...>', 'mail servers of the site (default: as configured)')
    .action(async (files: readonly string[], options: HostsCommandOptions) =>
      (await import('../hosts/report-hosts.ts')).reportHosts(files, options),
    );
}
