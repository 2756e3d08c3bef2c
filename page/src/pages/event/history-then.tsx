import type { VNode } from 'preact';
import type { EventView } from '../../../../src/services/event-services.ts';
import type { TripleView } from '../../../../src/services/triple-view.ts';
import { consoleNowMs } from '../../api/client.ts';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { Ago, Time } from '../../parts/time.tsx';

/** What the history said of the destination then, what it says now, and which responses taught it. */
export function HistoryThen({ event }: { readonly event: EventView }): VNode {
  const { then, known, past, destination } = event;
  return (
    <section class="panel stack" aria-labelledby="history-title">
      <h2 id="history-title">What the history knows of {destination}</h2>
      <p>
        <b>Then: </b>
        {then === null ? (
          'nothing; no response had named it as a name server.'
        ) : (
          <>
            <Hostile text={then.nameServer} /> of <Hostile text={then.zone} />
            {then.expires !== null && (
              <>
                , {Date.parse(then.expires) < Date.parse(event.at) ? 'expired' : 'held until'}{' '}
                <Time at={then.expires} />
              </>
            )}
          </>
        )}
      </p>
      <Triples title="Holds now" triples={known} none="Nothing holds now." />
      {past.length > 0 && <Triples title="Held before" triples={past} none="" />}
      <p>
        <Link to={`/history?target=${encodeURIComponent(destination)}`}>All of its history</Link>
      </p>
    </section>
  );
}

interface TriplesProps {
  readonly title: string;
  readonly triples: readonly TripleView[];
  readonly none: string;
}

function Triples({ title, triples, none }: TriplesProps): VNode {
  return (
    <div>
      <h3>{title}</h3>
      {triples.length === 0 && <p class="muted">{none}</p>}
      <ul class="triples">
        {triples.map((triple) => (
          <li key={`${triple.zone} ${triple.nameServer}`}>
            <p>
              <Hostile text={triple.nameServer} /> of <Hostile text={triple.zone} />,{' '}
              {triple.expires === null ? (
                'never expires'
              ) : (
                <>
                  {Date.parse(triple.expires) < consoleNowMs() ? 'expired' : 'expires'} <Ago at={triple.expires} />
                </>
              )}
            </p>
            <p class="muted">
              <Taught triple={triple} />
            </p>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Taught({ triple: { taughtBy, origin } }: { readonly triple: TripleView }): VNode {
  if (taughtBy === null) return <>Not learned from a response: {origin}.</>;
  return (
    <>
      Taught by <span class="mono">{taughtBy.server}</span> in its response to <Hostile text={taughtBy.queryName} />,{' '}
      <Time at={taughtBy.responseTime} />; TTL {taughtBy.nsTtlSeconds} s and {taughtBy.glueTtlSeconds} s.
    </>
  );
}
