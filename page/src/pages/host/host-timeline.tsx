import type { TimelineItem } from '../../../../src/services/host-timeline.ts';
import type { Loaded } from '../../api/use-loaded.ts';
import { navigate, useRoute, withQuery } from '../../frame/route.ts';
import { Aged } from '../../parts/aged.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Time } from '../../parts/time.tsx';

const KINDS = ['event', 'finding', 'evidence', 'rule', 'client'] as const satisfies readonly TimelineItem['kind'][];
const TABS = [
  { name: 'all', text: 'Everything' },
  { name: 'event', text: 'Events' },
  { name: 'finding', text: 'Findings' },
  { name: 'evidence', text: 'Evidence' },
  { name: 'rule', text: 'Rules' },
  { name: 'client', text: 'Identity' },
] as const;
/** As many as are shown at first, and more at each step. */
const STEP_ITEMS = 50;
/** As many as the console gives at once. */
export const MAX_TIMELINE_ITEMS = 500;

/** The newest first. */
export type Timeline = { readonly items: readonly TimelineItem[] };

/** What a host did and what was done about it, newest first. */
export function HostTimeline({ loaded }: { readonly loaded: Loaded<Timeline> }) {
  const { query } = useRoute();
  const kind = KINDS.find((one) => one === query.get('kind'));
  const count = shownCount(query);
  const items = loaded.value?.items;
  const shown = items?.filter((item) => kind === undefined || item.kind === kind);
  return (
    <section class="panel stack">
      <h2>Timeline</h2>
      <Tabs
        label="What the timeline shows"
        tabs={TABS}
        chosen={kind ?? 'all'}
        onChoose={(name) => navigate(withQuery({ kind: name === 'all' ? undefined : name }), { replace: true })}
      />
      <Aged loaded={loaded} />
      {shown === undefined || items === undefined ? (
        loaded.problem === undefined && <Skeleton rows={8} />
      ) : shown.length === 0 ? (
        <Empty title="Nothing to tell">
          <p>
            {items.length === 0
              ? 'Nothing of this host is on record.'
              : 'Nothing of this kind is on record: choose another.'}
          </p>
        </Empty>
      ) : (
        <ol class="timeline">
          {shown.slice(0, count).map((item) => (
            <li key={`${item.at} ${item.kind} ${item.text}`} class={`timeline-item timeline-${item.kind}`}>
              <Time at={item.at} />
              <span class="timeline-kind">{item.kind}</span>
              <ItemText item={item} />
            </li>
          ))}
        </ol>
      )}
      {shown !== undefined && shown.length > count && (
        <Button
          class="axes-toggle"
          onClick={() => navigate(withQuery({ items: String(count + STEP_ITEMS) }), { replace: true })}
        >
          Show more
        </Button>
      )}
    </section>
  );
}

/** How many the address of the page asks for. */
function shownCount(query: URLSearchParams): number {
  const asked = Math.floor(Number(query.get('items')));
  return asked >= STEP_ITEMS ? Math.min(MAX_TIMELINE_ITEMS, asked) : STEP_ITEMS;
}

function ItemText({ item: { text, event, finding } }: { readonly item: TimelineItem }) {
  const words = <Hostile text={text} />;
  if (event !== undefined) return <Link to={`/events/${event}`}>{words}</Link>;
  if (finding !== undefined) return <Link to={`/findings/${encodeURIComponent(finding)}`}>{words}</Link>;
  return <span>{words}</span>;
}
