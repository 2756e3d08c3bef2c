import type { VNode } from 'preact';
import { may } from '../frame/session.ts';
import { Button } from '../parts/button.tsx';
import { Menu } from '../parts/menu.tsx';
import { TERMS, type Term, USUAL_TERM } from './entry-actions.ts';

export interface EntryActions {
  acknowledge(term: Term): void;
  escalate(): void;
  reopen(): void;
  allow(): void;
  comment(): void;
  trace(): void;
}

interface ActionBarProps {
  /** What they act on, in words. */
  readonly about: string;
  /** How many entries they act on. */
  readonly count: number;
  readonly canReopen: boolean;
  readonly isAcknowledging: boolean;
  readonly onAcknowledging: (isOpen: boolean) => void;
  readonly actions: EntryActions;
}

/** What can be done to entries, each with its key. */
export function ActionBar(props: ActionBarProps): VNode {
  const { about, count, canReopen, isAcknowledging, onAcknowledging, actions } = props;
  const isOff = count === 0 || !may('analyst');
  const terms = TERMS.map((term) => ({
    text: `For ${term.text}`,
    onChoose: () => actions.acknowledge(term),
    ...(term.name === USUAL_TERM ? { shortcut: 'e' } : {}),
  }));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="actions" role="group" aria-label={about}>
      <Menu
        label="Acknowledge"
        shortcut="e"
        disabled={isOff}
        items={terms}
        isOpen={isAcknowledging && !isOff}
        onOpen={onAcknowledging}
      />
      {canReopen ? (
        <Button isSmall disabled={isOff} onClick={actions.reopen}>
          Open again
        </Button>
      ) : (
        <Button isSmall disabled={isOff} shortcut="s" onClick={actions.escalate}>
          Escalate
        </Button>
      )}
      <Button isSmall disabled={isOff} shortcut="a" onClick={actions.allow}>
        Allow…
      </Button>
      <Button isSmall disabled={isOff || count > 1} shortcut="c" onClick={actions.comment}>
        Comment…
      </Button>
      <Button isSmall disabled={isOff || count > 1} shortcut="t" onClick={actions.trace}>
        Trace…
      </Button>
    </div>
  );
}
