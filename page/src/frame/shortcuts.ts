/** The keys of the page: one table for what they do and for the help that tells of them. */
import { useEffect, useRef } from 'preact/hooks';
import { currentSettings } from './settings.ts';

/** `everywhere`, or the page whose keys they are. */
export type ShortcutScope = 'everywhere' | 'inbox' | 'event' | 'findings';

export interface Shortcut {
  readonly scope: ShortcutScope;
  /** As `KeyboardEvent.key` has it; two, with a space between, are pressed one after the other. */
  readonly keys: string;
  readonly about: string;
}

export const SHORTCUTS = [
  { scope: 'everywhere', keys: '?', about: 'Show the keys' },
  { scope: 'everywhere', keys: '/', about: 'Go to the search' },
  { scope: 'everywhere', keys: 'r', about: 'Load again' },
  { scope: 'everywhere', keys: 'u', about: 'Undo what was just done' },
  { scope: 'everywhere', keys: 'g o', about: 'Go to the overview' },
  { scope: 'everywhere', keys: 'g i', about: 'Go to the inbox' },
  { scope: 'everywhere', keys: 'g e', about: 'Go to the events' },
  { scope: 'everywhere', keys: 'g f', about: 'Go to the findings' },
  { scope: 'everywhere', keys: 'g h', about: 'Go to the name-server history' },
  { scope: 'everywhere', keys: 'g t', about: 'Go to traceback' },
  { scope: 'everywhere', keys: 'g r', about: 'Go to the rules' },
  { scope: 'everywhere', keys: 'g s', about: 'Go to the switches' },
  { scope: 'inbox', keys: 'j', about: 'Next entry' },
  { scope: 'inbox', keys: 'k', about: 'Entry before' },
  { scope: 'inbox', keys: 'o', about: 'Open the entry' },
  { scope: 'inbox', keys: 'Enter', about: 'Open the entry' },
  { scope: 'inbox', keys: 'x', about: 'Select the entry, or not' },
  { scope: 'inbox', keys: 'X', about: 'Select all from the last selected one to here' },
  { scope: 'inbox', keys: '* a', about: 'Select all that are shown' },
  { scope: 'inbox', keys: '* n', about: 'Select none' },
  { scope: 'inbox', keys: 'e', about: 'Acknowledge: choose for how long; e again for a day' },
  { scope: 'inbox', keys: 's', about: 'Escalate' },
  { scope: 'inbox', keys: 'a', about: 'Allow: make a rule' },
  { scope: 'inbox', keys: 'c', about: 'Comment' },
  { scope: 'inbox', keys: 't', about: 'Trace who asked for the name' },
  { scope: 'inbox', keys: '.', about: 'Show what is new' },
  { scope: 'event', keys: 'a', about: 'Allow: make a rule' },
  { scope: 'event', keys: 't', about: 'Trace who asked for the name' },
  { scope: 'event', keys: 'i', about: 'Open its entry in the inbox' },
  { scope: 'findings', keys: 'j', about: 'Next finding' },
  { scope: 'findings', keys: 'k', about: 'Finding before' },
  { scope: 'findings', keys: 'o', about: 'Open the finding' },
  { scope: 'findings', keys: 'e', about: 'Acknowledge' },
  { scope: 'findings', keys: 's', about: 'Escalate' },
  { scope: 'findings', keys: 'c', about: 'Comment' },
] as const satisfies readonly Shortcut[];

type TableEntry = (typeof SHORTCUTS)[number];
export type KeysOf<S extends ShortcutScope> = Extract<TableEntry, { readonly scope: S }>['keys'];
export type ShortcutHandlers<S extends ShortcutScope> = Partial<Readonly<Record<KeysOf<S>, () => void>>>;

interface Listening {
  readonly scope: ShortcutScope;
  readonly handlers: Readonly<Record<string, (() => void) | undefined>>;
}

/** How long the second key of two may take. */
const SECOND_KEY_MS = 1_500;
/** Later ones are asked first: those of a page before those of the frame. */
const listening: { current: Listening }[] = [];
let first: { readonly key: string; readonly atMs: number } | undefined;

/** Does what the handlers say while the part is shown. Keys typed into fields and dialogs are left alone. */
export function useShortcuts<S extends ShortcutScope>(scope: S, handlers: ShortcutHandlers<S>): void {
  const held = useRef<Listening>({ scope, handlers });
  held.current = { scope, handlers };
  useEffect(() => {
    if (listening.length === 0) document.addEventListener('keydown', onKeyDown);
    listening.push(held);
    return () => {
      listening.splice(listening.indexOf(held), 1);
      if (listening.length === 0) document.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}

/** The scopes whose keys do something now, for the help. */
export function activeScopes(): ReadonlySet<ShortcutScope> {
  return new Set(listening.map(({ current }) => current.scope));
}

/** The keys of a shortcut that a key press completes, after `before` or by itself; undefined when none. */
export function completedKeys(key: string, before: string | undefined, known: ReadonlySet<string>): string | undefined {
  const both = `${before} ${key}`;
  if (before !== undefined && known.has(both)) return both;
  return known.has(key) ? key : undefined;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || event.isComposing) return;
  if (!currentSettings().hasKeys || isTyping(event) || document.querySelector('dialog[open]') !== null) return;
  const before = first !== undefined && event.timeStamp - first.atMs < SECOND_KEY_MS ? first.key : undefined;
  first = undefined;
  // Two keys of the frame come before one of a page: `g r` is not `r`.
  const keys = completedKeys(event.key, before, new Set(listening.flatMap(({ current }) => handledKeys(current))));
  const last = listening.findLast(({ current }) => keys !== undefined && current.handlers[keys] !== undefined);
  if (keys !== undefined && last !== undefined) {
    event.preventDefault();
    last.current.handlers[keys]?.();
    return;
  }
  if (before === undefined && event.key.length === 1) first = { key: event.key, atMs: event.timeStamp };
}

function handledKeys({ handlers }: Listening): readonly string[] {
  return Object.keys(handlers).filter((keys) => handlers[keys] !== undefined);
}

/** Enter and Space belong to what has the focus when that is a button or a link. */
function isTyping(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]') !== null)
    return true;
  if (target.closest('[role=menu], [role=listbox]') !== null) return true;
  return event.key === 'Enter' && target.closest('a, button, summary, input') !== null;
}
