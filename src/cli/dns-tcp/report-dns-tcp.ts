import { formatDuration, parseDuration } from '../../config/fields.ts';
import { resultOf } from '../../control/answer.ts';
import { GluewallError } from '../../core/errors.ts';
import { DEFAULT_DNS_TCP, type DnsTcpTables } from '../../correlation/dns-tcp/dns-tcp-book.ts';
import { inOrderOfFirstPacket } from '../../services/order-captures.ts';
import { DnsTcpReader, type DnsTcpReport } from '../../services/read-dns-tcp.ts';
import { answerTo } from '../ask.ts';
import type { DnsTcpCommandOptions } from '../commands/report-dns-tcp.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { readCaptures } from '../read-captures.ts';
import { writeReportFile, writeReportFolder } from '../report-files.ts';
import { dnsTcpCsv } from './dns-tcp-csv.ts';
import { drawDelays } from './draw-dns-tcp.ts';
import { printDnsTcp } from './print-dns-tcp.ts';

const MIN_WINDOW_MS = 50;
const MAX_WINDOW_MS = 60_000;

/** `gluewall report dns-tcp`. Throws GluewallError `usage`, `capture-file`, `report-file`, or as the running gluewall does. */
export async function reportDnsTcp(files: readonly string[], options: DnsTcpCommandOptions): Promise<void> {
  if (options.live === true) await reportLive(files, options);
  else await reportCaptures(files, options);
}

async function reportLive(files: readonly string[], options: DnsTcpCommandOptions): Promise<void> {
  if (files.length > 0) throw new GluewallError('usage', '--live is about what is seen now: name no files with it');
  if (options.window !== undefined) {
    throw new GluewallError(
      'usage',
      `--window is for files: --live counts by ${formatDuration(DEFAULT_DNS_TCP.windowMs)}`,
    );
  }
  const tables = (await resultOf(answerTo(options, { operation: 'report dns-tcp' }))) as DnsTcpTables;
  writeFiles(tables, options);
  if (options.json === true) await printJson({ tables });
  else await printLines(printDnsTcp(tables));
}

async function reportCaptures(files: readonly string[], options: DnsTcpCommandOptions): Promise<void> {
  if (files.length === 0) {
    const wanted = 'name capture files (pcap, pcapng, also gzip; - is standard input), or give --live';
    throw new GluewallError('usage', `of what? ${wanted}`);
  }
  const reader = new DnsTcpReader(files, windowArgument(options.window));
  const unread = await readCaptures(await inOrderOfFirstPacket(files), reader);
  const report = await reader.finish();
  writeFiles(report.tables, options);
  if (options.json === true) await printJson(report);
  else await printLines(describe(report));
  process.exitCode = unread + report.damage.length === 0 ? EXIT.done : EXIT.refused;
}

function writeFiles(tables: DnsTcpTables, { svg, csv }: DnsTcpCommandOptions): void {
  if (svg !== undefined) writeReportFile(svg, drawDelays(tables));
  if (csv !== undefined) writeReportFolder(csv, dnsTcpCsv(tables));
}

function describe({ packets, tables, notRead, damage }: DnsTcpReport): readonly string[] {
  const counts = Object.entries(notRead).map(([name, count]) => `  not read, ${name}: ${count}`);
  return [`${packets} packets`, ...counts, ...damage, ...printDnsTcp(tables)];
}

function windowArgument(text: string | undefined): number {
  if (text === undefined) return DEFAULT_DNS_TCP.windowMs;
  const windowMs = parseDuration(text);
  if (windowMs !== undefined && windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS) return windowMs;
  throw new GluewallError('usage', `--window: "${text}" is no time from 50ms to 60s: want one such as 1s`);
}
