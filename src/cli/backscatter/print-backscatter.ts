/** The report for a person, as lines. */
import { type Address, formatAddress } from '../../core/address.ts';
import { counted, percent } from '../../core/words.ts';
import type { MailServerReport } from '../../correlation/backscatter/backscatter-report.ts';
import type { MailCounts } from '../../correlation/backscatter/mail-log.ts';
import { type BackscatterAlarm, MIN_QUIET_WINDOWS } from '../../correlation/backscatter/window-judge.ts';
import { formatInstant } from '../../services/instant.ts';
import { countEntries, printAssumed } from '../query-log/print-log.ts';
import type { ReadLog, ShownBackscatter } from './report-backscatter.ts';

const MAX_ALARMS = 20;

export function printBackscatter(shown: ShownBackscatter): readonly string[] {
  const { logs, servers, mail } = shown;
  return [
    ...logs.flatMap(printLog),
    ...servers.flatMap((server) => ['', ...printServer(server, shown)]),
    ...(mail.length === 0 ? [] : ['', ...printMail(mail)]),
    '',
    ...nextSteps(shown),
  ];
}

function printLog({ file, reading: { format, entries, refused, assumed } }: ReadLog): readonly string[] {
  return [
    `${file}: ${format ?? 'unknown'}, ${countEntries(entries)}`,
    ...Object.entries(refused).map(([reason, count]) => `  refused  ${count}  ${reason}`),
    ...printAssumed(assumed).map((line) => `  ${line}`),
  ];
}

function printServer(report: MailServerReport, { found, mail, windowMs }: ShownBackscatter): readonly string[] {
  const { address, counts, windows, alarms, leftOut } = report;
  const { a, ptr, mx, txt, total } = counts;
  const share = (count: number) => percent(count / Math.max(1, total));
  const first = formatInstant(windows[0]!.window.atMs);
  const last = formatInstant(windows.at(-1)!.window.atMs + windowMs);
  const how = isFound(found, address) ? ' (found by what it asks)' : '';
  return [
    `${formatAddress(address)}${how}  ${first} to ${last}`,
    `  queries       ${total}: A, AAAA ${share(a)}, PTR ${share(ptr)}, MX ${share(mx)}, TXT ${share(txt)}`,
    `  unresolvable  ${describeUnresolved(report)}`,
    `  R²            ${describeRegression(report)}`,
    ...(leftOut === 0 ? [] : [`  left out      ${leftOut} queries and answers: too many different times`]),
    ...(alarms.length === 0 ? [`  alarms        ${describeQuiet(report)}`] : []),
    ...alarms.slice(0, MAX_ALARMS).flatMap((alarm) => printAlarm(alarm, mail)),
    ...(alarms.length > MAX_ALARMS ? [`  … and ${alarms.length - MAX_ALARMS} more alarms: see --json`] : []),
  ];
}

function isFound(found: ShownBackscatter['found'], address: Address): boolean {
  return found.some((client) => client.address === address);
}

function describeUnresolved({ unresolved, counts, windows, isJudged }: MailServerReport): string {
  if (!isJudged) return 'not known: the logs say no response codes';
  const byCodes = windows.filter(({ window }) => window.by === 'codes').length;
  const how =
    byCodes === windows.length
      ? 'by response codes'
      : byCodes === 0
        ? 'names with the local domain behind them, since the logs say no response codes'
        : 'by response codes where the logs say them, else by the local domain';
  return `${unresolved} (${percent(unresolved / Math.max(1, counts.total))}), ${how}`;
}

function describeRegression({ regression: { line, isOfAlarms } }: MailServerReport): string {
  if (line === undefined) return 'none: nothing varies';
  const of = isOfAlarms ? 'of the days with an alarm' : 'of all days';
  return `${line.r2.toFixed(3)} ${of}: all queries against unresolvable ones`;
}

function describeQuiet({ isReady, isJudged }: MailServerReport): string {
  if (!isJudged) return 'none possible';
  return isReady ? 'none' : `none possible: want logs of ${MIN_QUIET_WINDOWS} quiet windows at least`;
}

function printAlarm(alarm: BackscatterAlarm, mail: readonly MailCounts[]): readonly string[] {
  const { startMs, detectedMs, peakMs, endMs, lastMs, peakPerSecond, usualPerSecond, total, unresolved, r2 } = alarm;
  const end = endMs === undefined ? 'it goes on' : formatInstant(endMs);
  const during = mail.filter(({ atMs }) => atMs >= startMs && atMs < (endMs ?? lastMs));
  return [
    `  ALARM         ${formatInstant(startMs)} to ${end}, known at ${formatInstant(detectedMs)}`,
    `    peak        ${formatInstant(peakMs)}: ${peakPerSecond.toFixed(2)} unresolvable a second, usually ${usualPerSecond.toFixed(2)}`,
    `    queries     ${unresolved} of ${total} unresolvable (${percent(unresolved / Math.max(1, total))}), R² ${r2.toFixed(3)}`,
    ...(during.length === 0 ? [] : [`    mail        ${describeMail(during)}`]),
  ];
}

function printMail(mail: readonly MailCounts[]): readonly string[] {
  const [first, last] = [formatInstant(mail[0]!.atMs), formatInstant(mail.at(-1)!.atMs)];
  return [`mail log  ${first} to ${last}`, `  ${describeMail(mail)}`];
}

function describeMail(mail: readonly MailCounts[]): string {
  const sum = (value: (counts: MailCounts) => number) => mail.reduce((total, counts) => total + value(counts), 0);
  const unknown = sum(({ unknownUsers }) => unknownUsers);
  const bounces = sum(({ bounces }) => bounces);
  const connections = sum((counts) => counts.connections);
  return `${counted(connections, 'connection')}, ${unknown} User unknown, of them ${bounces} bounces (from=<>)`;
}

/** What to do now. */
function nextSteps({ servers, mail }: ShownBackscatter): readonly string[] {
  const steps: string[] = [];
  if (servers.some(({ isJudged }) => !isJudged)) {
    steps.push(
      'name with --local-domain what the resolver of the mail server puts behind names (`search` of its resolv.conf)',
    );
  }
  const alarm = servers.flatMap(({ address, alarms }) => alarms.map((one) => ({ address, ...one })))[0];
  if (alarm === undefined) return steps.map((step) => `next: ${step}`);
  if (mail.length === 0) steps.push('see with --mail-log whether Postfix refused unknown users at the same time');
  steps.push(
    'let the mail server refuse unknown users during SMTP, and publish SPF and DMARC for the domain: others then need not bounce',
    `see what it asked: gluewall log search --client ${formatAddress(alarm.address)} --since ${formatInstant(alarm.startMs)}`,
  );
  return steps.map((step) => `next: ${step}`);
}
