import type { VNode } from 'preact';
import { withTimes } from '../../../src/inbox/compose-search.ts';
import { parseSearch } from '../../../src/inbox/parse-search.ts';
import { consoleNowMs } from '../api/client.ts';
import { useNow } from '../api/live.ts';
import { Button } from '../parts/button.tsx';
import { ConnectHint } from '../parts/connect-hint.tsx';
import { Empty } from '../parts/empty.tsx';
import { Link } from '../parts/link.tsx';
import { Ago, Time } from '../parts/time.tsx';

interface InboxEmptyProps {
  readonly search: string;
  /** How far back it was looked; null for all there is. */
  readonly lookedBackTo: string | null;
  readonly onSearch: (search: string) => void;
  /** Looks further back; undefined where all was looked at. */
  readonly onMore: (() => void) | undefined;
}

/** Why no entries are shown, and what to do next: each case in words of its own. */
export function InboxEmpty(props: InboxEmptyProps): VNode {
  const now = useNow();
  const { search, onSearch } = props;
  if (search.trim() !== '') return <NothingFound {...props} />;
  if (now === undefined) return <Empty title="Nothing waits for you" />;
  if (now.switches === 0) {
    return (
      <Empty title="No switch is connected yet">
        <ConnectHint />
      </Empty>
    );
  }
  if (now.warmupEnds !== null) return <WarmingUp ends={now.warmupEnds} />;
  if (now.learnsNothing || now.capture !== 'on') return <LearnsNothing />;
  if (!now.enforced) {
    return (
      <Empty title="Nothing would have been blocked">
        <p>
          gluewall only watches now (monitor mode): what it would block comes here. When nothing comes for some days
          that should pass, enforce: <code>mode: enforce</code> in the configuration.
        </p>
        <Link to="/">See how it goes</Link>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing waits for you">
      <p>All that was blocked is acknowledged. New entries come by themselves.</p>
      <p class="row">
        <Button onClick={() => onSearch('state:acknowledged')}>Show what is acknowledged</Button>
        <Link to="/events">All events</Link>
      </p>
    </Empty>
  );
}

function NothingFound({ search, lookedBackTo, onSearch, onMore }: InboxEmptyProps): VNode {
  const parsed = parseSearch(search, consoleNowMs(), 'inbox');
  const hasTimes = 'search' in parsed && (parsed.search.sinceMs ?? parsed.search.untilMs) !== undefined;
  return (
    <Empty title={hasTimes ? 'Nothing was seen in this time' : 'The search finds nothing'}>
      {lookedBackTo !== null && (
        <p>
          It was looked back to <Time at={lookedBackTo} />.
        </p>
      )}
      <p class="row">
        {onMore !== undefined && <Button onClick={onMore}>Look further back</Button>}
        {hasTimes && <Button onClick={() => onSearch(withTimes(search, {}))}>Look at all times</Button>}
        <Button kind="main" onClick={() => onSearch('')}>
          Clear the search
        </Button>
      </p>
    </Empty>
  );
}

function WarmingUp({ ends }: { readonly ends: string }): VNode {
  return (
    <Empty title="gluewall is still learning">
      <p>
        It only watches until warm-up ends, <Ago at={ends} /> (<Time at={ends} />
        ). What it would block comes here, and is said to be so.
      </p>
      <Link to="/history">See what it has learned</Link>
    </Empty>
  );
}

function LearnsNothing(): VNode {
  return (
    <Empty title="gluewall learns nothing">
      <p>
        No capture feeds the history of name servers, or one of them is lost: nothing can be judged well. Set{' '}
        <code>capture</code> in the configuration, or see why it stopped.
      </p>
      <Link to="/switches">Checks and remedies</Link>
    </Empty>
  );
}
