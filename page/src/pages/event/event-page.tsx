import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { EventView } from '../../../../src/services/event-services.ts';
import { useLoaded } from '../../api/use-loaded.ts';
import type { PageProps } from '../../frame/pages.ts';
import { navigate } from '../../frame/route.ts';
import { may } from '../../frame/session.ts';
import { useShortcuts } from '../../frame/shortcuts.ts';
import { AllowDialog } from '../../inbox/allow-dialog.tsx';
import { EventRows } from '../../inbox/event-rows.tsx';
import { QueryName, QueryType } from '../../inbox/query-parts.tsx';
import { TraceDialog } from '../../inbox/trace-dialog.tsx';
import { Aged } from '../../parts/aged.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { PageFrame } from '../../parts/page-frame.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { Time } from '../../parts/time.tsx';
import { DropProof } from './drop-proof.tsx';
import { HistoryThen } from './history-then.tsx';
import { PacketSection } from './packet-section.tsx';
import './event-page.css';

/** One verdict with all that proves it. */
export function EventPage({ id }: PageProps): VNode {
  const isId = /^\d{1,15}$/.test(id);
  const event = useLoaded<EventView>(isId ? `/events/${id}` : undefined);
  useShortcuts('everywhere', { r: event.reload });
  const { value } = event;
  return (
    <PageFrame title={`Event ${id}`} actions={value === undefined ? undefined : <EventActions event={value} />}>
      {!isId && <p>Events have numbers: {id} is none.</p>}
      <Aged loaded={event} />
      {value === undefined ? event.isLoading && <Skeleton rows={14} /> : <Whole event={value} />}
    </PageFrame>
  );
}

function EventActions({ event }: { readonly event: EventView }): VNode {
  const [opened, setOpened] = useState<'allow' | 'trace'>();
  const { entry, client, destination, queryName, queryType, protocol, group } = event;
  const canAct = may('analyst');
  const canAllow = canAct && event.verdict !== 'allow';
  const toEntry = () => entry !== null && navigate(`/inbox/${entry}`);
  useShortcuts('event', {
    a: () => canAllow && setOpened('allow'),
    t: () => canAct && setOpened('trace'),
    i: toEntry,
  });
  const onClose = () => setOpened(undefined);
  const query = { client: client.address, group, destination, queryName, queryType, protocol };
  return (
    <>
      {entry !== null && (
        <Button isSmall shortcut="i" onClick={toEntry}>
          Entry in the inbox
        </Button>
      )}
      <Button isSmall shortcut="a" disabled={!canAllow} onClick={() => setOpened('allow')}>
        Allow…
      </Button>
      <Button isSmall shortcut="t" disabled={!canAct} onClick={() => setOpened('trace')}>
        Trace…
      </Button>
      {opened === 'allow' && <AllowDialog queries={[query]} onClose={onClose} />}
      {opened === 'trace' && <TraceDialog name={queryName} at={event.at} source={client.address} onClose={onClose} />}
    </>
  );
}

function Whole({ event }: { readonly event: EventView }): VNode {
  return (
    <>
      <Summary event={event} />
      <div class="event-columns">
        <VerdictSteps event={event} />
        <div class="stack">
          <DropProof event={event} />
          <HistoryThen event={event} />
        </div>
      </div>
      <PacketSection event={event} />
      <Siblings event={event} />
    </>
  );
}

function Summary({ event }: { readonly event: EventView }): VNode {
  const { client, destination } = event;
  return (
    <section class="panel event-summary" aria-label="Summary">
      <p class="event-name">
        <QueryName name={event.queryName} /> <QueryType {...event} />
      </p>
      <p class="row">
        {event.severity !== null && <Badge kind={event.severity} />}
        <Badge kind={event.verdict} text={event.verdict === 'block' ? 'blocked' : event.verdict} />
        <Time at={event.at} />
      </p>
      <p class="event-message">
        <Hostile text={event.message} />
      </p>
      {event.alarm !== null && (
        <p class="row">
          <Badge kind="warning" text="alarm" /> <Hostile text={event.alarm} />
        </p>
      )}
      <dl class="event-facts">
        <div>
          <dt>Client</dt>
          <dd>
            <Link to={`/hosts/${client.address}`}>
              {client.name !== null && <Hostile text={client.name} />} <span class="mono">{client.address}</span>
            </Link>
            {client.mac !== null && <span class="muted mono"> {client.mac}</span>}
          </dd>
        </div>
        <div>
          <dt>Where</dt>
          <dd>
            port {client.port} of switch <span class="mono">{client.switch}</span>
          </dd>
        </div>
        <div>
          <dt>Destination</dt>
          <dd>
            <Link to={`/history?target=${encodeURIComponent(destination)}`}>
              <span class="mono">{destination}</span>
            </Link>{' '}
            by {event.protocol.toUpperCase()}
          </dd>
        </div>
        <div>
          <dt>Group</dt>
          <dd>
            <Hostile text={event.group} />
          </dd>
        </div>
        <div>
          <dt>Verdict rests on</dt>
          <dd>{event.scope.map(fieldWords).join(', ')}</dd>
        </div>
        <div>
          <dt>Held</dt>
          <dd>{event.heldMs === 0 ? 'not held' : `${event.heldMs} ms, waiting for a lesson`}</dd>
        </div>
      </dl>
    </section>
  );
}

/** `queryName` as `query name`. */
function fieldWords(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function VerdictSteps({ event }: { readonly event: EventView }): VNode {
  const { now, verdict } = event;
  const isTurned = (now.verdict === 'allow') !== (verdict === 'allow');
  return (
    <section class="panel" aria-labelledby="steps-title">
      <h2 id="steps-title">Verdict, step by step</h2>
      <p class="muted">
        As it would be judged now, with what is known now{isTurned ? '.' : ': the verdict would be the same.'}
      </p>
      {isTurned && (
        <p class="row event-turned">
          <Badge kind={now.verdict} text={now.verdict === 'allow' ? 'allowed now' : 'blocked now'} />
          <Hostile text={now.message} />
        </p>
      )}
      <ol class="steps">
        {now.steps.map(({ step, finding, decides }) => (
          <li key={step} class={decides ? 'step step-decides' : 'step'}>
            <b class="step-name">{step}</b>
            <span class="step-finding">
              <Hostile text={finding} />
            </span>
            {decides && <Badge kind={now.verdict} text="decides" />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Siblings({ event }: { readonly event: EventView }): VNode {
  return (
    <section class="stack" aria-labelledby="siblings-title">
      <h2 id="siblings-title">The client's events, 5 minutes around</h2>
      {event.siblings.length === 0 ? (
        <p class="muted">It asked for nothing else past the resolvers.</p>
      ) : (
        <EventRows caption="Events of the same client" events={event.siblings} here={event.id} />
      )}
    </section>
  );
}
