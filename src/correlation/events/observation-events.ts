import type { Address } from '../../core/address.ts';
import { behindName, canonicalName, type Name } from '../../dns/name.ts';
import { FLAG, KIND } from '../../dns/observation-layout.ts';
import { ObservationReader } from '../../dns/observation-reader.ts';
import type { Site } from '../correlation-options.ts';
import type { HostEvent } from '../host-event.ts';
import { isDirect, isHost } from './site-side.ts';

/** No date is farther from the epoch (ECMA-262 §21.4.1.1), milliseconds. */
const LAST_MS = 8.64e15;

/**
 * What a batch of observations (dns/observation-layout.ts), its times moved by `shiftMs`, says of hosts. What comes from no host, or at no
 * time, is left out; a damaged batch ends where the damage begins. `showsHosts`: the frames are those of the hosts themselves, so that
 * their MAC addresses tell them apart; behind a router all have its own.
 */
export function observationEvents(
  batch: Uint8Array,
  shiftMs: number,
  site: Site,
  take: (event: HostEvent) => void,
  showsHosts = false,
): 'whole' | 'damaged' {
  const reader = new ObservationReader();
  reader.open(batch);
  for (let found = reader.next(); found !== 'end'; found = reader.next()) {
    if (found === 'damaged') return 'damaged';
    const atMs = reader.atMs + shiftMs;
    const { client } = reader;
    if (!(Math.abs(atMs) <= LAST_MS) || !isHost(site, client)) continue;
    take(eventOf(reader, { atMs, host: client, mac: showsHosts ? reader.link?.mac : undefined }, site));
  }
  return 'whole';
}

function eventOf(reader: ObservationReader, ofHost: Pick<HostEvent, 'atMs' | 'host' | 'mac'>, site: Site): HostEvent {
  const { octets, questionAt, server, kind, questionType: type } = reader;
  if (!reader.isMessage) {
    const ends = { hostPort: reader.clientPort, destination: server, port: reader.serverPort };
    return { kind: kind === KIND.SYN ? 'syn' : 'syn-ack', ...ofHost, ...ends };
  }
  const name = canonicalName(octets.toString('latin1', questionAt, behindName(octets, questionAt)) as Name);
  const asked = { ...ofHost, server, isDirect: isDirect(site, server), name, type };
  if (!reader.isResponse) return { kind: 'query', ...asked, recursionDesired: (reader.flags & FLAG.RD) !== 0 };
  return { kind: 'answer', ...asked, responseCode: reader.rcode, ...answersOf(reader) };
}

/** The addresses of the answer section, and the least of their TTLs. */
function answersOf(reader: ObservationReader): {
  readonly addresses: readonly Address[];
  readonly ttlSeconds: number | undefined;
} {
  const addresses: Address[] = [];
  let ttlSeconds: number | undefined;
  for (let index = 0; index < reader.answerCount; index++) {
    const at = reader.addressAt(index);
    addresses.push(reader.address(at));
    ttlSeconds = Math.min(ttlSeconds ?? Number.POSITIVE_INFINITY, reader.ttlSeconds(at));
  }
  return { addresses, ttlSeconds };
}
