/** Numbers that have names, for those who read messages: data only. A field is `OWNER.FIELD`, its owner a message or element. */
import {
  FlowModFlag,
  FlowRemovedReason,
  FragmentFlag,
  Group,
  Meter,
  MeterFlag,
  NO_BUFFER,
  PacketInReason,
  Port,
  PortReason,
  Table,
} from './constants.ts';

/** A number stands for one of these. */
interface Choice {
  readonly fields: RegExp;
  readonly names: Readonly<Record<string, number>>;
}

export const CHOICES: readonly Choice[] = [
  { fields: /\.(port|portNo|inPort|outPort|watchPort|in_port|in_phy_port)$/, names: Port },
  { fields: /\.(groupId|outGroup|watchGroup)$/, names: Group },
  { fields: /\.meterId$/, names: Meter },
  { fields: /\.bufferId$/, names: { NONE: NO_BUFFER } },
  { fields: /^(flowMod|tableMod|flow|aggregate)\.tableId$/, names: { ALL: Table.ALL } },
  { fields: /^packetIn\.reason$/, names: PacketInReason },
  { fields: /^flowRemoved\.reason$/, names: FlowRemovedReason },
  { fields: /^portStatus\.reason$/, names: PortReason },
  { fields: /^(setConfig|getConfigReply)\.flags$/, names: FragmentFlag },
  { fields: /\.groupType$/, names: { ALL: 0, SELECT: 1, INDIRECT: 2, FF: 3 } },
];

/** Each bit of a number stands for one of these. */
export const BITS: readonly Choice[] = [
  { fields: /^(flowMod|flow)\.flags$/, names: FlowModFlag },
  { fields: /^(meterMod|meterConfig)\.flags$/, names: MeterFlag },
  { fields: /^multipart(Request|Reply)\.flags$/, names: { MORE: 1 } },
  { fields: /^bundle(Control|Add)\.flags$/, names: { ATOMIC: 1, ORDERED: 2 } },
  {
    fields: /^featuresReply\.capabilities$/,
    names: {
      FLOW_STATS: 1,
      TABLE_STATS: 2,
      PORT_STATS: 4,
      GROUP_STATS: 8,
      IP_REASM: 32,
      QUEUE_STATS: 64,
      PORT_BLOCKED: 256,
    },
  },
  {
    fields: /^(portMod|portStatus|portDescription)\.config$/,
    names: { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 },
  },
  { fields: /^(portStatus|portDescription)\.state$/, names: { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 } },
  {
    fields: /^(portStatus|portDescription)\.(curr|advertised|supported|peer)$/,
    names: {
      '10MB_HD': 1,
      '10MB_FD': 2,
      '100MB_HD': 4,
      '100MB_FD': 8,
      '1GB_HD': 16,
      '1GB_FD': 32,
      '10GB_FD': 64,
      '40GB_FD': 128,
      '100GB_FD': 256,
      '1TB_FD': 512,
      OTHER: 1024,
      COPPER: 2048,
      FIBER: 4096,
      AUTONEG: 8192,
      PAUSE: 16384,
      PAUSE_ASYM: 32768,
    },
  },
];

/** The names of the bits that are set, `+` between them, and what is left as a number; 0 is `0`. */
export function bitNames(names: Readonly<Record<string, number>>, value: number): string {
  const found = Object.entries(names).filter(([, bit]) => (value & bit) !== 0);
  const rest = found.reduce((left, [, bit]) => left - bit, value);
  const texts = found.map(([name]) => name);
  if (rest !== 0 || texts.length === 0) texts.push(rest === 0 ? '0' : `0x${rest.toString(16)}`);
  return texts.join('+');
}
