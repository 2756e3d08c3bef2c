/** `report dns-tcp`: what DNS answers and the beginnings of TCP connections have to do with each other. */
import type { Command } from 'commander';
import { type AskOptions, askingCommand } from '../ask.ts';

export interface DnsTcpCommandOptions extends AskOptions {
  readonly live?: true;
  readonly window?: string;
  readonly svg?: string;
  readonly csv?: string;
}

export function addDnsTcpCommand(report: Command): void {
  askingCommand(
    report,
    'dns-tcp [files...]',
    'what DNS answers and the beginnings of TCP connections have to do with each other, from capture files (pcap, pcapng, ' +
      'also gzip; - is standard input): the tables of paper 5, and how long after an answer connections begin',
    [
      'gluewall report dns-tcp border.pcapng',
      'gluewall report dns-tcp border-1.pcap border-2.pcap --window 500ms --json',
      'gluewall report dns-tcp border.pcapng --svg delays.svg --csv tables',
      'gluewall report dns-tcp --live',
    ],
  )
    .option(
      '--live',
      'what a running gluewall has seen since it began, where it sees the side of the clients (docs/dns-tcp.md)',
    )
    .option(
      '--window <time>',
      'a connection follows an answer when it begins within this time, 50ms to 60s (default 1s)',
    )
    .option('--svg <file>', 'draw the delays into this file')
    .option('--csv <folder>', 'write the tables into this folder')
    .action(async (files: readonly string[], options: DnsTcpCommandOptions) =>
      (await import('../dns-tcp/report-dns-tcp.ts')).reportDnsTcp(files, options),
    );
}
