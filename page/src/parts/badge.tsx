import type { VNode } from 'preact';

/** What a badge looks like: each has a sign and a colour of its own, and the word says the same. */
export type BadgeKind =
  | 'high'
  | 'medium'
  | 'low'
  | 'open'
  | 'acknowledged'
  | 'escalated'
  | 'block'
  | 'would block'
  | 'allow'
  | 'good'
  | 'warning'
  | 'bad'
  | 'neutral';

const SIGNS: Readonly<Record<BadgeKind, string>> = {
  high: '▲',
  medium: '◆',
  low: '▽',
  open: '○',
  acknowledged: '✓',
  escalated: '⇑',
  block: '✕',
  'would block': '⊘',
  allow: '✓',
  good: '✓',
  warning: '!',
  bad: '✕',
  neutral: '·',
};

/** A state in a word, with its sign and colour. Without a text, the kind is the word. */
export function Badge({ kind, text = kind }: { readonly kind: BadgeKind; readonly text?: string }): VNode {
  return (
    <span class={`badge badge-${kind.replace(' ', '-')}`}>
      <span class="badge-sign" aria-hidden="true">
        {SIGNS[kind]}
      </span>
      {text}
    </span>
  );
}
