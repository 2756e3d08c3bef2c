import {
  type AnswerTo,
  type Finding,
  type Gap,
  MAX_GAPS,
  MAX_HOPS,
  MAX_HOSTS,
  MAX_NAMES,
  MAX_REPORTS,
  type NodeAnswer,
  type NodeRequest,
  type SourceReport,
  type SuspectReport,
} from './messages.ts';
import { isSilence } from './silent-sources.ts';

/** What one source says to a request of either kind. */
export type Report = Finding | SourceReport | SuspectReport;

/** A part of an answer: what one node says, or the nodes behind one peer. */
export interface AnswerPart {
  readonly reports: readonly Report[];
  readonly gaps: readonly Gap[];
}

export const NOTHING: AnswerPart = { reports: [], gaps: [] };

/** Gaps of one peer that count as sources that have not answered. */
const MAX_SILENT_OF_PEER = 4;

/** Nothing but a gap. */
export function gapPart(gap: Gap): AnswerPart {
  return { reports: [], gaps: [gap] };
}

/** What a peer answered to `request`; undefined: it cannot be an answer to that. */
export function partOf(answer: NodeAnswer, request: NodeRequest, peerName: string): AnswerPart | undefined {
  if (answer.kind !== request.kind || answer.case !== request.case) return undefined;
  const reports = answer.kind === 'confirm' ? answer.findings : answer.reports;
  const { gaps } = answer;
  if (reports.length > MAX_REPORTS || gaps.length > MAX_GAPS) return undefined;
  const isRight = (report: Report) => isWayBehind(report.path, request, peerName) && isWithinBounds(report);
  return reports.every(isRight) ? { reports, gaps: boundedGaps(gaps, peerName) } : undefined;
}

/** Behind each gap may be a source that has not answered: one peer cannot make confidences low by gaps that it makes up. */
function boundedGaps(gaps: readonly Gap[], peerName: string): readonly Gap[] {
  const silent = gaps.filter(isSilence);
  if (silent.length <= MAX_SILENT_OF_PEER) return gaps;
  const kept = new Set(silent.slice(0, MAX_SILENT_OF_PEER));
  const detail = `${silent.length - kept.size} more sources behind it have not answered, it says`;
  return [
    ...gaps.filter((gap) => kept.has(gap) || !isSilence(gap)).slice(0, MAX_GAPS - 1),
    { reason: 'too many', node: peerName, detail },
  ];
}

/** A way begins with the peer, has no more nodes than the hop limit allows, none of them twice, and none that the request came by. */
function isWayBehind(path: readonly string[], request: NodeRequest, peerName: string): boolean {
  return (
    path[0] === peerName &&
    new Set(path).size === path.length &&
    path.length <= Math.min(request.hopLimit + 1, MAX_HOPS - 1) &&
    !path.some((node) => request.path.includes(node))
  );
}

function isWithinBounds(report: Report): boolean {
  if ('hosts' in report) return report.hosts.length <= MAX_HOSTS;
  return !('names' in report) || report.names.length <= MAX_NAMES;
}

/**
 * Puts parts together, what each says first before what it says second, and so on: each has an equal share where there is not room for
 * all. What one source says is
 * there once, however many ways it came, and the shortest way of these. A source that does not say the same each time is left as
 * it is: otherwise who speaks first could silence another in its name.
 */
export function mergeParts(parts: readonly AnswerPart[]): AnswerPart {
  const reports = new Map<string, Report>();
  for (const report of inTurn(parts.map((part) => part.reports))) {
    const { path, ...says } = report;
    const key = JSON.stringify([path.at(-1), says]);
    const known = reports.get(key);
    if (known === undefined || path.length < known.path.length) reports.set(key, report);
  }
  const gaps = new Map(inTurn(parts.map((part) => part.gaps)).map((gap) => [gapKey(gap), gap]));
  return { reports: [...reports.values()], gaps: [...gaps.values()] };
}

function gapKey({ reason, node, server, detail }: Gap): string {
  return JSON.stringify([reason, node, server, detail]);
}

/** The first of each list, then the second of each, and so on. */
function inTurn<T>(lists: readonly (readonly T[])[]): T[] {
  const most = lists.reduce((longest, { length }) => Math.max(longest, length), 0);
  const all: T[] = [];
  for (let turn = 0; turn < most; turn++) {
    for (const list of lists) if (turn < list.length) all.push(list[turn]!);
  }
  return all;
}

/** The same reports, as this node tells them. */
export function throughNode({ reports, gaps }: AnswerPart, nodeName: string): AnswerPart {
  return { reports: reports.map((report) => ({ ...report, path: [nodeName, ...report.path] })), gaps };
}

/** The answer to a request; its reports are of that kind. */
export function composeAnswer<R extends NodeRequest>(request: R, { reports, gaps }: AnswerPart): AnswerTo<R> {
  const { kind, case: caseId } = request;
  const said = kind === 'confirm' ? { findings: reports } : { reports };
  return { kind, case: caseId, ...said, gaps } as unknown as AnswerTo<R>;
}
