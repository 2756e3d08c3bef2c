import { parseDuration } from '../../config/fields.ts';
import { type Address, formatAddress, parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import { backscatterCsv } from '../../correlation/backscatter/backscatter-csv.ts';
import { backscatterFigures } from '../../correlation/backscatter/backscatter-figures.ts';
import { BackscatterReport, type MailServerReport } from '../../correlation/backscatter/backscatter-report.ts';
import type { MailServer } from '../../correlation/backscatter/backscatter-watch.ts';
import type { MailCounts } from '../../correlation/backscatter/mail-log.ts';
import { type ClientQueries, MailServerFinder } from '../../correlation/backscatter/mail-server-finder.ts';
import type { Site } from '../../correlation/correlation-options.ts';
import { entryEvents } from '../../correlation/events/entry-events.ts';
import type { HostEvent } from '../../correlation/host-event.ts';
import { canonicalName, type Name, parseName } from '../../dns/name.ts';
import type { ReadingView } from '../../services/log-services.ts';
import { addressArgument, nameArgument } from '../arguments.ts';
import type { BackscatterCommandOptions } from '../commands/report-backscatter.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { readLogEntries } from '../query-log/read-entries.ts';
import { type ReadOptions, readOptions } from '../query-log/read-options.ts';
import { writeReportFolder } from '../report-files.ts';
import { printBackscatter } from './print-backscatter.ts';
import { readMailLog } from './read-mail-log.ts';
import { viewBackscatter } from './view-backscatter.ts';

const MIN_WINDOW_MS = 60_000;
const MAX_WINDOW_MS = 86_400_000;
/** Found ones that are reported; the others are not said to be none. */
const MAX_FOUND = 16;
/** Every client of a log may be a mail server. */
const ANY_SITE: Site = { insideNetworks: [], trustedResolvers: [], mailServers: [] };

/** One log as it was read. */
export interface ReadLog {
  readonly file: string;
  readonly reading: ReadingView;
}

/** All that is shown. */
export interface ShownBackscatter {
  readonly logs: readonly ReadLog[];
  readonly servers: readonly MailServerReport[];
  /** What the servers asked that were not named but found. */
  readonly found: readonly ClientQueries[];
  readonly mail: readonly MailCounts[];
  readonly windowMs: number;
}

/** `gluewall report backscatter`. Throws GluewallError `usage`, `log-file`, `mail-server` or `report-file`. */
export async function reportBackscatter(logs: readonly string[], options: BackscatterCommandOptions): Promise<void> {
  const windowMs = windowArgument(options.window);
  const reading = readOptions(options);
  const named = [...new Set(options.mailServer.map((text) => parseAddress(addressArgument(text))!))];
  const localDomains = options.localDomain.map((text) => canonicalName(parseName(nameArgument(text))!));
  const found = named.length > 0 ? [] : await findServers(logs, reading);
  const addresses = named.length > 0 ? named : found.map(({ address }) => address);
  const { report, readLogs, others } = await readReport(logs, reading, serversOf(addresses, localDomains), windowMs);
  const servers = report.finish();
  if (servers.length === 0) throw noServer(named, others);
  const mail = await readMail(options.mailLog, reading.zone, windowMs);
  const shown: ShownBackscatter = { logs: readLogs, servers, found, mail, windowMs };
  writeFigures(shown, options);
  if (options.json === true) await printJson(viewBackscatter(shown));
  else await printLines(printBackscatter(shown));
  const isWhole = readLogs.every((log) => Object.keys(log.reading.refused).length === 0);
  process.exitCode = isWhole ? EXIT.done : EXIT.refused;
}

/** Reads the logs once more than for servers that are named. */
async function findServers(logs: readonly string[], reading: ReadOptions): Promise<readonly ClientQueries[]> {
  if (logs.includes('-')) {
    throw new GluewallError('usage', 'standard input is read once: name the --mail-server, or save the log to a file');
  }
  const finder = new MailServerFinder();
  await readEvents(logs, reading, (event) => {
    if (event.kind === 'query') finder.observe(event);
  });
  const found = finder.found().slice(0, MAX_FOUND);
  if (found.length > 0) return found;
  const pattern = 'asks for PTR, MX and A often, some hundred times in all';
  throw new GluewallError('mail-server', `no client of these logs ${pattern}: name it with --mail-server`);
}

function serversOf(addresses: readonly Address[], localDomains: readonly Name[]): readonly MailServer[] {
  return addresses.map((address) => ({ address, localDomains }));
}

async function readReport(
  logs: readonly string[],
  reading: ReadOptions,
  servers: readonly MailServer[],
  windowMs: number,
) {
  const report = new BackscatterReport(servers, windowMs);
  const others = new MailServerFinder();
  const readLogs = await readEvents(logs, reading, (event) => {
    report.observe(event);
    if (event.kind === 'query') others.observe(event);
  });
  return { report, readLogs, others };
}

async function readEvents(
  logs: readonly string[],
  reading: ReadOptions,
  take: (event: HostEvent) => void,
): Promise<readonly ReadLog[]> {
  const read: ReadLog[] = [];
  for (const file of logs) {
    read.push({ file, reading: await readLogEntries(file, reading, (entry) => entryEvents(entry, ANY_SITE, take)) });
  }
  return read;
}

function noServer(named: readonly Address[], others: MailServerFinder): GluewallError {
  const who = named.map(formatAddress).join(', ');
  const found = others.found().slice(0, MAX_FOUND);
  const advice =
    found.length === 0
      ? 'look with `gluewall log detect` who asks in them'
      : `those that ask as mail servers do: ${found.map(({ address }) => formatAddress(address)).join(', ')}`;
  return new GluewallError('mail-server', `${who} asked nothing in these logs; ${advice}`);
}

async function readMail(files: readonly string[], zone: string, windowMs: number): Promise<readonly MailCounts[]> {
  return files.length === 0 ? [] : readMailLog(files, zone, windowMs);
}

function writeFigures({ servers, mail, windowMs }: ShownBackscatter, { svg, csv }: BackscatterCommandOptions): void {
  if (svg !== undefined) {
    for (const server of servers) writeReportFolder(svg, backscatterFigures(server, windowMs, mail));
  }
  if (csv !== undefined) writeReportFolder(csv, backscatterCsv(servers, mail));
}

function windowArgument(text: string): number {
  const windowMs = parseDuration(text);
  if (windowMs !== undefined && windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS) return windowMs;
  throw new GluewallError('usage', `--window: "${text}" is no time from 1m to 1d: want one such as 10m`);
}
