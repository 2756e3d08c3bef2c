import { useRef, useState } from 'preact/hooks';
import { counted, percent } from '../../../../src/core/words.ts';
import { FINDING_KINDS, FINDING_STATES, type FindingState } from '../../../../src/findings/finding.ts';
import type { FindingSummary } from '../../../../src/services/finding-view.ts';
import { type Loaded, useLoaded } from '../../api/use-loaded.ts';
import { changedQuery, navigate, useRoute, withQuery } from '../../frame/route.ts';
import { may } from '../../frame/session.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Ago } from '../../parts/time.tsx';
import { moveFinding } from './finding-actions.ts';
import { CommentFindingDialog } from './finding-dialogs.tsx';
import { KIND_WORDS, StateBadge, subjectLink } from './finding-words.tsx';
import './findings-page.css';

const EVERY_MS = 15_000;
const MAX_FINDINGS = 500;
const TABS = [
  { name: 'open', text: 'Open' },
  ...FINDING_STATES.map((name) => ({ name, text: name.replace(/^./, (first) => first.toUpperCase()) })),
] as const;
const COLUMNS = [
  { name: 'State' },
  { name: 'Finding' },
  { name: 'Why' },
  { name: 'Score', isNumber: true },
  { name: 'Hosts', isNumber: true },
  { name: 'Updated' },
  { name: 'What to do', isHidden: true },
];

/** What was found that a person can act on, those last updated first. */
export function FindingsPage() {
  const { query } = useRoute();
  const state = FINDING_STATES.find((one) => one === query.get('state'));
  const kind = FINDING_KINDS.find((one) => one === query.get('kind'));
  const host = query.get('host') ?? undefined;
  const loaded = useLoaded<{ readonly items: readonly FindingSummary[] }>(
    '/findings',
    { state, kind, host, limit: MAX_FINDINGS },
    { everyMs: EVERY_MS },
  );
  const found = loaded.value?.items.filter((finding) => state !== undefined || finding.state !== 'closed');
  return (
    <PageFrame title="Findings">
      <Filters state={state} kind={kind} host={host} />
      <Aged loaded={loaded} />
      {found === undefined ? (
        loaded.problem === undefined && <Skeleton rows={10} />
      ) : found.length === 0 ? (
        <NoFinding isFiltered={state !== undefined || kind !== undefined || host !== undefined} />
      ) : (
        <FindingList findings={found} loaded={loaded} />
      )}
    </PageFrame>
  );
}

interface FiltersProps {
  readonly state: FindingState | undefined;
  readonly kind: string | undefined;
  readonly host: string | undefined;
}

function Filters({ state, kind, host }: FiltersProps) {
  return (
    <div class="findings-bar">
      <Tabs
        label="Which findings"
        tabs={TABS}
        chosen={state ?? 'open'}
        onChoose={(name) => navigate(withQuery({ state: name === 'open' ? undefined : name }), { replace: true })}
      />
      <select
        aria-label="Kind of finding"
        value={kind ?? ''}
        onChange={(event) => navigate(withQuery({ kind: event.currentTarget.value }), { replace: true })}
      >
        <option value="">all kinds</option>
        {FINDING_KINDS.map((one) => (
          <option key={one} value={one}>
            {KIND_WORDS[one]}
          </option>
        ))}
      </select>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          const typed = new FormData(event.currentTarget).get('host');
          navigate(withQuery({ host: String(typed ?? '').trim() }), { replace: true });
        }}
      >
        <input
          key={host}
          class="findings-host"
          name="host"
          type="search"
          aria-label="Only those about this host"
          placeholder="Host, such as 192.0.2.66"
          maxLength={45}
          defaultValue={host}
        />
        <Button type="submit">Find</Button>
      </form>
    </div>
  );
}

function NoFinding({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No finding fits">
        <Button onClick={() => navigate('/findings', { replace: true })}>Show all that are open</Button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing is open">
      <p>
        gluewall looks for hosts that behave as bots do, and for what they have in common. What it finds comes here by
        itself; what was dealt with is <Link to="/findings?state=closed">among the closed ones</Link>.
      </p>
    </Empty>
  );
}

