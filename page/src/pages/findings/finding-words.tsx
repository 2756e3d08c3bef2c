import { CLOSED_AS, type ClosedAs, type FindingKind, type FindingState } from '../../../../src/findings/finding.ts';
import { Badge, type BadgeKind } from '../../parts/badge.tsx';

/** Kinds of findings as people say them. */
export const KIND_WORDS: Readonly<Record<FindingKind, string>> = {
  'infected-host': 'infected host',
  'foreign-resolver': 'resolver outside',
  'bot-group': 'group of bots',
  'c2-server': 'C&C server',
  'download-server': 'download server',
  backscatter: 'backscatter',
  'answer-flood': 'flood of answers',
};

/** What it means to close a finding so. */
export const CLOSED_WORDS: Readonly<Record<ClosedAs, string>> = {
  mistake: 'a mistake: what was found is not so',
  resolved: 'resolved: it was so, and was put right',
  accepted: 'accepted: it is so, and may be',
};

/** In the order in which they are offered. */
export const CLOSINGS: readonly ClosedAs[] = CLOSED_AS;

const STATE_BADGES: Readonly<Record<FindingState, BadgeKind>> = {
  new: 'open',
  acknowledged: 'acknowledged',
  escalated: 'escalated',
  closed: 'neutral',
};

/** The state of a finding, in a word with its sign. */
export function StateBadge({ state }: { readonly state: FindingState }) {
  return <Badge kind={STATE_BADGES[state]} text={state} />;
}

/** Where the subject of a finding has a page of its own; undefined when it has none. */
export function subjectLink(kind: FindingKind, subject: string): string | undefined {
  switch (kind) {
    case 'infected-host':
    case 'foreign-resolver':
    case 'answer-flood':
    case 'backscatter':
      return `/hosts/${encodeURIComponent(subject)}`;
    case 'bot-group':
      return `/bots/${encodeURIComponent(subject)}`;
    case 'c2-server':
    case 'download-server':
      return `/history?target=${encodeURIComponent(subject)}`;
  }
}
