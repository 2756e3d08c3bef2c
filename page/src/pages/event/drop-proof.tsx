import type { VNode } from 'preact';
import { counted } from '../../../../src/core/words.ts';
import type { EventView } from '../../../../src/services/event-services.ts';
import { Badge } from '../../parts/badge.tsx';
import { Time } from '../../parts/time.tsx';

/** The counters of the switch, which prove that what was blocked did not leave. */
export function DropProof({ event }: { readonly event: EventView }): VNode | null {
  if (event.verdict === 'allow') return null;
  return (
    <section class="panel stack" aria-labelledby="drop-title">
      <h2 id="drop-title">What the switch says</h2>
      {event.drop === null ? <NoFlow event={event} /> : <Flow drop={event.drop} />}
    </section>
  );
}

function NoFlow({ event }: { readonly event: EventView }): VNode {
  if (event.verdict === 'would block') return <p>Nothing was dropped: it was only watched, and let pass.</p>;
  return (
    <p>
      The packet was dropped at the controller. No flow drops more like it: the verdict read the message, which a flow
      cannot, or the flow is gone. At least {counted(event.packets, 'packet')} did not leave.
    </p>
  );
}

function Flow({ drop }: { readonly drop: NonNullable<EventView['drop']> }): VNode {
  return (
    <>
      <p class="drop-figure">
        <b>{drop.packets.toLocaleString('en')}</b> {drop.packets === 1 ? 'packet' : 'packets'} dropped by the flow
        <span class="muted"> ({drop.bytes.toLocaleString('en')} octets)</span>
      </p>
      <p class="row">
        <Badge kind={drop.standing ? 'good' : 'neutral'} text={drop.standing ? 'standing' : 'gone'} />
        <span>
          since <Time at={drop.since} />, counted <Time at={drop.asOf} />
        </span>
      </p>
      <code class="drop-flow">{drop.flow}</code>
    </>
  );
}
