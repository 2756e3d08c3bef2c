import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from './button.tsx';

/** A command, or anything to be pasted elsewhere, with a button that copies it. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }): VNode {
  const [done, setDone] = useState<'copied' | 'select it by hand'>();
  const onCopy = () =>
    // Without TLS a browser has no clipboard, but on loopback.
    (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(
      () => setDone('copied'),
      () => setDone('select it by hand'),
    );
  return (
    <div class="copy">
      <pre class="copy-text">{text}</pre>
      <Button isSmall onClick={onCopy} aria-label={`Copy: ${label}`}>
        Copy
      </Button>
      <span class="copy-done" role="status">
        {done}
      </span>
    </div>
  );
}
