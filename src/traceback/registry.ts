import {
  type Address,
  addressFromOctets,
  addressOctets,
  isIpv4,
  type Network,
  networkContains,
  networkMask,
} from '../core/address.ts';
import { canonicalName, isAtOrBelow, type Name } from '../dns/name.ts';
import type { NodeOptions, Peer } from './node-options.ts';

/** Who an address in our log is: a DNS server of ours, a client of ours, or a DNS server that a peer speaks for. */
export type Party =
  | { readonly kind: 'own server' }
  | { readonly kind: 'client' }
  | { readonly kind: 'peer'; readonly peer: Peer; readonly network: Network };

/** How an address stands in the log: as it is, or as a pseudonym that keeps prefixes (querylog/anonymiser.ts). */
export type ClientInLog = (address: Address) => Address;

interface Row {
  /** As it stands in the log. */
  readonly network: Network;
  readonly party: Party;
}

/** Which peer speaks for a DNS server, and for a zone. */
export class Registry {
  /** Networks of one address: nearly all are. */
  readonly #single = new Map<Address, Party>();
  /** The others, longest prefix first. */
  readonly #wider: readonly Row[];
  readonly #zones: readonly (readonly [Name, Peer | 'here'])[];

  /**
   * Networks are written as addresses are in the configuration. Where the log has pseudonyms, `clientInLog` makes them, and keeps prefixes:
   * the pseudonyms of a network are a network, too, of the same length, and so `clients` and `servers` mean in such a log the
   * same hosts as in any other. What is then named of a host is its pseudonym.
   */
  constructor(
    { servers, clients, peers, zones }: Pick<NodeOptions, 'servers' | 'clients' | 'peers' | 'zones'>,
    clientInLog: ClientInLog | undefined,
  ) {
    const parties: readonly (readonly [Network, Party])[] = [
      ...servers.map((network) => [network, { kind: 'own server' }] as const),
      ...clients.map((network) => [network, { kind: 'client' }] as const),
      ...peers.flatMap((peer) => peer.servers.map((network) => [network, { kind: 'peer', peer, network }] as const)),
    ];
    const wider: Row[] = [];
    for (const [configured, party] of parties) {
      const network = clientInLog === undefined ? configured : networkInLog(configured, clientInLog);
      if (network.prefixLength < (isIpv4(network.base) ? 32 : 128)) wider.push({ network, party });
      else if (!this.#single.has(network.base)) this.#single.set(network.base, party);
    }
    this.#wider = wider.sort((a, b) => b.network.prefixLength - a.network.prefixLength);
    this.#zones = [
      ...zones.map((zone) => [canonicalName(zone), 'here'] as const),
      ...peers.flatMap((peer) => peer.zones.map((zone) => [canonicalName(zone), peer] as const)),
    ].sort(([a], [b]) => b.length - a.length);
  }

  /** Who has an address of our log, by the longest prefix; of equal ones our servers come first, then our clients. */
  partyOf(address: Address): Party | undefined {
    return this.#single.get(address) ?? this.#wider.find(({ network }) => networkContains(network, address))?.party;
  }

  /** Whether a canonical name is at or below a zone of ours, whoever has the closest. */
  isOurs(name: Name): boolean {
    return this.#zones.some(([zone, owner]) => owner === 'here' && isAtOrBelow(name, zone));
  }

  /** Who has the logs of the servers of the closest zone of a canonical name: we, or a peer. */
  ownerOf(name: Name): Peer | 'here' | undefined {
    return this.#zones.find(([zone]) => isAtOrBelow(name, zone))?.[1];
  }
}

/** The network of the pseudonyms of a network. */
function networkInLog({ base, prefixLength }: Network, clientInLog: ClientInLog): Network {
  const mask = networkMask(base, prefixLength);
  const octets = addressOctets(clientInLog(base)).map((octet, index) => octet & mask[index]!);
  return { base: addressFromOctets(Buffer.from(octets))!, prefixLength };
}

/** The address that stands in the log as `pseudonym`, found bit by bit; undefined when `clientInLog` does not keep prefixes. */
export function clientOf(pseudonym: Address, clientInLog: ClientInLog): Address | undefined {
  const wanted = addressOctets(pseudonym);
  const octets = Buffer.alloc(wanted.length);
  for (let bit = 0; bit < 8 * wanted.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    const made = addressOctets(clientInLog(addressFromOctets(octets)!));
    if (((made[bit >> 3]! ^ wanted[bit >> 3]!) & mask) !== 0) octets[bit >> 3]! |= mask;
  }
  const client = addressFromOctets(octets)!;
  return clientInLog(client) === pseudonym ? client : undefined;
}
