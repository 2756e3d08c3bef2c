import { useMemo } from 'preact/hooks';
import { counted, percent } from '../../../../src/core/words.ts';
import { botnetOf } from '../../../../src/correlation/pictures/botnet.ts';
import type { BotGroupView } from '../../../../src/services/bot-view.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { hasFewNodes } from '../../charts/few-nodes.ts';
import { useImported } from '../../charts/use-imported.ts';
import type { PageProps } from '../../frame/pages.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, Time } from '../../parts/time.tsx';
import './findings-page.css';

const EVERY_MS = 60_000;
const MAX_ROWS = 300;

/** A group of bots: its topology, and the same in tables. */
export function GroupPage({ id }: PageProps) {
  const loaded = useLoaded<BotGroupView>(`/bots/${encodeURIComponent(id)}`, undefined, { everyMs: EVERY_MS });
  const group = loaded.value;
  useShortcuts('everywhere', { r: loaded.reload });
  return (
    <PageFrame title={`Group of bots ${id}`}>
      <Aged loaded={loaded} />
      {group === undefined ? loaded.problem === undefined && <Skeleton rows={16} /> : <Group group={group} />}
    </PageFrame>
  );
}

function Group({ group }: { readonly group: BotGroupView }) {
  const { score, since, last, hosts, candidates, victims, findings } = group;
  return (
    <>
      <p>
        {counted(hosts.length, 'host')}, {counted(candidates.length, 'server')} they may have in common,{' '}
        {counted(victims.length, 'victim')}; score {percent(score)}; since <Time at={since} />, last <Ago at={last} />.
        {findings.map((finding) => (
          <span key={finding}>
            {' '}
            <Link to={`/findings/${encodeURIComponent(finding)}`}>Its finding</Link>
          </span>
        ))}
      </p>
      <Topology group={group} />
      <Servers group={group} />
      <div class="group-columns">
        <Hosts group={group} />
        <Victims group={group} />
      </div>
      <Features group={group} />
      <Changes group={group} />
    </>
  );
}

function Topology({ group }: { readonly group: BotGroupView }) {
  const botnet = useMemo(() => botnetOf(group), [group]);
  const { it, isMissing } = useImported(() => import('../../charts/topology-picture.tsx'));
  const kinds = [...new Set(botnet.nodes.map(({ kind }) => kind))];
  return (
    <section class="stack">
      <h2>Topology</h2>
      <div class="topology-legend">{it !== undefined && <it.TopologyLegend kinds={kinds} />}</div>
      <div class={hasFewNodes(botnet) ? 'topology-frame topology-few' : 'topology-frame'}>
        {it !== undefined && <it.TopologyPicture botnet={botnet} />}
        {isMissing && <p class="muted">The picture could not be fetched; the tables below say the same.</p>}
      </div>
      <p class="muted">
        Full lines: a host asked, or connected to, a server. Broken lines: attacks.
        {botnet.leftOut > 0 && ` ${botnet.leftOut} found no room.`}
      </p>
    </section>
  );
}

