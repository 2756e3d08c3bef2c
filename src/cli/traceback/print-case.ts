/** A case for a person, as lines. */
import { formatDuration } from '../../config/fields.ts';
import { counted, percent } from '../../core/words.ts';
import type { Case, CaseSummary, Outcome } from '../../traceback/cases/case.ts';
import type { Suspect } from '../../traceback/messages.ts';
import { aligned } from '../aligned.ts';

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
  const headings = ['ASKED BEFORE', 'HOW UNUSUAL (bits)', 'HOSTS', 'REASONS'];
  return ['', ...aligned([headings, ...names.map(suspectCells)]), 'below 8 bits it says little'];
}

function suspectCells({ name, score, hosts, reasons }: Suspect): readonly string[] {
  return [name, String(Math.round(score)), hosts.join(', '), reasons.join('; ')];
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

function nextLines(one: Case): readonly string[] {
  const { id, state, outcome, hosts } = one;
  if (state === 'closed' || outcome === undefined) return [];
  const short = id.slice(0, SHORT_ID);
  return [
    '',
    ...adviceOn(one, outcome),
    ...(isAnswered(one) || hosts.length > 0
      ? [`to hand it over: gluewall traceback export ${short} --output FOLDER`]
      : []),
    `when it is dealt with: gluewall traceback close ${short} --reason TEXT`,
  ];
}

const SEE_GAPS = 'see whether what is missing can be had, and ask again';
const ASKED_EARLIER = 'a bot may have asked earlier: ask again with a longer --before';

function adviceOn({ confirmation, reports, gaps }: Case, outcome: Outcome): readonly string[] {
  switch (outcome) {
    case 'hosts named':
      return [
        'a confidence says how likely a host is the bot, if the bot asked (docs/traceback.md); the rest of 100 % is nobody who is named',
        'it is no proof: have the hosts looked at before anything is done',
      ];
    case 'not spoofed':
      return [];
    case 'not confirmed':
      if (confirmation?.outcome === 'no query') return ['see whether --name and --at are right', ASKED_EARLIER];
      return [SEE_GAPS, 'where a confirmation cannot be had, but hosts can: ask again with --override REASON'];
    case 'no host named':
      return [
        ...(gaps.length > 0 ? [SEE_GAPS] : []),
        reports.some(({ withheld }) => withheld > 0)
          ? 'many asked for the name: ask about other attacks on it, too, for whom they have in common'
          : ASKED_EARLIER,
      ];
    case 'late':
      return ['to ask again: the same request with a longer --time-limit'];
    case 'failed':
      return ['to ask again: the same request, when what it says above is mended'];
    default:
      return ['to ask again: the same request'];
  }
}

const LIST_HEADINGS = ['CASE', 'STATE', 'NAME', 'AT', 'SOURCE', 'OUTCOME', 'HOSTS', 'FIRST'];

export function printCaseList(cases: readonly CaseSummary[]): string[] {
  if (cases.length === 0) return ['there are no cases yet; `gluewall traceback request` opens one'];
  return aligned([LIST_HEADINGS, ...cases.map(listCells)]);
}

function listCells({ id, state, name, at, source, outcome, step, hosts, first, gaps }: CaseSummary) {
  const ended = outcome === undefined ? `(${step})` : `${outcome}${gaps === 0 ? '' : ` (${counted(gaps, 'gap')})`}`;
  const best = first === undefined ? '-' : `${first.address} ${percent(first.confidence)}`;
  return [id.slice(0, SHORT_ID), state, name, at, source, ended, String(hosts), best];
}
