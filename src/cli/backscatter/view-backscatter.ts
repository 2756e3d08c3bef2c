import { formatAddress } from '../../core/address.ts';
import type { MailServerReport } from '../../correlation/backscatter/backscatter-report.ts';
import type { BackscatterAlarm, JudgedWindow } from '../../correlation/backscatter/window-judge.ts';
import { formatInstant } from '../../services/instant.ts';
import type { ShownBackscatter } from './report-backscatter.ts';

/** The report as JSON has it. */
export function viewBackscatter({ logs, servers, found, mail, windowMs }: ShownBackscatter) {
  return {
    windowSeconds: windowMs / 1000,
    logs: logs.map(({ file, reading }) => ({ file, ...reading })),
    servers: servers.map((report) => ({
      address: formatAddress(report.address),
      isFound: found.some(({ address }) => address === report.address),
      ...viewServer(report),
    })),
    mail: mail.map(({ atMs, ...counts }) => ({ time: formatInstant(atMs), ...counts })),
  };
}

function viewServer({ counts, unresolved, days, windows, alarms, ...report }: MailServerReport) {
  const { atMs: _, ...queries } = counts;
  const { isReady, isJudged, leftOut, regression } = report;
  return {
    isReady,
    isJudged,
    leftOut,
    queries: { ...queries, unresolved },
    alarms: alarms.map(viewAlarm),
    regression: regression.line === undefined ? null : { ofAlarms: regression.isOfAlarms, ...regression.line },
    days: days.map(({ atMs, ...day }) => ({ day: formatInstant(atMs)!.slice(0, 10), ...day })),
    windows: windows.map(viewWindow),
  };
}

function viewAlarm({ startMs, detectedMs, peakMs, endMs, lastMs: _, ...alarm }: BackscatterAlarm) {
  return {
    start: formatInstant(startMs),
    detected: formatInstant(detectedMs),
    peak: formatInstant(peakMs),
    end: endMs === undefined ? null : formatInstant(endMs),
    ...alarm,
  };
}

function viewWindow({ window: { atMs, total, unresolved, names, by }, r2, isAlarm }: JudgedWindow) {
  return { time: formatInstant(atMs), total, unresolved, names, by, r2: r2 ?? null, alarm: isAlarm };
}
