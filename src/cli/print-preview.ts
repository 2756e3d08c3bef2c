/** What a rule would have done, for a person, as lines. */
import { counted } from '../core/words.ts';
import type { RuleAction } from '../policy/rule.ts';
import type { RulePreviewView } from '../services/rule-preview.ts';
import { siblingLine } from './print-event.ts';

export function printPreview(action: RuleAction, view: RulePreviewView): string[] {
  const { events, more, looked, since, samples } = view;
  if (looked === 0)
    return [`no ${action === 'allow' ? 'blocked' : 'allowed'} events are on record: nothing can be said`];
  const what = action === 'allow' ? 'would have let pass' : 'would have stopped';
  const rest = more ? '; older ones were not looked at' : '';
  return [
    `it ${what} ${events} of ${counted(looked, 'event')}, back to ${since}${rest}`,
    ...samples.map(siblingLine),
    ...(events > samples.length ? [`    … and ${events - samples.length} more`] : []),
  ];
}
