import type { DirectionMode } from './protocol.ts';

/** The ways a session of libpcap can look at an interface: one direction, or both without telling them apart. */
export type SessionDirection = 'outbound' | 'inbound' | 'both';

/** The sessions that an interface needs for good. */
export function sessionDirections(mode: DirectionMode): readonly SessionDirection[] {
  return mode === 'port' ? ['outbound', 'inbound'] : ['both'];
}

/**
 * The pcap-filter(7) expression for the DNS of one direction: what leaves towards port 53, what comes in from port 53.
 * `port` looks only at the first header behind IPv6, so frames with extension headers are let through to the reader.
 * Later fragments of IPv4 show no ports: all that may be DNS pass.
 * Each `vlan` shifts the offsets of all that stands to its right: the twins for one and two tags come last, in order.
 */
export function captureFilter(direction: SessionDirection): string {
  const port = direction === 'both' ? 'port 53' : direction === 'outbound' ? 'dst port 53' : 'src port 53';
  const extensionHeaders = [0, 43, 44, 60].map((header) => `ip6[6] = ${header}`).join(' or ');
  const fragments = '(ip and (ip[9] = 17 or ip[9] = 6) and ip[6:2] & 0x1fff != 0)';
  const dns = `(udp ${port} or tcp ${port} or ${fragments} or (ip6 and (${extensionHeaders})))`;
  const anyTags = `(${dns} or (vlan and (${dns} or (vlan and ${dns}))))`;
  return direction === 'both' ? anyTags : `${direction} and ${anyTags}`;
}
