/** The flow match fields, one row each (OpenFlow 1.3.5 §7.2.3.7); decoding, encoding and checking all read this table. */
import { ip4, ip6, type Kind, mac, u8, u16, u24, u32, u64, u128 } from '../kinds.ts';
import { Experimenter, VlanId } from './constants.ts';

/** OXM classes (§7.2.3.2): Open vSwitch's two, the specification's own, and that of experimenters. */
export const NXM_0_CLASS = 0x0000;
export const NXM_1_CLASS = 0x0001;
export const OPENFLOW_BASIC_CLASS = 0x8000;
export const EXPERIMENTER_CLASS = 0xffff;

/** A field that must stand earlier in the match: with `values` one of them, with `except` none. */
export interface Prerequisite {
  readonly field: string;
  readonly values?: readonly number[];
  readonly except?: readonly number[];
}

/** What a row says of its field; `T` is the type of its value and mask. */
export interface OxmRow<N extends string, T> {
  readonly oxmClass: number;
  readonly oxmField: number;
  /** The id that stands before the value when the class is `EXPERIMENTER_CLASS`; not counted in `lengthBytes`. */
  readonly experimenter?: number;
  readonly name: N;
  readonly kind: Kind<T>;
  /** Octets of the value, and of the mask when there is one. */
  readonly lengthBytes: number;
  readonly maskable: boolean;
  readonly prerequisites: readonly Prerequisite[];
}

type Maskability = 'exact' | 'maskable';

/** What makes the rows of one class. */
function rowsOf(oxmClass: number, experimenter?: number) {
  return <const N extends string, T>(
    oxmField: number,
    name: N,
    kind: Kind<T>,
    lengthBytes: number,
    maskability: Maskability,
    prerequisites: readonly Prerequisite[] = [],
  ): OxmRow<N, T> => {
    const number = experimenter === undefined ? { oxmClass, oxmField } : { oxmClass, oxmField, experimenter };
    return { ...number, name, kind, lengthBytes, maskable: maskability === 'maskable', prerequisites };
  };
}

const basic = rowsOf(OPENFLOW_BASIC_CLASS);
/**
 * Fields of Open vSwitch's first class, from before OpenFlow had fields of its own. Actions still name them; what they
 * require of a match is left to the switch.
 */
const nxm0 = rowsOf(NXM_0_CLASS);
/** Fields of Open vSwitch (nicira-ext.h, meta-flow.h). Those that OpenFlow has too carry its names with `_nxm`. */
const nxm = rowsOf(NXM_1_CLASS);
/** Fields of later OpenFlow that the ONF gave to 1.3 as an extension. */
const onf = rowsOf(EXPERIMENTER_CLASS, Experimenter.ONF);

const isIpv4 = { field: 'eth_type', values: [0x0800] };
const isIpv6 = { field: 'eth_type', values: [0x86dd] };
const isIp = { field: 'eth_type', values: [0x0800, 0x86dd] };
const isArp = { field: 'eth_type', values: [0x0806] };
const isMpls = { field: 'eth_type', values: [0x8847, 0x8848] };
const isPbb = { field: 'eth_type', values: [0x88e7] };
const isTcp = { field: 'ip_proto', values: [6] };
const isUdp = { field: 'ip_proto', values: [17] };
const isSctp = { field: 'ip_proto', values: [132] };
const isIcmpv4 = { field: 'ip_proto', values: [1] };
const isIcmpv6 = { field: 'ip_proto', values: [58] };
const isNeighborSolicitation = { field: 'icmpv6_type', values: [135] };
const isNeighborAdvertisement = { field: 'icmpv6_type', values: [136] };
const isNeighborDiscovery = { field: 'icmpv6_type', values: [135, 136] };

