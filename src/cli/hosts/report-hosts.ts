import { type Address, parseAddress, parseNetwork } from '../../core/address.ts';
import { systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { counted, percent } from '../../core/words.ts';
import { DEFAULT_CORRELATION, type Site } from '../../correlation/correlation-options.ts';
import { entryEvents } from '../../correlation/events/entry-events.ts';
import { lineEvents } from '../../correlation/events/line-events.ts';
import { Replay, type ReplayOutcome } from '../../correlation/replay.ts';
import { type BotGroupView, viewGroup } from '../../services/bot-view.ts';
import { type FoundView, viewFound } from '../../services/finding-view.ts';
import { formatInstant } from '../../services/instant.ts';
import { inOrderOfFirstPacket } from '../../services/order-captures.ts';
import { hostCaptures } from '../../services/read-host-captures.ts';
import { addressArgument } from '../arguments.ts';
import { configOf } from '../ask.ts';
import { printGroup } from '../behaviour/print-bots.ts';
import type { HostsCommandOptions } from '../commands/report-hosts.ts';
import { EXIT } from '../exit-codes.ts';
import { reasonLines } from '../findings/print-finding.ts';
import { printJson, printLines } from '../output.ts';
import { type ReadOptions, readOptions } from '../query-log/read-options.ts';
import { readCaptures } from '../read-captures.ts';
import { complain } from '../stderr-log.ts';
import { EventFile } from './event-file.ts';
import { type FileKind, fileKind } from './file-kind.ts';
import { orderedLines } from './ordered-lines.ts';
import { readLogFile } from './read-log-file.ts';

/** Clocks and time zones differ by no more. */
const AHEAD_MS = 24 * 60 * 60_000;

/** What was found in files. */
interface HostsReport {
  readonly events: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly findings: readonly FoundView[];
  readonly groups: readonly BotGroupView[];
  /** Files that could not be read to their end, one sentence for each. */
  readonly damage: readonly string[];
}

/** `gluewall report hosts`. Throws GluewallError `usage`, `capture-file`, `log-file` or `event-file`. */
export async function reportHosts(paths: readonly string[], options: HostsCommandOptions): Promise<void> {
  const site = siteOf(options);
  const reading = readOptions({});
  const files: FileKind[] = [];
  for (const path of paths) files.push(await fileKind(path, reading));
  const replay = new Replay(DEFAULT_CORRELATION, site, systemClock.nowMs() + AHEAD_MS);
  await readLogs(files, reading, site, replay);
  await readEvents(files, site, replay);
  const damage = await readPackets(files, site, replay);
  const outcome = replay.finish();
  if (outcome.tooLate > 0)
    complain(`${counted(outcome.tooLate, 'event')} left out: the time is more than a day ahead of now`);
  const report = reportOf(outcome, damage);
  if (options.json === true) await printJson(report);
  else await printLines(describe(report, site));
  process.exitCode = damage.length === 0 ? EXIT.done : EXIT.refused;
}

/** What was typed goes before what is configured. */
function siteOf({ inside, resolver, mailServer, ...options }: HostsCommandOptions): Site {
  const { config } = configOf(options);
  const { behaviour, inside: configured, trusted_resolvers: trustedResolvers } = config;
  return {
    insideNetworks: inside?.map(networkArgument) ?? configured.networks,
    trustedResolvers: resolver?.map(addressOf) ?? trustedResolvers,
    mailServers: mailServer?.map(addressOf) ?? behaviour.mail_servers.map(({ address }) => address),
  };
}

function networkArgument(text: string) {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new GluewallError('usage', `--inside: "${text}" is no network, such as 192.0.2.0/24`);
}

function addressOf(text: string): Address {
  return parseAddress(addressArgument(text))!;
}

async function readLogs(files: readonly FileKind[], reading: ReadOptions, site: Site, replay: Replay): Promise<void> {
  for (const file of files) {
    if (file.kind !== 'log') continue;
    const refused = await readLogFile(file.path, file.format, reading, (entry) =>
      entryEvents(entry, site, (event) => replay.observe(event)),
    );
    for (const [reason, count] of Object.entries(refused))
      complain(`${file.path}: ${count} records left out: ${reason}`);
  }
}

async function readEvents(files: readonly FileKind[], site: Site, replay: Replay): Promise<void> {
  const opened: EventFile[] = [];
  for (const { kind, path } of files) if (kind === 'events') opened.push(await EventFile.open(path));
  for await (const lines of orderedLines(opened)) {
    for (const line of lines) lineEvents(line, site, (event) => replay.observe(event));
  }
  for (const { name, unknownKeys } of opened) {
    if (unknownKeys.size > 0)
      complain(`${name}: keys that nobody knows were left out: ${printable([...unknownKeys].join(', '))}`);
  }
}

async function readPackets(files: readonly FileKind[], site: Site, replay: Replay): Promise<readonly string[]> {
  const paths = files.flatMap(({ kind, path }) => (kind === 'capture' ? [path] : []));
  if (paths.length === 0) return [];
  const captures = hostCaptures(paths, site, (event) => replay.observe(event));
  await readCaptures(await inOrderOfFirstPacket(paths), captures);
  return captures.finish();
}

function reportOf(
  { events, firstAtMs, lastAtMs, found, groups }: ReplayOutcome,
  damage: readonly string[],
): HostsReport {
  return {
    events,
    first: formatInstant(firstAtMs ?? Number.NaN),
    last: formatInstant(lastAtMs ?? Number.NaN),
    findings: found.toSorted((a, b) => b.score - a.score).map(viewFound),
    groups: groups.map((group) => viewGroup(group, [])),
    damage,
  };
}

function describe({ events, first, last, findings, groups, damage }: HostsReport, site: Site): readonly string[] {
  const where =
    site.insideNetworks.length === 0
      ? ['every address that asks or connects is taken for a host: name what is inside with --inside']
      : [];
  const none = findings.length === 0 ? ['nothing was found'] : [];
  return [
    `${counted(events, 'event')} of hosts${first === null ? '' : ` from ${first} to ${last}`}`,
    ...where,
    ...damage,
    ...none,
    ...findings.flatMap((finding) => ['', ...findingLines(finding)]),
    ...groups.flatMap((group) => ['', ...printGroup(group)]),
  ];
}

function findingLines({ kind, subject, score, first, last, reasons }: FoundView): readonly string[] {
  return [`${kind} ${subject}, ${percent(score)}; from ${first} to ${last}`, ...reasonLines({ reasons })];
}
