import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';

interface DropPanelProps {
  readonly text: string;
  /** Says what the button is for, before its text. */
  readonly label: string;
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button with a panel below it. Escape, a click elsewhere and going elsewhere close it. */
export function DropPanel({ text, label, children }: DropPanelProps): VNode {
  const [isOpen, setIsOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const panelId = useId();
  useEffect(() => {
    if (!isOpen) return undefined;
    const onElsewhere = (event: Event) => {
      if (event.target instanceof Node && frame.current?.contains(event.target) === false) setIsOpen(false);
    };
    document.addEventListener('pointerdown', onElsewhere);
    document.addEventListener('focusin', onElsewhere);
    return () => {
      document.removeEventListener('pointerdown', onElsewhere);
      document.removeEventListener('focusin', onElsewhere);
    };
  }, [isOpen]);
  const close = () => {
    setIsOpen(false);
    frame.current?.querySelector('button')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isOpen) return;
    event.stopPropagation();
    close();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that come up from the button and the panel
    <div ref={frame} class="drop" onKeyDown={onKeyDown}>
      <Button
        class="drop-button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? panelId : undefined}
        onClick={() => setIsOpen(!isOpen)}
      >
        <span class="unseen">{label}: </span>
        <span class="drop-text">{text}</span>
        <span class="drop-sign" aria-hidden="true">
          ▾
        </span>
      </Button>
      {isOpen && (
        <div id={panelId} class="drop-panel">
          {children(close)}
        </div>
      )}
    </div>
  );
}
