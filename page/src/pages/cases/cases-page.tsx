import { counted } from '../../../../src/core/words.ts';
import type { CaseSummary } from '../../../../src/traceback/cases/case.ts';
import { type Loaded, useLoaded } from '../../api/use-loaded.ts';
import { navigate, useRoute, withQuery } from '../../frame/route.ts';
import { may } from '../../frame/session.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import { caseState } from './case-words.ts';
import { confidenceWords } from './confidence-words.ts';
import { TraceForm } from './trace-form.tsx';
import './cases-page.css';

const EVERY_MS = 15_000;
const COLUMNS = [
  { name: 'Outcome' },
  { name: 'Attacked name' },
  { name: 'Attack' },
  { name: 'Source' },
  { name: 'Most likely' },
  { name: 'Hosts', isNumber: true },
  { name: 'Missing' },
  { name: 'Opened' },
];

/** Cases of traceback, and the form that opens one. The address may say what is to be traced: name, at, source. */
export function CasesPage() {
  const { query } = useRoute();
  const isAsking = query.get('new') === 'open' || query.has('name');
  const loaded = useLoaded<{ readonly items: readonly CaseSummary[] }>('/cases', undefined, { everyMs: EVERY_MS });
  const value = (name: string) => query.get(name) ?? undefined;
  useShortcuts('everywhere', { r: loaded.reload });
  const toggle = () =>
    navigate(
      withQuery(isAsking ? { new: undefined, name: undefined, at: undefined, source: undefined } : { new: 'open' }),
      { replace: true },
    );
  const isNode = loaded.problem?.code !== 'no-node';
  return (
    <PageFrame
      title="Traceback"
      actions={
        isNode &&
        may('analyst') && (
          <Button kind="main" aria-expanded={isAsking} onClick={toggle}>
            Trace an attack
          </Button>
        )
      }
    >
      {isAsking && isNode && may('analyst') && (
        <section class="panel stack">
          <h2>Trace an attack</h2>
          <TraceForm name={value('name')} at={value('at')} source={value('source')} />
        </section>
      )}
      <Cases loaded={loaded} />
    </PageFrame>
  );
}

function Cases({ loaded }: { readonly loaded: Loaded<{ readonly items: readonly CaseSummary[] }> }) {
  const { value, problem } = loaded;
  if (problem?.code === 'no-node') {
    return (
      <Empty title="This gluewall is no traceback node">
        <p>
          Set <code>node</code> in its configuration and restart it (docs/traceback.md): then it asks the logs of DNS
          servers who asked for a name.
        </p>
      </Empty>
    );
  }
  return (
    <>
      <Aged loaded={loaded} />
      {value === undefined ? (
        problem === undefined && <Skeleton rows={8} />
      ) : value.items.length === 0 ? (
        <Empty title="No case was opened yet">
          <p>
            An attack with made-up sources is traced by the DNS queries before it: say which name was attacked and when,
            above, or with “Trace” at an entry of the <Link to="/inbox">inbox</Link> or at a{' '}
            <Link to="/findings">finding</Link>.
          </p>
        </Empty>
      ) : (
        <Table caption="Cases, newest first" columns={COLUMNS}>
          {value.items.map((one) => (
            <CaseRow key={one.id} one={one} />
          ))}
        </Table>
      )}
    </>
  );
}

function CaseRow({ one }: { readonly one: CaseSummary }) {
  const { id, name, at, source, hosts, first, gaps, isComplete, openedAt, outcome } = one;
  return (
    <tr>
      <td>
        <Badge {...caseState(one)} />
      </td>
      <td class="mono case-name">
        <Link to={`/traceback/${id}`}>
          <Hostile text={name} />
        </Link>
      </td>
      <td>
        <Time at={at} />
      </td>
      <td class="mono">{source}</td>
      <td>
        {first === undefined ? (
          <span class="muted">nobody</span>
        ) : (
          <>
            <Link class="mono" to={`/hosts/${encodeURIComponent(first.address)}`}>
              {first.address}
            </Link>{' '}
            {confidenceWords(first.confidence)}
          </>
        )}
      </td>
      <td class="number">{hosts}</td>
      <td>{gaps > 0 ? counted(gaps, 'gap') : isComplete ? 'nothing' : outcome === undefined ? '' : 'not complete'}</td>
      <td class="nowrap">
        <Ago at={openedAt} />
      </td>
    </tr>
  );
}