function Servers({ group: { candidates } }: { readonly group: BotGroupView }) {
  if (candidates.length === 0) return null;
  return (
    <section class="stack">
      <h2>Servers they have in common</h2>
      <Table
        caption="Candidates for the C&C server, the likeliest first"
        columns={[
          { name: 'Server' },
          { name: 'Role' },
          { name: 'Ports' },
          { name: 'Score', isNumber: true },
          { name: 'Suspected hosts', isNumber: true },
          { name: 'Others', isNumber: true },
          { name: 'Why' },
        ]}
      >
        {candidates.map(({ role, address, name, ports, score, suspects, others, reasons, last }) => (
          <tr key={`${role} ${address} ${name}`}>
            <td class="mono finding-mono">
              {[name, address].map(
                (one) =>
                  one !== null && (
                    <div key={one}>
                      <Link to={`/history?target=${encodeURIComponent(one)}`}>
                        <Hostile text={one} />
                      </Link>
                    </div>
                  ),
              )}
            </td>
            <td>{role === 'c2' ? 'C&C candidate' : 'download server'}</td>
            <td>{ports.join(', ')}</td>
            <td class="number">{percent(score)}</td>
            <td class="number">{suspects}</td>
            <td class="number">{others}</td>
            <td class="finding-why">
              {reasons.map((reason) => (
                <p key={reason}>
                  <Hostile text={reason} />
                </p>
              ))}
              <p class="muted">
                last <Ago at={last} />
              </p>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Hosts({ group: { hosts } }: { readonly group: BotGroupView }) {
  return (
    <section class="stack">
      <h2>Hosts</h2>
      <Table
        caption="Hosts of the group, the most suspect first"
        columns={[
          { name: 'Host' },
          { name: 'Score', isNumber: true },
          { name: 'Shared features', isNumber: true },
          { name: 'More', isHidden: true },
        ]}
      >
        {hosts.slice(0, MAX_ROWS).map(({ host, score, matches }) => (
          <tr key={host}>
            <td class="mono finding-mono">
              <Link to={`/hosts/${encodeURIComponent(host)}`}>{host}</Link>
            </td>
            <td class="number">{percent(score)}</td>
            <td class="number">{matches}</td>
            <td>
              <Link to={`/hosts/${encodeURIComponent(host)}?axes=open`} aria-label={`Ten axes of ${host}`}>
                axes
              </Link>
            </td>
          </tr>
        ))}
      </Table>
      {hosts.length > MAX_ROWS && <p class="muted">and {hosts.length - MAX_ROWS} more</p>}
    </section>
  );
}

function Victims({ group: { victims } }: { readonly group: BotGroupView }) {
  return (
    <section class="stack">
      <h2>Victims</h2>
      {victims.length === 0 ? (
        <p class="muted">No attack of it was seen.</p>
      ) : (
        <Table
          caption="Whom the group attacked"
          columns={[
            { name: 'Victim' },
            { name: 'Attackers', isNumber: true },
            { name: 'SYNs', isNumber: true },
            { name: 'Last' },
          ]}
        >
          {victims.slice(0, MAX_ROWS).map(({ address, attackedBy, syns, last }) => (
            <tr key={address}>
              <td class="mono finding-mono">{address}</td>
              <td class="number">{attackedBy.length}</td>
              <td class="number">{syns.toLocaleString('en')}</td>
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

function Features({ group: { features } }: { readonly group: BotGroupView }) {
  if (features.length === 0) return null;
  return (
    <section class="stack">
      <h2>What its hosts have in common</h2>
      <Table
        caption="Shared features, the weightiest first"
        columns={[
          { name: 'What' },
          { name: 'Which' },
          { name: 'Hosts of the group', isNumber: true },
          { name: 'Other hosts', isNumber: true },
          { name: 'Weight', isNumber: true },
        ]}
      >
        {features.map(({ kind, text, members, others, weight }) => (
          <tr key={`${kind} ${text}`}>
            <td>{kind}</td>
            <td class="mono finding-mono">
              <Hostile text={text} />
            </td>
            <td class="number">{members}</td>
            <td class="number">{others}</td>
            <td class="number">{percent(weight)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Changes({ group: { changes } }: { readonly group: BotGroupView }) {
  if (changes.length === 0) return null;
  return (
    <section class="stack">
      <h2>What happened to it</h2>
      <ol class="finding-words">
        {changes.map(({ at, what, with: others }) => (
          <li key={`${at} ${what}`}>
            <Time at={at} /> {what}
            {others.map((other) => (
              <span key={other}>
                {' '}
                <Link to={`/bots/${encodeURIComponent(other)}`}>{other}</Link>
              </span>
            ))}
          </li>
        ))}
      </ol>
    </section>
  );
}
