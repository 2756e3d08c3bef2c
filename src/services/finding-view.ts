/** Findings as they leave: times as ISO 8601. */
import type { Closing, Finding, FindingKind, FindingState, Found, Reason } from '../findings/finding.ts';
import { formatInstant } from './instant.ts';

/** A finding in a list. */
export interface FindingSummary {
  readonly id: string;
  readonly kind: FindingKind;
  readonly subject: string;
  readonly state: FindingState;
  /** 0 to 1. */
  readonly score: number;
  /** How many of the inside it is about. */
  readonly hosts: number;
  /** The heaviest reason; empty when there is none. */
  readonly because: string;
  readonly opened: string | null;
  readonly updated: string | null;
  /** When the last was seen of what it stands on. */
  readonly last: string | null;
}

interface WordsView {
  readonly at: string | null;
  readonly by: string;
  readonly text: string;
}

interface ReasonView extends Pick<Reason, 'kind' | 'weight' | 'line' | 'events'> {
  readonly first: string | null;
  readonly last: string | null;
  readonly samples: readonly { readonly at: string | null; readonly text: string }[];
}

export interface FindingView extends Omit<FindingSummary, 'hosts' | 'because'> {
  readonly hosts: readonly string[];
  readonly first: string | null;
  /** The heaviest first. */
  readonly reasons: readonly ReasonView[];
  readonly closed: (Pick<Closing, 'by' | 'as' | 'reason'> & { readonly at: string | null }) | null;
  /** Oldest first, as are changes. */
  readonly comments: readonly WordsView[];
  readonly changes: readonly WordsView[];
  /** Traceback cases, by id. */
  readonly cases: readonly string[];
}

export function summariseFinding(finding: Finding): FindingSummary {
  const { id, kind, subject, state, score, hosts, reasons, openedAtMs, updatedAtMs, lastAtMs } = finding;
  return {
    ...{ id, kind, subject, state, score, hosts: hosts.length },
    because: reasons[0]?.line ?? '',
    opened: formatInstant(openedAtMs),
    updated: formatInstant(updatedAtMs),
    last: formatInstant(lastAtMs),
  };
}

/** What was found, before anybody keeps it. */
export type FoundView = Pick<FindingView, 'kind' | 'subject' | 'score' | 'reasons' | 'hosts' | 'first' | 'last'>;

export function viewFound({ kind, subject, score, reasons, hosts, firstAtMs, lastAtMs }: Found): FoundView {
  const [first, last] = [formatInstant(firstAtMs), formatInstant(lastAtMs)];
  return { kind, subject, score, hosts, first, last, reasons: reasons.map(viewReason) };
}

export function viewFinding(finding: Finding): FindingView {
  const { hosts, reasons, firstAtMs, closed, comments, changes, cases } = finding;
  const { because: _, ...summary } = summariseFinding(finding);
  return {
    ...summary,
    hosts,
    first: formatInstant(firstAtMs),
    reasons: reasons.map(viewReason),
    closed:
      closed === undefined
        ? null
        : { at: formatInstant(closed.atMs), by: closed.by, as: closed.as, reason: closed.reason },
    comments: comments.map(viewWords),
    changes: changes.map(viewWords),
    cases,
  };
}

function viewReason({ kind, weight, line, events, firstAtMs, lastAtMs, samples }: Reason): ReasonView {
  return {
    ...{ kind, weight, line, events },
    first: formatInstant(firstAtMs),
    last: formatInstant(lastAtMs),
    samples: samples.map(({ atMs, text }) => ({ at: formatInstant(atMs), text })),
  };
}

function viewWords({ atMs, by, text }: Finding['comments'][number]): WordsView {
  return { at: formatInstant(atMs), by, text };
}