interface FindingListProps {
  readonly findings: readonly FindingSummary[];
  readonly loaded: Loaded<unknown>;
}

function FindingList({ findings, loaded }: FindingListProps) {
  const list = useRef<HTMLDivElement>(null);
  const [commented, setCommented] = useState<string>();
  const links = () => [...(list.current?.querySelectorAll<HTMLAnchorElement>('.finding-link') ?? [])];
  const indexNow = () => links().findIndex((link) => link.closest('tr')?.contains(document.activeElement));
  const go = (step: 1 | -1) => {
    const all = links();
    const index = indexNow();
    all[Math.min(all.length - 1, Math.max(0, index < 0 ? 0 : index + step))]?.focus();
  };
  const here = (act: (finding: FindingSummary) => void) => () => {
    const finding = findings[indexNow()];
    if (finding !== undefined) act(finding);
  };
  const change = (act: (finding: FindingSummary) => void) => here((finding) => may('analyst') && act(finding));
  useShortcuts('everywhere', { r: loaded.reload });
  useShortcuts('findings', {
    j: () => go(1),
    k: () => go(-1),
    o: here(({ id }) => navigate(`/findings/${encodeURIComponent(id)}`)),
    e: change((finding) => void moveFinding(finding, 'acknowledge', loaded.reload)),
    s: change((finding) => void moveFinding(finding, 'escalate', loaded.reload)),
    c: change(({ id }) => setCommented(id)),
  });
  return (
    <div ref={list}>
      <Table caption="Findings, those last updated first" columns={COLUMNS}>
        {findings.map((finding) => (
          <FindingRow key={finding.id} finding={finding} onDone={loaded.reload} />
        ))}
      </Table>
      {commented !== undefined && (
        <CommentFindingDialog id={commented} onDone={loaded.reload} onClose={() => setCommented(undefined)} />
      )}
    </div>
  );
}

function FindingRow({ finding, onDone }: { readonly finding: FindingSummary; readonly onDone: () => void }) {
  const { id, kind, subject, state, score, hosts, because, updated } = finding;
  const about = subjectLink(kind, subject);
  const route = useRoute();
  return (
    <tr data-finding={id}>
      <td>
        <StateBadge state={state} />
      </td>
      <td class="finding-name">
        <Link class="finding-link" to={`/findings/${encodeURIComponent(id)}`}>
          {KIND_WORDS[kind]}
        </Link>
        <span class="finding-subject mono">
          {about === undefined ? (
            <Hostile text={subject} />
          ) : (
            <Link to={about}>
              <Hostile text={subject} />
            </Link>
          )}
        </span>
      </td>
      <td class="finding-why">
        <Hostile text={because} />
      </td>
      <td class="number nowrap">{percent(score)}</td>
      <td class="number">
        {hosts === 1 && (kind === 'infected-host' || kind === 'foreign-resolver') ? (
          <Link to={changedQuery(route, { host: subject })} title={`Findings about ${subject}`}>
            1<span class="unseen"> host: findings about {subject}</span>
          </Link>
        ) : (
          <span title={counted(hosts, 'host')}>{hosts}</span>
        )}
      </td>
      <td class="nowrap">{updated !== null && <Ago at={updated} />}</td>
      <td>
        {may('analyst') && (
          <div class="finding-actions">
            {(state === 'new' || state === 'escalated') && (
              <Button
                isSmall
                aria-label={`Acknowledge ${id}`}
                onClick={() => void moveFinding(finding, 'acknowledge', onDone)}
              >
                Acknowledge
              </Button>
            )}
            {(state === 'new' || state === 'acknowledged') && (
              <Button
                isSmall
                aria-label={`Escalate ${id}`}
                onClick={() => void moveFinding(finding, 'escalate', onDone)}
              >
                Escalate
              </Button>
            )}
            {state === 'closed' && (
              <Button
                isSmall
                aria-label={`Open ${id} again`}
                onClick={() => void moveFinding(finding, 'reopen', onDone)}
              >
                Open again
              </Button>
            )}
          </div>
        )}
      </td>
    </tr>
  );
}
