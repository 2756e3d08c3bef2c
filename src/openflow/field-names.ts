/** How the numbers of a message are shown: names of enumerations, of bits and of reserved numbers (OpenFlow 1.3.5). */
import { ACTION_ROWS } from './schema/actions.ts';
import {
  Experimenter,
  FlowModFlag,
  FlowRemovedReason,
  FragmentBit,
  FragmentFlag,
  Group,
  Meter,
  MeterFlag,
  NO_BUFFER,
  PacketInReason,
  Port,
  PortReason,
  Table,
  VlanId,
} from './schema/constants.ts';

type Names = Readonly<Record<string, number>>;

/**
 * One way to show a number: `names` has a name for some values, `bits` one for each bit or group of bits; what has no
 * name is shown in the base of `rest`. Without names all of it is: `digits` is how many hexadecimal digits at least.
 */
export interface NumberFormat {
  readonly names?: Names;
  readonly bits?: Names;
  readonly rest: 'decimal' | 'hex';
  readonly digits?: number;
}

const DECIMAL: NumberFormat = { rest: 'decimal' };
const HEX: NumberFormat = { rest: 'hex' };
const names = (table: Names, rest: 'decimal' | 'hex' = 'decimal'): NumberFormat => ({ names: table, rest });
const bits = (table: Names): NumberFormat => ({ bits: table, rest: 'hex' });

/** One bit for each of the numbers: bit 2 for what has the number 2. */
const bitsOf = (table: Names): NumberFormat =>
  bits(Object.fromEntries(Object.entries(table).map(([name, number]) => [name, 2 ** number])));

/** OpenFlow 1.0 and Nicira's actions number ports in 16 bits: the reserved ones are the lower halves of OFPP_*. */
const Port16 = Object.fromEntries(Object.entries(Port).map(([name, number]) => [name, number & 0xffff]));

const PORT_CONFIG = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 };
const PORT_STATE = { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 };
const PORT_FEATURES = [
  ...['10MB_HD', '10MB_FD', '100MB_HD', '100MB_FD', '1GB_HD', '1GB_FD', '10GB_FD', '40GB_FD', '100GB_FD', '1TB_FD'],
  ...['OTHER', 'COPPER', 'FIBER', 'AUTONEG', 'PAUSE', 'PAUSE_ASYM'],
];
const GROUP_TYPE = { ALL: 0, SELECT: 1, INDIRECT: 2, FF: 3 };
/** Those that have a bit in the features of groups. */
const ACTION_TYPE = Object.fromEntries(
  ACTION_ROWS.filter(({ number }) => number < 32).map(({ name, number }) => [name, number]),
);
const SWITCH_CAPABILITIES = {
  FLOW_STATS: 1,
  TABLE_STATS: 2,
  PORT_STATS: 4,
  GROUP_STATS: 8,
  IP_REASM: 32,
  QUEUE_STATS: 64,
  PORT_BLOCKED: 256,
};
const GROUP_CAPABILITIES = { SELECT_WEIGHT: 1, SELECT_LIVENESS: 2, CHAINING: 4, CHAINING_CHECKS: 8 };
const NO_BUFFER_LENGTH = { NO_BUFFER: 0xffff };
const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS'];
const CT_STATE = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'];
const IPV6_EXTENSIONS = ['NONEXT', 'ESP', 'AUTH', 'DEST', 'FRAG', 'ROUTER', 'HOP', 'UNREP', 'UNSEQ'];

/** Bits in order from the lowest. */
function inOrder(list: readonly string[]): NumberFormat {
  return bitsOf(Object.fromEntries(list.map((name, number) => [name, number])));
}

type Rows = readonly (readonly [places: string, format: NumberFormat])[];

