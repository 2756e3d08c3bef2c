import { useEffect, useState } from 'preact/hooks';
import { searchWord } from '../../../../src/inbox/compose-search.ts';
import type { LookupView } from '../../../../src/services/lookup.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import { searchLink } from '../../charts/time-steps.ts';
import { navigate, useRoute, withQuery } from '../../frame/route.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Time } from '../../parts/time.tsx';
import { TripleTable } from './triple-table.tsx';
import './history-page.css';

const INPUT_ID = 'history-target';

/** What the history knows of an address, a zone or a name server, and who taught it. */
export function HistoryPage() {
  const { query } = useRoute();
  const target = query.get('target') ?? '';
  const loaded = useLoaded<LookupView>(target === '' ? undefined : '/history', { target });
  useShortcuts('everywhere', {
    '/': () => document.querySelector<HTMLInputElement>(`.${INPUT_ID} input`)?.focus(),
    r: loaded.reload,
  });
  return (
    <PageFrame title="NS history">
      <TargetForm target={target} />
      <Aged loaded={loaded} />
      {target === '' ? (
        <Empty title="Ask for an address, a zone or a name server">
          <p>
            The history holds the name servers that responses have named, each with its zone and its addresses, and says
            who taught it. What it knows may be asked; the rest is blocked. Try <Example target="." /> for the root
            zone.
          </p>
        </Empty>
      ) : loaded.value === undefined ? (
        loaded.problem === undefined && <Skeleton rows={10} />
      ) : (
        <Answer answer={loaded.value} />
      )}
    </PageFrame>
  );
}

function Example({ target }: { readonly target: string }) {
  return (
    <Link to={`/history?target=${encodeURIComponent(target)}`} class="mono">
      {target}
    </Link>
  );
}

function TargetForm({ target }: { readonly target: string }) {
  const [typed, setTyped] = useState(target);
  useEffect(() => setTyped(target), [target]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: the element `search` is not known to all browsers yet
    <form
      role="search"
      class={`history-form ${INPUT_ID}`}
      onSubmit={(event) => {
        event.preventDefault();
        navigate(withQuery({ target: typed.trim() }));
      }}
    >
      <Field label="Address, zone or name server" hint="Such as 192.0.2.53, example.org or ns1.example.org">
        {(input) => (
          <div class="history-input">
            <input
              {...input}
              type="search"
              maxLength={1024}
              autocomplete="off"
              spellcheck={false}
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
            <Button kind="main" type="submit">
              Look up
            </Button>
          </div>
        )}
      </Field>
    </form>
  );
}

function Answer({ answer }: { readonly answer: LookupView }) {
  const { target, known, triples, past, more, last } = answer;
  return (
    <>
      <Summary answer={answer} />
      {!known && last === null && triples.length === 0 && past.length === 0 && (
        <Empty title="Nothing was ever learned of it">
          <p>
            No response named it as a name server. If clients need it, let them ask it by{' '}
            <Link to="/rules">a rule</Link>, or see{' '}
            <Link to={searchLink('events', searchWord(isAddress(target) ? 'destination' : 'name', target) ?? '')}>
              who asked for it
            </Link>
            .
          </p>
        </Empty>
      )}
      {triples.length > 0 && <TripleTable title="Why it is known" triples={triples} />}
      {past.length > 0 && <TripleTable title="What was known before" triples={past} />}
      {more && <p class="muted">There is more than is shown: ask for a zone or an address of it.</p>}
    </>
  );
}

function Summary({ answer: { target, known, expires, summary, last } }: { readonly answer: LookupView }) {
  const { zones, nameServers, addresses, sightings, teachers, trust, firstSeen, lastSeen } = summary;
  const facts: readonly (readonly [string, string | number])[] = [
    ['Zones', zones],
    ['Name servers', nameServers],
    ['Addresses', addresses],
    ['Sightings', sightings.toLocaleString('en')],
    ['Teachers', teachers],
    ['Trust', trust ?? 'none'],
  ];
  return (
    <section class="panel stack">
      <h2 class="mono">
        <Hostile text={target} />
      </h2>
      <p class="history-known">
        <Badge kind={known ? 'good' : 'bad'} text={known ? 'known' : 'unknown'} />
        {known ? (
          expires === null ? (
            'for good'
          ) : (
            <>
              until <Time at={expires} />
            </>
          )
        ) : last === null ? (
          'a query to it is blocked, unless a rule says otherwise'
        ) : (
          <>
            it was the name server <NameLink name={last.nameServer} /> of <NameLink name={last.zone} /> until{' '}
            <Time at={last.expired} />
          </>
        )}
      </p>
      {known && (
        <dl class="history-facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
          {firstSeen !== null && (
            <div>
              <dt>First seen</dt>
              <dd>
                <Time at={firstSeen} />
              </dd>
            </div>
          )}
          {lastSeen !== null && (
            <div>
              <dt>Last seen</dt>
              <dd>
                <Time at={lastSeen} />
              </dd>
            </div>
          )}
        </dl>
      )}
      {isAddress(target) && (
        <p class="row">
          <Link to={searchLink('events', `destination:${target}`)}>queries to it</Link>
          <Link to={searchLink('inbox', `destination:${target}`)}>blocked queries to it</Link>
        </p>
      )}
    </section>
  );
}

function NameLink({ name }: { readonly name: string }) {
  return (
    <Link to={`/history?target=${encodeURIComponent(name)}`} class="mono">
      <Hostile text={name} />
    </Link>
  );
}

function isAddress(target: string): boolean {
  return /^[\d.]+$|:/.test(target);
}
