import { type Address, isIpv4, type Network, networkContains } from '../../core/address.ts';
import type { Rule } from './rule.ts';

export interface AddressFacts {
  address: Address;
  /** The protected networks, whose hosts are no name servers of the Internet. */
  insideNetworks: readonly Network[];
}

const ZEROS = '\0'.repeat(15);
const IPV4_MAPPED = `${'\0'.repeat(10)}\xff\xff`;

/** Unspecified, loopback, multicast, broadcast and IPv4-mapped addresses (RFC 6890) name no server. */
export function canBeNameServer(address: Address): boolean {
  if (isIpv4(address)) {
    const firstOctet = address >>> 24;
    return firstOctet !== 0 && firstOctet !== 127 && (firstOctet & 0xf0) !== 0xe0 && address !== -1;
  }
  const unspecifiedOrLoopback = address.startsWith(ZEROS) && address.charCodeAt(15) <= 1;
  return !unspecifiedOrLoopback && !address.startsWith(IPV4_MAPPED) && address.charCodeAt(0) !== 0xff;
}

export const possibleAddress: Rule<AddressFacts> = {
  name: 'possible-address',
  refusal: 'address can be no name server',
  refuses: ({ address }) => !canBeNameServer(address),
};

/** An outside server that names an inside host as a name server would open it to queries (DNS rebinding). */
export const outsideAddress: Rule<AddressFacts> = {
  name: 'outside-address',
  refusal: 'address is of an inside network',
  refuses: ({ address, insideNetworks }) => insideNetworks.some((network) => networkContains(network, address)),
};
