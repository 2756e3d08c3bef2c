import type { VNode } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button.tsx';

export interface MenuItem {
  readonly text: string;
  readonly onChoose: () => void;
  /** The key that chooses it while the menu is open. */
  readonly shortcut?: string;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  readonly shortcut?: string;
  readonly disabled?: boolean;
}

/** A button with a list of what it can do: arrows move, Enter chooses, Escape and going elsewhere close it. */
export function Menu({ label, items, isOpen, onOpen, shortcut, disabled = false }: MenuProps): VNode {
  const id = useId();
  return (
    <div class="menu">
      <Button
        isSmall
        disabled={disabled}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => onOpen(!isOpen)}
        {...(shortcut === undefined ? {} : { shortcut })}
      >
        {label}
        <span aria-hidden="true">▾</span>
      </Button>
      {isOpen && <MenuList id={id} label={label} items={items} onClose={() => onOpen(false)} />}
    </div>
  );
}

interface MenuListProps {
  readonly id: string;
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly onClose: () => void;
}

function MenuList({ id, label, items, onClose }: MenuListProps): VNode {
  const list = useRef<HTMLDivElement>(null);
  // Before the next key comes, however fast somebody types.
  useLayoutEffect(() => {
    const before = document.activeElement;
    buttonsOf(list.current)[0]?.focus();
    return () => {
      const isLost = document.activeElement === document.body || document.activeElement === null;
      if (isLost && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const choose = (item: MenuItem) => {
    onClose();
    item.onChoose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const item = items.find(({ shortcut }) => shortcut === event.key);
    if (item !== undefined) choose(item);
    else if (event.key === 'Escape' || event.key === 'Tab') onClose();
    else if (!moveFocus(buttonsOf(list.current), event.key)) return;
    if (event.key !== 'Tab') event.preventDefault();
  };
  const onFocusOut = ({ relatedTarget }: FocusEvent) => {
    const isInside = relatedTarget instanceof Node && list.current?.parentElement?.contains(relatedTarget) === true;
    if (!isInside && relatedTarget !== null) onClose();
  };
  return (
    <div
      ref={list}
      id={id}
      role="menu"
      aria-label={label}
      class="menu-list"
      onKeyDown={onKeyDown}
      onFocusOut={onFocusOut}
    >
      {items.map((item) => (
        <button
          key={item.text}
          type="button"
          role="menuitem"
          class="menu-item"
          tabIndex={-1}
          onClick={() => choose(item)}
        >
          {item.text}
          {item.shortcut !== undefined && (
            <span class="key" aria-hidden="true">
              {item.shortcut}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

function buttonsOf(list: HTMLElement | null): readonly HTMLButtonElement[] {
  return list === null ? [] : [...list.querySelectorAll('button')];
}

/** False for keys that move nothing. */
function moveFocus(buttons: readonly HTMLButtonElement[], key: string): boolean {
  const at = (buttons as readonly (Element | null)[]).indexOf(document.activeElement);
  const wanted = { ArrowDown: at + 1, ArrowUp: at - 1 + buttons.length, Home: 0, End: buttons.length - 1 }[key];
  if (wanted === undefined) return false;
  buttons[wanted % buttons.length]?.focus();
  return true;
}