/** Fields by name; `owner.field` for the fields of one message, multipart body or element, which goes first. */
const FIELD_ROWS: Rows = [
  ['port portNo inPort outPort watchPort', names(Port)],
  ['resubmit.inPort resubmitTable.inPort resubmitTableCt.inPort outputTrunc.port sample2.samplingPort', names(Port16)],
  ['groupId outGroup watchGroup', names(Group)],
  ['meterId', names(Meter)],
  ['bufferId', names({ NONE: NO_BUFFER })],
  ['output.maxLength outputReg.maxLength controller.maxLength maxLength.maxLength', names(NO_BUFFER_LENGTH)],
  ['missSendLen', names(NO_BUFFER_LENGTH)],
  ['flowMod.tableId flow.tableId aggregate.tableId tableMod.tableId', names({ ALL: Table.ALL })],
  ['resubmitTable.tableId resubmitTableCt.tableId', names({ CURRENT: 0xff })],
  ['ct.recircTable', names({ NONE: 0xff })],
  ['queue.queueId', names({ ALL: 0xffffffff })],
  ['experimenter', names(Experimenter, 'hex')],
  ['packetIn.reason controller.reason reason.reason', names(PacketInReason)],
  ['flowRemoved.reason', names(FlowRemovedReason)],
  ['portStatus.reason', names(PortReason)],
  ['roleStatus.reason', names({ MASTER_REQUEST: 0, CONFIG: 1, EXPERIMENTER: 2 })],
  ['groupType', names(GROUP_TYPE)],
  ['flowMod.flags flow.flags', bits(FlowModFlag)],
  ['getConfigReply.flags setConfig.flags', names(FragmentFlag)],
  ['meterMod.flags meterConfig.flags meterFeatures.capabilities', bits(MeterFlag)],
  ['multipartRequest.flags multipartReply.flags', bits({ MORE: 1 })],
  ['bundleControl.flags bundleAdd.flags', bits({ ATOMIC: 1, ORDERED: 2 })],
  ['ct.flags', bits({ COMMIT: 1, FORCE: 2 })],
  ['nat.flags', bits({ SRC: 1, DST: 2, PERSISTENT: 4, PROTO_HASH: 8, PROTO_RANDOM: 16 })],
  ['learn.flags', bits({ SEND_FLOW_REM: 1, DELETE_LEARNED: 2, WRITE_RESULT: 4 })],
  ['featuresReply.capabilities', bits(SWITCH_CAPABILITIES)],
  ['groupFeatures.capabilities', bits(GROUP_CAPABILITIES)],
  ['groupFeatures.types', bitsOf(GROUP_TYPE)],
  ['actionsAll actionsSelect actionsIndirect actionsFastFailover', bitsOf(ACTION_TYPE)],
  ['meterFeatures.bandTypes', bits({ DROP: 2, DSCP_REMARK: 4 })],
  ['config portMod.mask', bits(PORT_CONFIG)],
  ['tableMod.config table.config tableFeatures.config', bits({ DEPRECATED_MASK: 3 })],
  ['state', bits(PORT_STATE)],
  ['curr advertised supported peer advertise', inOrder(PORT_FEATURES)],
  ['packetInMask packetInMaskSlave', bitsOf(PacketInReason)],
  ['portStatusMask portStatusMaskSlave', bitsOf(PortReason)],
  ['flowRemovedMask flowRemovedMaskSlave', bitsOf(FlowRemovedReason)],
  ['etherType', { rest: 'hex', digits: 4 }],
  ['datapathId', { rest: 'hex', digits: 16 }],
  ['capabilities', HEX],
];

/** Match fields, those of Open vSwitch that have a twin (`_nxm`) by the name of the twin. */
const OXM_ROWS: Rows = [
  ['in_port in_phy_port actset_output', names(Port)],
  ['eth_type', { rest: 'hex', digits: 4 }],
  ['vlan_vid', { names: { NONE: VlanId.NONE }, bits: { PRESENT: VlanId.PRESENT }, rest: 'decimal' }],
  ['ip_proto', names({ ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58, SCTP: 132 })],
  ['arp_op', names({ REQUEST: 1, REPLY: 2 })],
  ['tcp_flags', inOrder(TCP_FLAGS)],
  ['ct_state', inOrder(CT_STATE)],
  ['nw_frag', bits(FragmentBit)],
  ['ipv6_exthdr', inOrder(IPV6_EXTENSIONS)],
  ['vlan_tci ipv6_flabel pbb_isid pkt_mark ct_mark metadata tunnel_id ct_label', HEX],
];

const fields = tableOf(FIELD_ROWS);
const oxms = tableOf(OXM_ROWS);
const in16Bits = names(Port16);

function tableOf(rows: Rows): ReadonlyMap<string, NumberFormat> {
  return new Map(rows.flatMap(([places, format]) => places.split(' ').map((place) => [place, format] as const)));
}

/** Sixty-four bits that count something; all others are tags, masks and identifiers. */
const COUNTER = /^[rt]x|count$|collisions$/i;

/** How to show `field` of the message, multipart body or element that is called `owner`. */
export function fieldFormat(owner: string, field: string, value: number | bigint): NumberFormat {
  const known = fields.get(`${owner}.${field}`) ?? fields.get(field);
  if (known !== undefined) return known;
  return typeof value === 'bigint' && !COUNTER.test(field) ? HEX : DECIMAL;
}

/** How to show the number of a match field. */
export function oxmFormat(field: string): NumberFormat {
  if (field === 'in_port_nxm') return in16Bits;
  return oxms.get(field.replace(/_nxm$/, '')) ?? (/^(xx)?reg\d+$/.test(field) ? HEX : DECIMAL);
}

const ALL_ONES = 0xffffffffffffffffn;

/** A number in a format. A counter with all of 64 bits set is one that the switch does not keep (§7.3.5). */
export function numberText(value: number | bigint, format: NumberFormat): string {
  const name = nameOf(format.names, value);
  if (name !== undefined) return name;
  if (format.bits !== undefined) return bitsText(value, format.bits, format);
  if (value === ALL_ONES && format.rest === 'decimal') return 'n/a';
  return plainNumber(value, format);
}

function nameOf(table: Names | undefined, value: number | bigint): string | undefined {
  if (table === undefined) return undefined;
  return Object.keys(table).find((candidate) => table[candidate] === value);
}

function plainNumber(value: number | bigint, { rest, digits = 0 }: NumberFormat): string {
  return rest === 'decimal' ? String(value) : `0x${value.toString(16).padStart(digits, '0')}`;
}

/** Names of the bits that are set, then what is left of them. */
function bitsText(value: number | bigint, table: Names, format: NumberFormat): string {
  let left = BigInt(value);
  const found: string[] = [];
  for (const [name, number] of Object.entries(table)) {
    const bit = BigInt(number);
    if (bit === 0n || (left & bit) !== bit) continue;
    found.push(name);
    left &= ~bit;
  }
  if (found.length === 0 && left === 0n) return '0';
  return [...found, ...(left === 0n ? [] : [plainNumber(left, format)])].join('|');
}
