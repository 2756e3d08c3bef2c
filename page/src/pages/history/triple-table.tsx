import { counted } from '../../../../src/core/words.ts';
import type { TripleView } from '../../../../src/services/triple-view.ts';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, Time } from '../../parts/time.tsx';

const COLUMNS = [
  { name: 'Zone' },
  { name: 'Name server' },
  { name: 'Address' },
  { name: 'Trust' },
  { name: 'Seen' },
  { name: 'Expires' },
  { name: 'Taught by' },
];

const ORIGIN_WORDS: Readonly<Record<string, string>> = {
  rootHints: 'the root hints',
  seed: 'the configuration',
};

/** Rows of the history, each with the exchange that taught it last. */
export function TripleTable({ title, triples }: { readonly title: string; readonly triples: readonly TripleView[] }) {
  return (
    <section class="stack">
      <h2>
        {title} <span class="muted">({triples.length})</span>
      </h2>
      <Table caption={title} columns={COLUMNS}>
        {triples.map((triple) => (
          <TripleRow key={`${triple.zone} ${triple.nameServer} ${triple.address}`} triple={triple} />
        ))}
      </Table>
    </section>
  );
}

function TripleRow({ triple }: { readonly triple: TripleView }) {
  const { zone, nameServer, address, origin, trust, glue, sightings, lastSeen, expires } = triple;
  return (
    <tr>
      {[zone, nameServer, address].map((target) => (
        <td key={target} class="mono triple-name">
          <Link to={`/history?target=${encodeURIComponent(target)}`}>
            <Hostile text={target} />
          </Link>
        </td>
      ))}
      <td>
        {trust}
        <br />
        <span class="muted">{glue === 'none' ? origin : `${origin}, ${glue} glue`}</span>
      </td>
      <td class="nowrap">
        {counted(sightings, 'time')}
        <br />
        <span class="muted">
          last <Ago at={lastSeen} />
        </span>
      </td>
      <td>
        <Time at={expires} />
      </td>
      <td>
        <Lesson triple={triple} />
      </td>
    </tr>
  );
}

function Lesson({ triple: { taughtBy, teachers, origin } }: { readonly triple: TripleView }) {
  if (taughtBy === null) return <span class="muted">{ORIGIN_WORDS[origin] ?? 'not on record'}</span>;
  const { server, queryName, queryId, queryTime, responseTime, nsTtlSeconds, glueTtlSeconds } = taughtBy;
  return (
    <details class="lesson">
      <summary>
        <span class="mono">{server}</span>
        {teachers.length > 1 && <span class="muted"> and {counted(teachers.length - 1, 'other')}</span>}
      </summary>
      <p>
        It answered at <Time at={responseTime} /> a query for{' '}
        <code>
          <Hostile text={queryName} />
        </code>{' '}
        with id {queryId}
        {queryTime === null ? ' that was not seen' : ''}: NS TTL {nsTtlSeconds} s, glue TTL {glueTtlSeconds} s.
      </p>
      {teachers.length > 1 && <p class="muted mono">{teachers.join(', ')}</p>}
    </details>
  );
}
