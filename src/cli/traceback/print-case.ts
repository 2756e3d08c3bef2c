/** A case for a person, as lines. */
import { formatDuration } from '../../config/fields.ts';
import type { Case, CaseSummary } from '../../traceback/cases/case.ts';
import type { Suspect } from '../../traceback/messages.ts';

/** Gaps and suspects that are shown one by one. */
const MAX_SHOWN = 20;
/** Characters of an id that tell a case from others. */
const SHORT_ID = 8;

type Host = Case['hosts'][number];

/** Whether it says who it was: a host that is named, or the source itself. */
export function isAnswered({ outcome }: Case): boolean {
  return outcome === 'hosts named' || outcome === 'not spoofed';
}

export function printCase(one: Case): string[] {
  const { id, state, question, outcome, detail, ground, closed } = one;
  const { name, at, source, window, override } = question;
  const isConfirmed = ground !== undefined && 'confirmed' in ground;
  const span = `from ${formatDuration(window.beforeMs)} before to ${formatDuration(window.afterMs)} after`;
  return [
    `case ${id} (${state}): ${outcome ?? `being worked on, ${one.step}`}`,
    `${name}, attacked at ${at} by packets from ${source}; looked ${span}`,
    ...confirmationLines(one),
    ...(override === undefined ? [] : [`override${isConfirmed ? ' (not needed)' : ''}: ${override}`]),
    detail,
    ...hostLines(one),
    ...suspectLines(one),
    ...gapLines(one),
    ...(closed === undefined ? [] : [`closed ${closed.at}: ${closed.reason}`]),
    ...nextLines(one),
  ];
}

function confirmationLines({ confirmation, question }: Case): readonly string[] {
  if (confirmation === undefined) return [];
  return [`confirmation (${question.method}): ${confirmation.outcome}; ${confirmation.words}`];
}

const HOST_HEADINGS = ['HOST', 'NAME', 'CONFIDENCE', 'ASKED AT', 'BY', 'REASONS'];

function hostLines({ hosts }: Case): readonly string[] {
  if (hosts.length === 0) return [];
  return ['', ...aligned([HOST_HEADINGS, ...hosts.map(hostCells)])];
}

function hostCells({ address, name, confidence, paths, firstAt, reasons }: Host): readonly string[] {
  const sources = [...new Set(paths.map((path) => path.at(-1)!))];
  return [address, name ?? '-', percent(confidence), firstAt, sources.join(', '), reasons.join('; ')];
}

/** The names of all sources, the most unusual first. */
function suspectLines({ suspects }: Case): readonly string[] {
  const names = suspects
    .flatMap((report) => report.names)
    .toSorted((one, other) => other.score - one.score)
    .slice(0, MAX_SHOWN);
  if (names.length === 0) return [];
  const headings = ['ASKED BEFORE', 'BITS', 'HOSTS', 'BEFORE', 'REASONS'];
  return ['', ...aligned([headings, ...names.map(suspectCells)])];
}

function suspectCells({ name, score, hosts, beforeMs, reasons }: Suspect): readonly string[] {
  return [name, figure(score), hosts.join(', '), `${figure(beforeMs / 1000)} s`, reasons.join('; ')];
}

function gapLines({ gaps }: Case): readonly string[] {
  if (gaps.length === 0) return [];
  const more = gaps.length - MAX_SHOWN;
  const rows = gaps
    .slice(0, MAX_SHOWN)
    .map(({ reason, node, server, detail }) => [reason, server ?? '-', node ?? '-', detail]);
  return [
    '',
    'what is missing:',
    ...aligned([['GAP', 'SERVER', 'NODE', 'WHY'], ...rows]),
    ...(more > 0 ? [`… and ${more} more (--json has all)`] : []),
  ];
}

function nextLines({ id, state, outcome }: Case): readonly string[] {
  if (state === 'closed' || outcome === undefined) return [];
  const short = id.slice(0, SHORT_ID);
  const handOver = `to hand it over: gluewall traceback export ${short} --output FOLDER`;
  const close = `when it is dealt with: gluewall traceback close ${short} --reason TEXT`;
  switch (outcome) {
    case 'hosts named':
      return [
        '',
        'a confidence says how likely a host is the bot, if the bot asked (docs/traceback.md); the rest of 100 % is nobody who is named',
        'it is no proof: have the hosts looked at before anything is done',
        handOver,
        close,
      ];
    case 'not spoofed':
      return ['', handOver, close];
    case 'not confirmed':
      return [
        '',
        'first see whether --name and --at are right, and whether what is missing can be had',
        'to have those who asked named all the same: ask again with --override REASON',
        close,
      ];
    case 'no host named':
      return [
        '',
        'to ask again: about other attacks on this name, too, where many asked for it; with a longer --before, where nobody did',
        close,
      ];
    default:
      return ['', 'to ask again: the same request, with a longer --time-limit where that was short', close];
  }
}

const LIST_HEADINGS = ['CASE', 'STATE', 'NAME', 'AT', 'SOURCE', 'OUTCOME', 'HOSTS', 'FIRST'];

export function printCaseList(cases: readonly CaseSummary[]): string[] {
  if (cases.length === 0) return ['there are no cases yet; `gluewall traceback request` opens one'];
  return aligned([LIST_HEADINGS, ...cases.map(listCells)]);
}

function listCells({ id, state, name, at, source, outcome, step, hosts, first, isComplete }: CaseSummary) {
  const ended = outcome === undefined ? `(${step})` : `${outcome}${isComplete ? '' : ' (gaps)'}`;
  const best = first === undefined ? '-' : `${first.address} ${percent(first.confidence)}`;
  return [id.slice(0, SHORT_ID), state, name, at, source, ended, String(hosts), best];
}

function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 1 ? value.toFixed(1) : Math.round(value)} %`;
}

/** With no more digits than say something. */
function figure(value: number): string {
  return value >= 100
    ? value.toFixed(0)
    : value >= 1 || value === 0
      ? String(Number(value.toFixed(1)))
      : value.toPrecision(1);
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_heading, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
