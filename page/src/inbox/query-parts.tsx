/** How a query is written, in rows and elsewhere. */
import type { VNode } from 'preact';
import type { ClientPlaceView } from '../../../src/services/event-row-view.ts';
import type { EntryView } from '../../../src/services/inbox-view.ts';
import { consoleNowMs } from '../api/client.ts';
import { Hostile } from '../parts/hostile.tsx';
import { Ago } from '../parts/time.tsx';
import './query-parts.css';

interface Asked {
  readonly queryName: string | null;
  readonly queryType: string | null;
  readonly recursionDesired: boolean | null;
}

/** The query name; what cannot be read is said in words. */
export function QueryName({ name }: { readonly name: string | null }): VNode {
  return name === null ? <i>no readable name</i> : <Hostile text={name} />;
}

/** Type and RD: `A RD`. */
export function QueryType({ queryType, recursionDesired }: Pick<Asked, 'queryType' | 'recursionDesired'>): VNode {
  return (
    <span class="query-type mono">
      {queryType ?? '?'}
      {recursionDesired === true && (
        <abbr class="query-rd" title="recursion desired">
          RD
        </abbr>
      )}
    </span>
  );
}

/** Who asked: what it is called, and its address. */
export function ClientName({ client: { name, address } }: { readonly client: ClientPlaceView }): VNode {
  return (
    <span class="client">
      {name !== null && (
        <b>
          <Hostile text={name} />{' '}
        </b>
      )}
      <span class="mono client-address">{address}</span>
    </span>
  );
}

/** By which device, and at which port of which switch. */
export function ClientPort({ client: { mac, port, switch: datapath } }: { readonly client: ClientPlaceView }): VNode {
  return (
    <span class="client-port" title={`switch ${datapath}`}>
      port {port}
      {mac !== null && <span class="mono"> {mac}</span>}
    </span>
  );
}

/** What the history said of a destination then, and what it says now. */
export function DestinationNames({ destination }: Pick<EntryView, 'destination'>): VNode {
  const { then, now } = destination;
  if (then === null && now.length === 0) return <span class="names">unknown then and now</span>;
  return (
    <span class="names">
      {then === null ? 'unknown then' : <NamesThen {...then} />}
      {', '}
      {now.length === 0 ? (
        'unknown now'
      ) : (
        <>
          now{' '}
          {now.map(({ nameServer, zone }, index) => (
            <span key={`${nameServer} ${zone}`}>
              {index > 0 && ', '}
              <Hostile text={nameServer} /> of <Hostile text={zone} />
            </span>
          ))}
        </>
      )}
    </span>
  );
}

function NamesThen({ nameServer, zone, expires }: NonNullable<EntryView['destination']['then']>): VNode {
  return (
    <>
      then <Hostile text={nameServer} /> of <Hostile text={zone} />
      {expires !== null && (
        <>
          {' '}
          ({Date.parse(expires) < consoleNowMs() ? 'expired' : 'expires'} <Ago at={expires} />)
        </>
      )}
    </>
  );
}
