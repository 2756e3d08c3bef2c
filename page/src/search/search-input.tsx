import type { VNode } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Completion, completions } from '../../../src/inbox/complete-search.ts';
import type { SearchProblem } from '../../../src/inbox/parse-search.ts';
import { MAX_SEARCH_CHARACTERS, type SearchPage } from '../../../src/inbox/search-fields.ts';
import { completed, piecesOf } from './search-text.ts';

interface SearchInputProps {
  readonly page: SearchPage;
  readonly text: string;
  /** What is underlined. */
  readonly problems: readonly SearchProblem[];
  readonly onText: (text: string, caret: number) => void;
  readonly onLeave: () => void;
  readonly onApply: (text: string) => void;
}

const LABELS: Readonly<Record<SearchPage, string>> = { inbox: 'Search the inbox', events: 'Search the events' };
const HINTS: Readonly<Record<SearchPage, string>> = {
  inbox: 'client:10.0.0.0/8 name:*.example.org severity:high since:24h',
  events: 'client:10.0.0.0/8 name:*.example.org verdict:blocked since:2h',
};

/** An input with a list of completions below it (WAI-ARIA combobox), above a layer that underlines what is wrong. */
export function SearchInput({ page, text, problems, onText, onLeave, onApply }: SearchInputProps): VNode {
  const input = useRef<HTMLInputElement>(null);
  const mirror = useRef<HTMLDivElement>(null);
  /** Where the caret goes once the text is there. */
  const nextCaret = useRef<number | undefined>(undefined);
  const [caret, setCaret] = useState(text.length);
  const [isOpen, setIsOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const listId = useId();
  const found = completions(text, Math.min(caret, text.length), page);
  const items = isOpen ? found.items : [];
  const current = items[active];

  useLayoutEffect(() => {
    const at = nextCaret.current;
    nextCaret.current = undefined;
    if (at !== undefined) input.current?.setSelectionRange(at, at);
    if (mirror.current !== null) mirror.current.scrollLeft = input.current?.scrollLeft ?? 0;
  });

  const place = () => setCaret(input.current?.selectionStart ?? text.length);
  const close = () => {
    setIsOpen(false);
    setActive(-1);
  };
  const choose = ({ text: chosen }: Completion) => {
    const next = completed(text, found, chosen);
    nextCaret.current = next.caret;
    setCaret(next.caret);
    setActive(-1);
    onText(next.text, next.caret);
    input.current?.focus();
  };
  const onInput = () => {
    const { value = '', selectionStart } = input.current ?? {};
    setCaret(selectionStart ?? value.length);
    setIsOpen(true);
    setActive(-1);
    onText(value, selectionStart ?? value.length);
  };
  const step = (by: 1 | -1) => {
    setIsOpen(true);
    const count = found.items.length;
    if (count > 0)
      setActive(isOpen ? (active + by + (active < 0 && by < 0 ? 1 : 0) + count) % count : by > 0 ? 0 : count - 1);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') step(1);
    else if (event.key === 'ArrowUp') step(-1);
    else if (event.key === 'Escape' && items.length > 0) close();
    else if (event.key === 'Escape') input.current?.blur();
    else if (event.key === 'Enter' && current !== undefined) choose(current);
    else if (event.key === 'Enter') {
      close();
      onApply(text);
    } else return;
    event.preventDefault();
  };
  return (
    <div class="search-field">
      <div ref={mirror} class="search-mirror" aria-hidden="true">
        {piecesOf(text, problems).map(({ text: piece, isProblem }) =>
          isProblem ? <span class="search-wrong">{piece}</span> : piece,
        )}
      </div>
      <input
        ref={input}
        class="search-input"
        data-search
        type="text"
        role="combobox"
        aria-label={LABELS[page]}
        aria-autocomplete="list"
        aria-expanded={items.length > 0}
        aria-controls={listId}
        aria-activedescendant={current === undefined ? undefined : `${listId}-${active}`}
        aria-invalid={problems.length > 0 ? true : undefined}
        aria-describedby="search-note"
        placeholder={HINTS[page]}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={MAX_SEARCH_CHARACTERS}
        value={text}
        onInput={onInput}
        onKeyDown={onKeyDown}
        onKeyUp={place}
        onClick={place}
        onScroll={() => {
          if (mirror.current !== null) mirror.current.scrollLeft = input.current?.scrollLeft ?? 0;
        }}
        onBlur={() => {
          close();
          onLeave();
        }}
      />
      <CompletionList id={listId} items={items} active={active} onChoose={choose} />
    </div>
  );
}

interface CompletionListProps {
  readonly id: string;
  readonly items: readonly Completion[];
  readonly active: number;
  readonly onChoose: (item: Completion) => void;
}

function CompletionList({ id, items, active, onChoose }: CompletionListProps): VNode {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <div
      ref={list}
      id={id}
      class="search-list"
      role="listbox"
      aria-label="What may come here"
      hidden={items.length === 0}
    >
      {items.map((item, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus and names the active one
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys are those of the input
        <div
          key={item.text}
          id={`${id}-${index}`}
          class="search-item"
          role="option"
          aria-selected={index === active}
          // The input would lose the focus, and the list with it.
          onPointerDown={(event) => event.preventDefault()}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(item)}
        >
          <code class="search-item-text">{item.text}</code>
          <span class="search-item-about">{item.about}</span>
        </div>
      ))}
    </div>
  );
}
