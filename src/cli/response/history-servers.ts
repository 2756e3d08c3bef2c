import type { Address } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';
import type { NsHistory } from '../../nsdb/ns-history.ts';
import type { NsTriple } from '../../nsdb/ns-triple.ts';
import { type KnownServers, MANY_ZONES } from '../../rpz/protection.ts';
import type { ServerNames } from './wanted-entries.ts';

/** Rows of one server that are looked through. */
const MAX_ROWS = 1024;
/** Addresses of one name server that are taken. */
const MAX_ADDRESSES = 64;

/** What the history says of name servers, in bounded time. What has expired and is remembered counts where it protects. */
export function historyServers(history: NsHistory): KnownServers & ServerNames {
  return {
    zonesOfAddress: (address) => zonesOf(history.ofAddress(address)),
    zonesOfServer: (nameServer) => zonesOf(history.ofNameServer(nameServer)),
    nameServersOf: (address) => history.nameServersOf(address),
    addressesOf: (nameServer) => addressesOf(history.ofNameServer(nameServer)),
  };
}

/** MANY_ZONES at most: who asks needs no more. The zones of the root and of registries are among the first that a server has. */
function zonesOf(triples: Iterable<NsTriple>): readonly Name[] {
  const zones = new Set<Name>();
  let rows = 0;
  for (const { zone } of triples) {
    zones.add(zone);
    if (zones.size >= MANY_ZONES || ++rows >= MAX_ROWS) break;
  }
  return [...zones];
}

function addressesOf(triples: Iterable<NsTriple>): readonly Address[] {
  const addresses = new Set<Address>();
  let rows = 0;
  for (const { address } of triples) {
    addresses.add(address);
    if (addresses.size >= MAX_ADDRESSES || ++rows >= MAX_ROWS) break;
  }
  return [...addresses];
}
