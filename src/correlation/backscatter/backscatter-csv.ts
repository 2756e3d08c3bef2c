/** The figures of paper 4, of all mail servers of a report: as tables. */
import { csvTable } from '../../charts/csv-table.ts';
import { formatAddress } from '../../core/address.ts';
import type { MailServerReport } from './backscatter-report.ts';
import type { MailCounts } from './mail-log.ts';

/** By the names of their files. */
export function backscatterCsv(
  reports: readonly MailServerReport[],
  mail: readonly MailCounts[],
): Readonly<Record<string, string>> {
  return {
    'days.csv': daysTable(reports),
    'windows.csv': windowsTable(reports),
    'alarms.csv': alarmsTable(reports),
    'regression.csv': regressionTable(reports),
    ...(mail.length === 0 ? {} : { 'mail.csv': mailTable(mail) }),
  };
}

function daysTable(reports: readonly MailServerReport[]): string {
  return csvTable(
    ['server', 'day', 'a', 'ptr', 'mx', 'txt', 'total'],
    rowsOf(reports, ({ days }) =>
      days.map(({ atMs, a, ptr, mx, txt, total }) => [instant(atMs).slice(0, 10), a, ptr, mx, txt, total]),
    ),
  );
}

function windowsTable(reports: readonly MailServerReport[]): string {
  return csvTable(
    ['server', 'time', 'total', 'unresolvable', 'names', 'by', 'r2', 'alarm'],
    rowsOf(reports, ({ windows }) =>
      windows.map(({ window: { atMs, total, unresolved, names, by }, r2, isAlarm }) => {
        return [instant(atMs), total, unresolved, names, by, r2 === undefined ? null : rounded(r2), isAlarm ? 1 : 0];
      }),
    ),
  );
}

function alarmsTable(reports: readonly MailServerReport[]): string {
  return csvTable(
    [
      'server',
      'start',
      'detected',
      'peak',
      'end',
      'peak_per_second',
      'usual_per_second',
      'total',
      'unresolvable',
      'r2',
    ],
    rowsOf(reports, ({ alarms }) =>
      alarms.map((alarm) => [
        instant(alarm.startMs),
        instant(alarm.detectedMs),
        instant(alarm.peakMs),
        alarm.endMs === undefined ? null : instant(alarm.endMs),
        rounded(alarm.peakPerSecond),
        rounded(alarm.usualPerSecond),
        alarm.total,
        alarm.unresolved,
        rounded(alarm.r2),
      ]),
    ),
  );
}

function regressionTable(reports: readonly MailServerReport[]): string {
  return csvTable(
    ['server', 'time', 'unresolvable_per_second', 'total_per_second'],
    rowsOf(reports, ({ regression }) =>
      regression.points.map(({ atMs, unresolved, total }) => [instant(atMs), rounded(unresolved), rounded(total)]),
    ),
  );
}

function mailTable(mail: readonly MailCounts[]): string {
  return csvTable(
    ['time', 'connections', 'user_unknown', 'bounces'],
    mail.map(({ atMs, connections, unknownUsers, bounces }) => [instant(atMs), connections, unknownUsers, bounces]),
  );
}

type Row = readonly (string | number | null)[];

function rowsOf(reports: readonly MailServerReport[], rows: (report: MailServerReport) => readonly Row[]): Row[] {
  return reports.flatMap((report) => {
    const server = formatAddress(report.address);
    return rows(report).map((row) => [server, ...row]);
  });
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