/** Every field that this codec knows, by the names of the specification in lower case without their prefix. */
export const OXM_ROWS = [
  basic(0, 'in_port', u32, 4, 'exact'),
  basic(1, 'in_phy_port', u32, 4, 'exact', [{ field: 'in_port' }]),
  basic(2, 'metadata', u64, 8, 'maskable'),
  basic(3, 'eth_dst', mac, 6, 'maskable'),
  basic(4, 'eth_src', mac, 6, 'maskable'),
  basic(5, 'eth_type', u16, 2, 'exact'),
  basic(6, 'vlan_vid', u16, 2, 'maskable'),
  basic(7, 'vlan_pcp', u8, 1, 'exact', [{ field: 'vlan_vid', except: [VlanId.NONE] }]),
  basic(8, 'ip_dscp', u8, 1, 'exact', [isIp]),
  basic(9, 'ip_ecn', u8, 1, 'exact', [isIp]),
  basic(10, 'ip_proto', u8, 1, 'exact', [isIp]),
  basic(11, 'ipv4_src', ip4, 4, 'maskable', [isIpv4]),
  basic(12, 'ipv4_dst', ip4, 4, 'maskable', [isIpv4]),
  basic(13, 'tcp_src', u16, 2, 'exact', [isTcp]),
  basic(14, 'tcp_dst', u16, 2, 'exact', [isTcp]),
  basic(15, 'udp_src', u16, 2, 'exact', [isUdp]),
  basic(16, 'udp_dst', u16, 2, 'exact', [isUdp]),
  basic(17, 'sctp_src', u16, 2, 'exact', [isSctp]),
  basic(18, 'sctp_dst', u16, 2, 'exact', [isSctp]),
  basic(19, 'icmpv4_type', u8, 1, 'exact', [isIpv4, isIcmpv4]),
  basic(20, 'icmpv4_code', u8, 1, 'exact', [isIpv4, isIcmpv4]),
  basic(21, 'arp_op', u16, 2, 'exact', [isArp]),
  basic(22, 'arp_spa', ip4, 4, 'maskable', [isArp]),
  basic(23, 'arp_tpa', ip4, 4, 'maskable', [isArp]),
  basic(24, 'arp_sha', mac, 6, 'maskable', [isArp]),
  basic(25, 'arp_tha', mac, 6, 'maskable', [isArp]),
  basic(26, 'ipv6_src', ip6, 16, 'maskable', [isIpv6]),
  basic(27, 'ipv6_dst', ip6, 16, 'maskable', [isIpv6]),
  basic(28, 'ipv6_flabel', u32, 4, 'maskable', [isIpv6]),
  basic(29, 'icmpv6_type', u8, 1, 'exact', [isIpv6, isIcmpv6]),
  basic(30, 'icmpv6_code', u8, 1, 'exact', [isIpv6, isIcmpv6]),
  basic(31, 'ipv6_nd_target', ip6, 16, 'exact', [isNeighborDiscovery]),
  basic(32, 'ipv6_nd_sll', mac, 6, 'exact', [isNeighborSolicitation]),
  basic(33, 'ipv6_nd_tll', mac, 6, 'exact', [isNeighborAdvertisement]),
  basic(34, 'mpls_label', u32, 4, 'exact', [isMpls]),
  basic(35, 'mpls_tc', u8, 1, 'exact', [isMpls]),
  basic(36, 'mpls_bos', u8, 1, 'exact', [isMpls]),
  basic(37, 'pbb_isid', u24, 3, 'maskable', [isPbb]),
  basic(38, 'tunnel_id', u64, 8, 'maskable'),
  basic(39, 'ipv6_exthdr', u16, 2, 'maskable', [isIpv6]),
  nxm0(0, 'in_port_nxm', u16, 2, 'exact'),
  nxm0(1, 'eth_dst_nxm', mac, 6, 'maskable'),
  nxm0(2, 'eth_src_nxm', mac, 6, 'maskable'),
  nxm0(3, 'eth_type_nxm', u16, 2, 'exact'),
  nxm0(4, 'vlan_tci', u16, 2, 'maskable'),
  nxm0(5, 'nw_tos', u8, 1, 'exact'),
  nxm0(6, 'ip_proto_nxm', u8, 1, 'exact'),
  nxm0(7, 'ipv4_src_nxm', ip4, 4, 'maskable'),
  nxm0(8, 'ipv4_dst_nxm', ip4, 4, 'maskable'),
  nxm0(9, 'tcp_src_nxm', u16, 2, 'maskable'),
  nxm0(10, 'tcp_dst_nxm', u16, 2, 'maskable'),
  nxm0(11, 'udp_src_nxm', u16, 2, 'maskable'),
  nxm0(12, 'udp_dst_nxm', u16, 2, 'maskable'),
  nxm0(13, 'icmpv4_type_nxm', u8, 1, 'exact'),
  nxm0(14, 'icmpv4_code_nxm', u8, 1, 'exact'),
  nxm0(15, 'arp_op_nxm', u16, 2, 'exact'),
  nxm0(16, 'arp_spa_nxm', ip4, 4, 'maskable'),
  nxm0(17, 'arp_tpa_nxm', ip4, 4, 'maskable'),
  nxm(0, 'reg0', u32, 4, 'maskable'),
  nxm(1, 'reg1', u32, 4, 'maskable'),
  nxm(2, 'reg2', u32, 4, 'maskable'),
  nxm(3, 'reg3', u32, 4, 'maskable'),
  nxm(4, 'reg4', u32, 4, 'maskable'),
  nxm(5, 'reg5', u32, 4, 'maskable'),
  nxm(6, 'reg6', u32, 4, 'maskable'),
  nxm(7, 'reg7', u32, 4, 'maskable'),
  nxm(8, 'reg8', u32, 4, 'maskable'),
  nxm(9, 'reg9', u32, 4, 'maskable'),
  nxm(10, 'reg10', u32, 4, 'maskable'),
  nxm(11, 'reg11', u32, 4, 'maskable'),
  nxm(12, 'reg12', u32, 4, 'maskable'),
  nxm(13, 'reg13', u32, 4, 'maskable'),
  nxm(14, 'reg14', u32, 4, 'maskable'),
  nxm(15, 'reg15', u32, 4, 'maskable'),
  nxm(16, 'tunnel_id_nxm', u64, 8, 'maskable'),
  nxm(17, 'arp_sha_nxm', mac, 6, 'maskable', [isArp]),
  nxm(18, 'arp_tha_nxm', mac, 6, 'maskable', [isArp]),
  nxm(19, 'ipv6_src_nxm', ip6, 16, 'maskable', [isIpv6]),
  nxm(20, 'ipv6_dst_nxm', ip6, 16, 'maskable', [isIpv6]),
  nxm(21, 'icmpv6_type_nxm', u8, 1, 'exact', [isIcmpv6]),
  nxm(22, 'icmpv6_code_nxm', u8, 1, 'exact', [isIcmpv6]),
  nxm(23, 'nd_target', ip6, 16, 'maskable', [isNeighborDiscovery]),
  nxm(24, 'nd_sll', mac, 6, 'maskable', [isNeighborSolicitation]),
  nxm(25, 'nd_tll', mac, 6, 'maskable', [isNeighborAdvertisement]),
  nxm(26, 'nw_frag', u8, 1, 'maskable', [isIp]),
  nxm(29, 'nw_ttl', u8, 1, 'exact', [isIp]),
  nxm(31, 'tun_ipv4_src', ip4, 4, 'maskable'),
  nxm(32, 'tun_ipv4_dst', ip4, 4, 'maskable'),
  nxm(33, 'pkt_mark', u32, 4, 'maskable'),
  nxm(34, 'tcp_flags_nxm', u16, 2, 'maskable', [isTcp]),
  nxm(37, 'conj_id', u32, 4, 'exact'),
  nxm(105, 'ct_state', u32, 4, 'maskable'),
  nxm(106, 'ct_zone', u16, 2, 'exact'),
  nxm(107, 'ct_mark', u32, 4, 'maskable'),
  nxm(108, 'ct_label', u128, 16, 'maskable'),
  nxm(109, 'tun_ipv6_src', ip6, 16, 'maskable'),
  nxm(110, 'tun_ipv6_dst', ip6, 16, 'maskable'),
  nxm(111, 'xxreg0', u128, 16, 'maskable'),
  nxm(112, 'xxreg1', u128, 16, 'maskable'),
  nxm(113, 'xxreg2', u128, 16, 'maskable'),
  nxm(114, 'xxreg3', u128, 16, 'maskable'),
  onf(42, 'tcp_flags', u16, 2, 'maskable', [isTcp]),
  onf(43, 'actset_output', u32, 4, 'exact'),
] as const;
