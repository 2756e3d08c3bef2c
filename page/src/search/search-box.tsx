import './search-box.css';
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SearchPage } from '../../../src/inbox/search-fields.ts';
import { consoleNowMs } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Hostile } from '../parts/hostile.tsx';
import { SearchHelp } from './search-help.tsx';
import { SearchInput } from './search-input.tsx';
import { problemsOf } from './search-text.ts';
import { TimeMenu } from './time-menu.tsx';
import { ViewsMenu } from './views-menu.tsx';

interface SearchBoxProps {
  readonly page: SearchPage;
  /** The search that is shown. */
  readonly value: string;
  /** Called with a search that can be understood. */
  readonly onApply: (text: string) => void;
}

/** The search of a page: what is typed, what is wrong with it, its time, those that were saved, and help. */
export function SearchBox({ page, value, onApply }: SearchBoxProps): VNode {
  const [text, setText] = useState(value);
  /** Where somebody is typing; undefined when nobody is, so that every problem is told. */
  const [caret, setCaret] = useState<number>();
  const [isHelpShown, setIsHelpShown] = useState(false);
  useEffect(() => setText(value), [value]);
  const problems = problemsOf(text, page, consoleNowMs(), caret);
  const apply = (wanted: string) => {
    setText(wanted);
    setCaret(undefined);
    if (problemsOf(wanted, page, consoleNowMs(), undefined).length === 0) onApply(wanted.trim());
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    apply(text);
  };
  const [first] = problems;
  return (
    <search class="search">
      <div class="search-row">
        <form class="search-form" onSubmit={onSubmit}>
          <SearchInput
            page={page}
            text={text}
            problems={problems}
            onText={(typed, at) => {
              setText(typed);
              setCaret(at);
            }}
            onLeave={() => setCaret(undefined)}
            onApply={apply}
          />
          <Button type="submit">Search</Button>
        </form>
        <TimeMenu text={text} onChange={apply} />
        <ViewsMenu page={page} text={text} onChoose={apply} />
        <Button kind="quiet" aria-label="How to search" onClick={() => setIsHelpShown(true)}>
          ?
        </Button>
      </div>
      <p id="search-note" class="search-note" role="status">
        {first === undefined ? '' : <Hostile text={first.message} />}
      </p>
      {isHelpShown && <SearchHelp page={page} onClose={() => setIsHelpShown(false)} />}
    </search>
  );
}
