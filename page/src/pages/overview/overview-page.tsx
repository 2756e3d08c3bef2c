import { useMemo } from 'preact/hooks';
import { percent } from '../../../../src/core/words.ts';
import type { OverviewView } from '../../../../src/services/overview.ts';
import { useNow } from '../../api/live.ts';
import { type CardSeries, ChartCard } from '../../charts/chart-card.tsx';
import {
  byHour,
  RANGE_WORDS,
  searchLink,
  searchOfStep,
  shortNumber,
  TIME_RANGES,
  type TimeRange,
  timeRangeOf,
  totalOf,
} from '../../charts/time-steps.ts';
import { navigate, useRoute, withQuery } from '../../frame/route.ts';
import { Aged } from '../../parts/aged.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { StateTiles } from './state-tiles.tsx';
import { useOverview } from './use-overview.ts';
import './overview-page.css';

const VERDICTS: readonly CardSeries[] = [
  { key: 'block', label: 'blocked', colour: '--series-block', kind: 'bars' },
  { key: 'wouldBlock', label: 'would block', colour: '--series-would-block', kind: 'bars' },
  { key: 'allow', label: 'allowed', colour: '--series-allow', kind: 'bars' },
];
const NEW_ADDRESSES: readonly CardSeries[] = [
  { key: 'newAddresses', label: 'new addresses', colour: '--series-other', kind: 'bars' },
];
const PACKET_INS: readonly CardSeries[] = [
  { key: 'packetIns', label: 'packet_ins a second', colour: '--series-other', kind: 'line' },
];
const LOST: readonly CardSeries[] = [{ key: 'lost', label: 'lost', colour: '--series-block', kind: 'bars' }];
const TABS = TIME_RANGES.map((name) => ({ name, text: RANGE_WORDS[name] }));

/** How things stand and how they went: what a day begins with. */
export function OverviewPage() {
  const { query } = useRoute();
  const range = timeRangeOf(query.get('range'));
  const loaded = useOverview(range);
  const now = useNow() ?? loaded.value?.now;
  return (
    <PageFrame title="Overview">
      <Aged loaded={loaded} />
      {now === undefined ? <TilesPlace /> : <StateTiles now={now} />}
      <Tabs
        label="Time range"
        tabs={TABS}
        chosen={range}
        onChoose={(name) => navigate(withQuery({ range: name === '24h' ? undefined : name }), { replace: true })}
      />
      {loaded.value === undefined ? (
        loaded.problem === undefined && <Skeleton rows={14} />
      ) : (
        <Figures overview={loaded.value} range={range} />
      )}
    </PageFrame>
  );
}

function TilesPlace() {
  return <div class="tiles-place" aria-hidden="true" />;
}

function Figures({ overview, range }: { readonly overview: OverviewView; readonly range: TimeRange }) {
  const { steps, stepMs, clients, destinations, budget, since } = overview;
  const hours = useMemo(() => byHour(steps, stepMs), [steps, stepMs]);
  const seconds = stepMs / 1000;
  const link = (page: 'inbox' | 'events') => (at: string) => searchLink(page, searchOfStep(at, stepMs));
  const peak = Math.max(0, ...steps.map(({ packetIns }) => packetIns / seconds));
  const [lost, newAddresses] = [totalOf(steps, 'lost'), totalOf(steps, 'newAddresses')];
  const isQuiet = (['allow', 'block', 'wouldBlock'] as const).every((key) => totalOf(steps, key) === 0);
  return (
    <>
      {isQuiet && <Quiet now={overview.now} range={range} />}
      <ChartCard
        title="Verdicts"
        summary={verdictWords(overview, range)}
        steps={steps}
        series={VERDICTS}
        height={240}
        isStacked
        linkOf={link('inbox')}
      />
      <div class="halves">
        <Blocked title="Clients blocked most" field="client" of={clients} since={since} />
        <Blocked title="Destinations blocked most" field="destination" of={destinations} since={since} />
      </div>
      <div class="thirds">
        <ChartCard
          title="New name-server addresses"
          summary={`${shortNumber(newAddresses)} learned in the ${RANGE_WORDS[range]}, by the hour.`}
          steps={hours}
          series={NEW_ADDRESSES}
          height={140}
          linkOf={(at) => searchLink('events', searchOfStep(at, Math.max(stepMs, 3_600_000)))}
        />
        <ChartCard
          title="packet_ins"
          summary={`At most ${shortNumber(peak)} a second in one step${budgetWords(peak, budget)}.`}
          steps={steps}
          series={PACKET_INS}
          height={140}
          per={seconds}
          mark={budget === null ? undefined : { label: 'budget', value: budget }}
          linkOf={link('events')}
        />
        <ChartCard
          title="Own losses"
          summary={
            lost === 0
              ? `Nothing was lost in the ${RANGE_WORDS[range]}.`
              : `${shortNumber(lost)} packets, events or responses were lost in the ${RANGE_WORDS[range]}.`
          }
          steps={steps}
          series={LOST}
          height={140}
          linkOf={link('events')}
        />
      </div>
    </>
  );
}

/** Why nothing may have been judged, the likeliest first, and what to do about it. */
function Quiet({ now, range }: { readonly now: OverviewView['now']; readonly range: TimeRange }) {
  return (
    <Empty title={`No query was judged in the ${RANGE_WORDS[range]}`}>
      <p>
        {now.switches === 0 ? (
          <>
            No switch is connected: <Link to="/switches">connect one</Link>, and its queries to the outside come here.
          </>
        ) : (
          <>
            Switches are connected, and no query to the outside came by. Look at{' '}
            <Link to="/switches">their checks</Link>, or choose a longer range.
          </>
        )}
      </p>
    </Empty>
  );
}

function verdictWords({ steps }: OverviewView, range: TimeRange): string {
  const [block, wouldBlock, allow] = (['block', 'wouldBlock', 'allow'] as const).map((key) => totalOf(steps, key));
  return `${shortNumber(block!)} blocked, ${shortNumber(wouldBlock!)} would block and ${shortNumber(allow!)} allowed in the ${RANGE_WORDS[range]}.`;
}

function budgetWords(peak: number, budget: number | null): string {
  return budget === null || budget === 0 ? '' : `: ${percent(peak / budget)} of the budget of ${shortNumber(budget)}`;
}

interface BlockedProps {
  readonly title: string;
  readonly field: 'client' | 'destination';
  readonly of: OverviewView['clients'];
  readonly since: string;
}

function Blocked({ title, field, of, since }: BlockedProps) {
  return (
    <section class="chart-card blocked-most">
      <h2 class="chart-title">{title}</h2>
      {of.length === 0 ? (
        <Empty title="Nothing was blocked">
          <p>
            Choose a longer range above, or look at <Link to="/events">all events</Link>.
          </p>
        </Empty>
      ) : (
        <Table
          caption={title}
          columns={[
            { name: 'Address' },
            { name: 'Name' },
            { name: 'Events', isNumber: true },
            { name: 'More', isHidden: true },
          ]}
        >
          {of.map(({ address, name, events }) => (
            <tr key={address}>
              <td class="mono">
                <Link to={searchLink('inbox', `${field}:${address} since:${since}`)}>{address}</Link>
              </td>
              <td>{name === null ? <span class="muted nowrap">not known</span> : <Hostile text={name} />}</td>
              <td class="number">{events.toLocaleString('en')}</td>
              <td>
                <Link to={field === 'client' ? `/hosts/${address}` : `/history?target=${encodeURIComponent(address)}`}>
                  {field === 'client' ? 'host' : 'history'}
                  <span class="unseen"> of {address}</span>
                </Link>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
