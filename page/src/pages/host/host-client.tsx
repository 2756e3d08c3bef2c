import { counted } from '../../../../src/core/words.ts';
import type { ClientView } from '../../../../src/services/client-view.ts';
import { Hostile } from '../../parts/hostile.tsx';
import { Link } from '../../parts/link.tsx';
import { Ago, Time } from '../../parts/time.tsx';

/** Who a client is, as the switches and the DHCP server have it. */
export function HostClient({ client }: { readonly client: ClientView | null }) {
  if (client === null) return <p class="muted">Neither the switches nor the DHCP server know it.</p>;
  const { name, nameSource, mac, port, behindRouter, addresses, seen, firstSeen, lastSeen } = client;
  return (
    <dl class="facts">
      <dt>Name</dt>
      <dd>{name === null ? <span class="muted">not known</span> : <Hostile text={name} />}</dd>
      {nameSource !== null && (
        <>
          <dt>Named by</dt>
          <dd>{nameSource}</dd>
        </>
      )}
      <dt>MAC address</dt>
      <dd class="mono">{mac ?? '-'}</dd>
      <dt>Switch port</dt>
      <dd>
        {port === null ? (
          <span class="muted">not known</span>
        ) : (
          <>
            <Hostile text={port} /> of <Link to="/switches">{client.switch}</Link>
          </>
        )}
      </dd>
      {behindRouter && (
        <>
          <dt>Place</dt>
          <dd>behind a router: its MAC address is the router's</dd>
        </>
      )}
      <dt>Addresses</dt>
      <dd>
        <ul class="host-list mono">
          {addresses.map((address) => (
            <li key={address}>
              <Link to={`/hosts/${encodeURIComponent(address)}`}>{address}</Link>
            </li>
          ))}
        </ul>
      </dd>
      <dt>First seen</dt>
      <dd>
        <Time at={firstSeen} />
      </dd>
      <dt>Last seen</dt>
      <dd>{lastSeen === null ? 'never' : <Ago at={lastSeen} />}</dd>
      {seen.flatMap(({ address, moved, leasedTo }) => [
        ...(moved === null
          ? []
          : [
              <dt key={`${address} moved`}>Moved</dt>,
              <dd key={`${address} from`}>
                {address} was of <span class="mono">{moved.from}</span> until <Time at={moved.at} /> (
                {counted(moved.times, 'time')})
              </dd>,
            ]),
        ...(leasedTo === null
          ? []
          : [
              <dt key={`${address} lease`}>Lease</dt>,
              <dd key={`${address} to`}>
                the DHCP server leased {address} to <span class="mono">{leasedTo}</span>
              </dd>,
            ]),
      ])}
    </dl>
  );
}
