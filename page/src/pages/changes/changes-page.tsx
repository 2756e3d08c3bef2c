import type { VNode } from 'preact';
import { counted } from '../../../../src/core/words.ts';
import type { ChangeView } from '../../../../src/services/account-views.ts';
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
import { Time } from '../../parts/time.tsx';
import { type LoadedPages, usePages } from '../../parts/use-pages.ts';
import { ChangeFilter, FILTER_FIELDS } from './change-filter.tsx';
import { jsonDifference, NOTHING } from './json-difference.ts';
import './changes-page.css';

const PAGE_ROWS = 100;
const COLUMNS = [{ name: 'When' }, { name: 'Who' }, { name: 'What' }, { name: 'Before and after' }];
/** Of no use to a reader: what follows from the rest. */
const UNTOLD = /(?:^|\.)(?:version|hits|outcome|stateChange)$/;
/** As a search of a link starts. */
const RELATIVE = /^(\d{1,4})([mhd])$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Who did what, when and from where, and what was so before; for administrators. */
export function ChangesPage(): VNode {
  return may('admin') ? <Changes /> : <NotForYou />;
}

function NotForYou(): VNode {
  return (
    <PageFrame title="Changes">
      <Empty title="The record of changes is for administrators">
        What was done to an entry stands on its page in the <Link to="/inbox">inbox</Link>.
      </Empty>
    </PageFrame>
  );
}

function Changes(): VNode {
  const { query } = useRoute();
  const asked = Object.fromEntries(FILTER_FIELDS.map((field) => [field, query.get(field) ?? undefined]));
  const changes = usePages<ChangeView>('/changes', {
    ...asked,
    since: instantOf(query.get('since')),
    until: instantOf(query.get('until')),
    limit: PAGE_ROWS,
  });
  useShortcuts('everywhere', { r: changes.reload });
  const { value } = changes;
  const isFiltered = FILTER_FIELDS.some((field) => query.has(field));
  return (
    <PageFrame
      title="Changes"
      actions={
        <Button isSmall shortcut="r" disabled={changes.isLoading} onClick={changes.reload}>
          Load again
        </Button>
      }
    >
      <ChangeFilter />
      <Aged loaded={changes} />
      {value === undefined ? (
        changes.problem === undefined && <Skeleton rows={12} />
      ) : value.length === 0 ? (
        <NoChanges isFiltered={isFiltered} />
      ) : (
        <>
          <Table caption="Changes, the newest first" columns={COLUMNS}>
            {value.map((change) => (
              <ChangeRow key={change.id} change={change} />
            ))}
          </Table>
          <End changes={changes} />
        </>
      )}
    </PageFrame>
  );
}

function NoChanges({ isFiltered }: { readonly isFiltered: boolean }): VNode {
  if (!isFiltered) return <Empty title="Nothing was changed yet">Whatever anybody changes is here from then on.</Empty>;
  const all = Object.fromEntries(FILTER_FIELDS.map((field) => [field, undefined]));
  return (
    <Empty title="No change fits">
      <Button onClick={() => navigate(withQuery(all))}>Show all changes</Button>
    </Empty>
  );
}

function End({ changes }: { readonly changes: LoadedPages<ChangeView> }): VNode {
  const { value = [], next, isLoading, loadMore } = changes;
  return (
    <div class="changes-end">
      {next === null ? (
        <span class="muted">{counted(value.length, 'change')}, no more.</span>
      ) : (
        <Button disabled={isLoading} onClick={loadMore}>
          Show more
        </Button>
      )}
    </div>
  );
}

function ChangeRow({ change }: { readonly change: ChangeView }): VNode {
  const { at, by, token, from, operation, subject, refused } = change;
  return (
    <tr>
      <td class="nowrap">
        <Time at={at} />
      </td>
      <td class="change-who">
        <Link to={withQuery({ by })}>
          <Hostile text={by} />
        </Link>
        {token !== null && (
          <span class="change-small">
            by the token <Hostile text={token} />
          </span>
        )}
        {from !== by && (
          <span class="change-small">
            from <Hostile text={from} />
          </span>
        )}
      </td>
      <td class="change-what">
        <Link to={withQuery({ of: operation })}>{operation}</Link>
        {refused !== null && <Badge kind="bad" text={refused} />}
        {subject !== '' && (
          <span class="change-small">
            <Link to={withQuery({ subject })}>
              <Hostile text={subject} />
            </Link>
          </span>
        )}
      </td>
      <td>
        <Difference change={change} />
      </td>
    </tr>
  );
}

function Difference({ change: { before, after } }: { readonly change: ChangeView }): VNode {
  const fields = jsonDifference(before, after).filter(({ path }) => !UNTOLD.test(path));
  if (fields.length === 0) return <span class="muted">{before === null ? 'nothing is told' : 'all is as it was'}</span>;
  return (
    <ul class="change-fields">
      {fields.map(({ path, before: was, after: is }) => (
        <li key={path}>
          {path !== '' && <span class="change-path">{path} </span>}
          {was !== undefined && was !== NOTHING && (
            <del>
              <span class="unseen">was </span>
              <Hostile text={was} />
            </del>
          )}{' '}
          {is !== undefined && (
            <ins>
              <span class="unseen">is </span>
              <Hostile text={is} />
            </ins>
          )}
        </li>
      ))}
    </ul>
  );
}

/** `7d` is so long ago; anything else is given as it is, and the console says what is wrong with it. */
function instantOf(text: string | null): string | undefined {
  if (text === null || text === '') return undefined;
  const [, count, unit] = RELATIVE.exec(text) ?? [];
  if (count === undefined) return text;
  // To the minute, so that the same page asks the same.
  const nowMs = Math.floor(Date.now() / 60_000) * 60_000;
  return new Date(nowMs - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]).toISOString();
}
