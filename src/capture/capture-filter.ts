import type { DirectionMode } from './protocol.ts';

/** The ways a session of libpcap can look at an interface: one direction, or both without telling them apart. */
export type SessionDirection = 'outbound' | 'inbound' | 'both';

/**
 * Frames as they are on a usual link, or larger ones: jumbo frames, and TCP segments that an interface put together. libpcap
 * reserves room for the longest frame of a session for each one that waits: with room for the usual ones, more can wait.
 */
export type FrameSize = 'usual' | 'large';

/** The longest usual frame: that of a link with an MTU of 1500, with some tags. */
const USUAL_OCTETS = 1920;
/** Two of them fit into a page, with what libpcap and the kernel add. */
const USUAL_SNAP_OCTETS = 1960;

/** How much of a frame a session keeps: all. */
export const SNAP_OCTETS: Readonly<Record<FrameSize, number>> = { usual: USUAL_SNAP_OCTETS, large: 65_535 };

/** The sessions that an interface needs for good. */
export function sessionDirections(mode: DirectionMode): readonly SessionDirection[] {
  return mode === 'port' ? ['outbound', 'inbound'] : ['both'];
}

/** Segments with the SYN flag. `tcp[13]` looks at IPv4 only: of IPv6, those whose TCP header follows at once. */
const SYNS = '(tcp[13] & 0x2 != 0 or (ip6 and ip6[6] = 6 and ip6[53] & 0x2 != 0))';

/**
 * The pcap-filter(7) expression for the DNS of one direction: what leaves towards port 53, what comes in from port 53. With `syns`
 * also for what begins and accepts TCP connections, either way.
 * `port` looks only at the first header behind IPv6, so frames with extension headers are let through to the reader.
 * Later fragments of IPv4 show no ports: all that may be DNS pass.
 * Each `vlan` shifts the offsets of all that stands to its right: the twins for one and two tags come last, in order.
 */
export function captureFilter(direction: SessionDirection, size: FrameSize, syns = false): string {
  const port = direction === 'both' ? 'port 53' : direction === 'outbound' ? 'dst port 53' : 'src port 53';
  const extensionHeaders = [0, 43, 44, 60].map((header) => `ip6[6] = ${header}`).join(' or ');
  const fragments = '(ip and (ip[9] = 17 or ip[9] = 6) and ip[6:2] & 0x1fff != 0)';
  const dns = `udp ${port} or tcp ${port} or ${fragments} or (ip6 and (${extensionHeaders}))`;
  const wanted = syns ? `(${dns} or ${SYNS})` : `(${dns})`;
  const anyTags = `(${wanted} or (vlan and (${wanted} or (vlan and ${wanted}))))`;
  const sized = `${size === 'usual' ? `less ${USUAL_OCTETS}` : `greater ${USUAL_OCTETS + 1}`} and ${anyTags}`;
  return direction === 'both' ? sized : `${direction} and ${sized}`;
}
