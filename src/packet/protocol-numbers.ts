/** Numbers of link and network layer fields, as far as packets are read here. */

/**
 * EtherTypes (IEEE 802; 0x8100 is IEEE 802.1Q, 0x88a8 IEEE 802.1ad, 0x9100 its predecessor in the field; MPLS: RFC 3032,
 * PPPoE: RFC 2516). A number up to LAST_LENGTH is no type but the length of an IEEE 802.3 frame.
 */
export const ETHER_TYPE = {
  IPV4: 0x0800,
  IPV6: 0x86dd,
  VLAN: 0x8100,
  SERVICE_VLAN: 0x88a8,
  OLD_QINQ: 0x9100,
  MPLS: 0x8847,
  MPLS_MULTICAST: 0x8848,
  PPPOE_SESSION: 0x8864,
  LAST_LENGTH: 1500,
} as const;

/** PPP protocol numbers (RFC 1332, RFC 5072, RFC 3032). */
export const PPP_PROTOCOL = { IPV4: 0x0021, IPV6: 0x0057, MPLS: 0x0281 } as const;

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

/** TCP flags (RFC 9293 §3.1). */
export const TCP_FLAG = { FIN: 0x01, SYN: 0x02, RST: 0x04, ACK: 0x10 } as const;
