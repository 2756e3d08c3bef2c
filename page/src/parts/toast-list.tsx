import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { asProblem } from '../api/use-loaded.ts';
import { useShared } from '../frame/shared.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import { Button } from './button.tsx';
import { Hostile } from './hostile.tsx';
import { Link } from './link.tsx';
import { dropToast, forget, type Toast, toast, toasts, undoable } from './toast.ts';

const STAY_MS = 5_000;
const STAY_UNDO_MS = 10_000;

/** The messages about what was just done. They stay as long as the pointer or the focus is on them. */
export function ToastList(): VNode {
  const shown = useShared(toasts);
  const last = useShared(undoable);
  useShortcuts('everywhere', last === undefined ? {} : { u: () => void takeBack(last) });
  return (
    <section class="toasts" role="status" aria-label="What was just done">
      {shown.map((one) => (
        <ToastLine key={one.id} shown={one} isUndoKey={one === last} />
      ))}
    </section>
  );
}

function ToastLine({ shown, isUndoKey }: { readonly shown: Toast; readonly isUndoKey: boolean }): VNode {
  const [isHeld, setIsHeld] = useState(false);
  const { id, text, kind = 'done', undo, link } = shown;
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(() => dropToast(id), undo === undefined && kind === 'done' ? STAY_MS : STAY_UNDO_MS);
    return () => clearTimeout(timer);
  }, [isHeld, id, undo, kind]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only stays while it is looked at
    <div
      class={`toast toast-${kind}`}
      onMouseEnter={() => setIsHeld(true)}
      onMouseLeave={() => setIsHeld(false)}
      onFocusIn={() => setIsHeld(true)}
      onFocusOut={() => setIsHeld(false)}
    >
      <p class="toast-text">
        <Hostile text={text} /> {link !== undefined && <Link to={link.to}>{link.text}</Link>}
      </p>
      {undo !== undefined && (
        <Button isSmall onClick={() => void takeBack(shown)} {...(isUndoKey ? { shortcut: 'u' } : {})}>
          Undo
        </Button>
      )}
      <Button isSmall kind="quiet" aria-label="Close the message" onClick={() => dropToast(id)}>
        ✕
      </Button>
    </div>
  );
}

async function takeBack({ id, text, undo }: Toast): Promise<void> {
  dropToast(id);
  forget(id);
  try {
    await undo?.();
    // Without the warnings that came with it.
    toast(`Undone: ${text.split('; ', 1)[0]}`);
  } catch (error) {
    toast(`It could not be undone: ${asProblem(error).detail}`, { kind: 'problem' });
  }
}
