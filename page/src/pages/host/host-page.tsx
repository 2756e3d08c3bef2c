import { useRef } from 'preact/hooks';
import { counted, percent } from '../../../../src/core/words.ts';
import type { HostSightView, HostView } from '../../../../src/services/host-view.ts';
import type { EntryView } from '../../../../src/services/inbox-view.ts';
import { type Loaded, useLoaded } from '../../api/use-loaded.ts';
import { searchLink } from '../../charts/time-steps.ts';
import type { PageProps } from '../../frame/pages.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { KIND_WORDS, StateBadge } from '../findings/finding-words.tsx';
import { ReasonList } from '../findings/reason-list.tsx';
import { Remedy } from '../switches/remedy.tsx';
import { HostAxes } from './host-axes.tsx';
import { HostClient } from './host-client.tsx';
import { HostTimeline, MAX_TIMELINE_ITEMS, type Timeline } from './host-timeline.tsx';
import './host-page.css';

type Entries = { readonly items: readonly EntryView[] };

const MAX_ENTRIES = 20;
const EVERY_MS = 30_000;

/** One host of the inside: who it is, what speaks against it, and what it did. */
export function HostPage({ id: address }: PageProps) {
  const at = `/hosts/${encodeURIComponent(address)}`;
  const often = { everyMs: EVERY_MS };
  const host = useLoaded<HostView>(at, undefined, often);
  const entries = useLoaded<Entries>('/inbox', { search: `client:${address}`, limit: MAX_ENTRIES }, often);
  const timeline = useLoaded<Timeline>(`${at}/timeline`, { limit: MAX_TIMELINE_ITEMS });
  const parts = [host, entries, timeline];
  // Drawn once all is there, so that nothing moves what is read already.
  const wasThere = useRef<string>(undefined);
  if (parts.every(({ value, problem }) => value !== undefined || problem !== undefined)) wasThere.current = address;
  const reload = () => {
    for (const part of parts) part.reload();
  };
  useShortcuts('everywhere', { r: reload });
  return (
    <PageFrame title={`Host ${address}`} actions={<HostLinks address={address} />}>
      {wasThere.current !== address ? (
        <Skeleton rows={16} />
      ) : (
        <>
          <Aged loaded={host} />
          <div class="host-columns">
            <div class="host-main">
              {host.value !== undefined && <Evidence host={host.value} />}
              <HostEntries address={address} loaded={entries} />
              <HostTimeline loaded={timeline} />
            </div>
            {host.value !== undefined && <Side host={host.value} />}
          </div>
          <HostAxes address={address} />
        </>
      )}
    </PageFrame>
  );
}

function Side({ host: { client, findings, unseen } }: { readonly host: HostView }) {
  return (
    <div class="host-side">
      <section class="panel stack">
        <h2>Who it is</h2>
        <HostClient client={client} />
      </section>
      <section class="panel stack">
        <h2>Findings</h2>
        <HostFindings findings={findings} />
      </section>
      <Unseen unseen={unseen} />
    </div>
  );
}

function HostLinks({ address }: { readonly address: string }) {
  return (
    <>
      <Link class="button button-plain button-small" to={searchLink('inbox', `client:${address}`)}>
        Inbox entries
      </Link>
      <Link class="button button-plain button-small" to={searchLink('events', `client:${address}`)}>
        Events
      </Link>
    </>
  );
}

function Evidence({ host: { hosts } }: { readonly host: HostView }) {
  return (
    <section class="panel stack">
      <h2>What speaks against it</h2>
      {hosts.length === 0 ? (
        <Empty title="Nothing is known of it">
          <p>
            No query or connection of this address was seen. If it should have been, look at{' '}
            <Link to="/switches">the switches</Link>.
          </p>
        </Empty>
      ) : (
        hosts.map((sight) => <Sight key={sight.mac ?? ''} sight={sight} isOne={hosts.length === 1} />)
      )}
    </section>
  );
}

function Sight({ sight, isOne }: { readonly sight: HostSightView; readonly isOne: boolean }) {
  const { mac, last, score, evidence, group } = sight;
  return (
    <div class="sight">
      {!isOne && <h3 class="mono">{mac ?? 'no MAC address'}</h3>}
      <p class="sight-score">
        <Badge kind={score >= 0.8 ? 'high' : score >= 0.4 ? 'medium' : 'low'} text={`score ${percent(score)}`} /> last
        seen <Ago at={last} />
      </p>
      {evidence.length === 0 ? <p class="muted">Nothing speaks against it.</p> : <ReasonList reasons={evidence} />}
      {group !== null && (
        <p class="sight-group">
          It is in the group <Link to={`/bots/${encodeURIComponent(group.id)}`}>{group.id}</Link>, which adds{' '}
          {percent(group.weight)}: <Hostile text={group.line} />
        </p>
      )}
    </div>
  );
}

function HostEntries({ address, loaded }: { readonly address: string; readonly loaded: Loaded<Entries> }) {
  const entries = loaded.value?.items;
  return (
    <section class="panel stack">
      <h2>Open in the inbox</h2>
      <Aged loaded={loaded} />
      {entries === undefined ? null : entries.length === 0 ? (
        <p class="muted">
          Nothing is open. <Link to={searchLink('events', `client:${address}`)}>All events of it</Link> are kept.
        </p>
      ) : (
        <Table
          caption="Open inbox entries of this host"
          columns={[
            { name: 'Severity' },
            { name: 'Destination' },
            { name: 'Name' },
            { name: 'Events', isNumber: true },
            { name: 'Last' },
          ]}
        >
          {entries.map(({ id, severity, destination, queryName, queryType, events, last }) => (
            <tr key={id}>
              <td>
                <Badge kind={severity} />
              </td>
              <td class="mono">
                <Link to={`/inbox/${id}`}>{destination.address}</Link>
              </td>
              <td class="mono host-name">
                {queryName === null ? <span class="muted">not read</span> : <Hostile text={queryName} />} {queryType}
              </td>
              <td class="number">{events.toLocaleString('en')}</td>
              <td>
                <Ago at={last} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function HostFindings({ findings }: { readonly findings: HostView['findings'] }) {
  if (findings.length === 0) return <p class="muted">None is about it.</p>;
  return (
    <ul class="host-list">
      {findings.map(({ id, kind, state, score }) => (
        <li key={id}>
          <Link to={`/findings/${encodeURIComponent(id)}`}>{KIND_WORDS[kind]}</Link> <StateBadge state={state} />{' '}
          <span class="muted">{percent(score)}</span>
        </li>
      ))}
    </ul>
  );
}

function Unseen({ unseen }: { readonly unseen: HostView['unseen'] }) {
  if (unseen.length === 0) return null;
  return (
    <section class="panel stack">
      <h2>What is not looked for</h2>
      <details>
        <summary>{counted(unseen.length, 'thing')}</summary>
        <ul class="unseen-list">
          {unseen.map(({ what, why, remedy }) => (
            <li key={what}>
              <strong>{what}</strong>: {why}
              <Remedy text={remedy} of={what} />
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
