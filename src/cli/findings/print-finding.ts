/** Findings for a person, as lines. */
import { percent } from '../../core/words.ts';
import type { FindingSummary, FindingView } from '../../services/finding-view.ts';
import { aligned } from '../aligned.ts';

/** Hosts, comments and changes that are shown one by one; --json has all. */
const MAX_SHOWN = 20;
const HEADINGS = ['FINDING', 'STATE', 'KIND', 'SUBJECT', 'SCORE', 'HOSTS', 'LAST SEEN', 'BECAUSE'];

export function printFindingList(findings: readonly FindingSummary[], limit: number): string[] {
  if (findings.length === 0) return ['there is no such finding'];
  const rows = findings.map(({ id, state, kind, subject, score, hosts, last, because }) => [
    ...[id, state, kind, subject, percent(score), String(hosts), last ?? '-'],
    because,
  ]);
  const more = findings.length < limit ? [] : [`there may be more: --limit, or --since, --state, --kind and --host`];
  return [...aligned([HEADINGS, ...rows]), ...more];
}

export function printFinding(finding: FindingView): string[] {
  const { id, kind, subject, state, score, closed, first, last, opened, updated, cases } = finding;
  const isOver =
    closed === null ? [] : [`closed as ${closed.as} at ${closed.at} by ${named(closed.by)}: ${closed.reason}`];
  return [
    `${id} (${state}): ${kind} ${subject}, ${percent(score)}`,
    `seen from ${first} to ${last}; opened ${opened}, updated ${updated}`,
    ...isOver,
    ...reasonLines(finding),
    ...hostLines(finding),
    ...wordLines('comments:', finding.comments),
    ...wordLines('changes:', finding.changes),
    ...(cases.length === 0 ? [] : ['', `traceback cases (gluewall traceback show CASE): ${cases.join(', ')}`]),
    ...nextLines(finding),
  ];
}

export function reasonLines({ reasons }: Pick<FindingView, 'reasons'>): readonly string[] {
  if (reasons.length === 0) return [];
  const lines = reasons.flatMap(({ kind, weight, line, samples }) => [
    `  ${percent(weight).padStart(5)}  ${kind}: ${line}`,
    ...samples.map(({ at, text }) => `         ${at}  ${text}`),
  ]);
  return ['', 'why, and how sure each alone makes:', ...lines];
}

function hostLines({ hosts, subject }: FindingView): readonly string[] {
  if (hosts.length === 0 || (hosts.length === 1 && hosts[0] === subject)) return [];
  const more = hosts.length - MAX_SHOWN;
  const rest = more > 0 ? ` and ${more} more (--json has all)` : '';
  return ['', `${hosts.length} hosts: ${hosts.slice(0, MAX_SHOWN).join(', ')}${rest}`];
}

function wordLines(heading: string, all: FindingView['comments']): readonly string[] {
  if (all.length === 0) return [];
  const shown = all.slice(-MAX_SHOWN).map(({ at, by, text }) => `  ${at}  ${named(by)}: ${text}`);
  const earlier = all.length > MAX_SHOWN ? [`  … ${all.length - MAX_SHOWN} earlier ones (--json has all)`] : [];
  return ['', heading, ...earlier, ...shown];
}

function nextLines({ id, kind, subject, state }: FindingView): readonly string[] {
  if (state === 'closed') return ['', `to look at it again: gluewall findings reopen ${id}`];
  const take = state === 'new' ? [`to look after it: gluewall findings acknowledge ${id}`] : [];
  const act = actLine(kind, id, subject, state);
  const close = `when it is dealt with: gluewall findings close ${id} --as mistake|resolved|accepted --reason TEXT`;
  return ['', ...take, ...(act === undefined ? [] : [act]), close];
}

/** What can be done about what was found; undefined: nothing here. */
function actLine(
  kind: FindingView['kind'],
  id: string,
  subject: string,
  state: FindingView['state'],
): string | undefined {
  if (kind === 'infected-host')
    return `to keep it from DNS: gluewall quarantine start ${subject} --for 4h --reason ${id}`;
  if (kind !== 'c2-server' && kind !== 'download-server') return undefined;
  return state === 'escalated'
    ? 'what resolvers are told of it: gluewall rpz show'
    : `to have resolvers block it (response.rpz): gluewall findings escalate ${id}`;
}

function named(by: string): string {
  return by === '' ? 'somebody' : by;
}
