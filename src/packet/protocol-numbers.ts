/** Numbers of link and network layer fields, as far as packets are read here. */

/** EtherTypes (IEEE 802; 0x8100 is IEEE 802.1Q, 0x88a8 IEEE 802.1ad, 0x9100 its predecessor in the field). */
export const ETHER_TYPE = { IPV4: 0x0800, IPV6: 0x86dd, VLAN: 0x8100, SERVICE_VLAN: 0x88a8, OLD_QINQ: 0x9100 } as const;

/** IP protocol numbers and IPv6 extension headers (RFC 8200 §4). */
export const IP_PROTOCOL = {
  HOP_BY_HOP: 0,
  ICMP: 1,
  TCP: 6,
  UDP: 17,
  ROUTING: 43,
  FRAGMENT: 44,
  ICMPV6: 58,
  NO_NEXT_HEADER: 59,
  DESTINATION_OPTIONS: 60,
} as const;
