/** Match fields as numbers with masks, which is all that matching needs to know of them. */
import type { Match } from '../../../src/openflow/match.ts';
import { type KnownOxm, oxmRow } from '../../../src/openflow/oxm.ts';
import { ModelGap } from './model-gap.ts';

/** A field of a match: a packet's number must agree with `value` in the bits of `mask`. */
export interface MaskedField {
  readonly field: string;
  readonly value: bigint;
  readonly mask: bigint;
}

/** Numbers by OXM name: of a packet all that it has. What is not there reads as 0, as in Open vSwitch. */
export type FieldNumbers = ReadonlyMap<string, bigint>;

const MODELLED = new Set(
  [
    'in_port metadata eth_dst eth_src eth_type vlan_vid vlan_pcp ip_dscp ip_ecn ip_proto ipv4_src ipv4_dst',
    'tcp_src tcp_dst udp_src udp_dst sctp_src sctp_dst icmpv4_type icmpv4_code arp_op arp_spa arp_tpa arp_sha arp_tha',
    'ipv6_src ipv6_dst ipv6_flabel icmpv6_type icmpv6_code nw_frag nw_ttl tcp_flags',
  ].flatMap((line) => line.split(' ')),
);

const KNOWN_TO_OTHERS = new Set(['in_phy_port', 'pbb_isid', 'ipv6_exthdr']);

/** Whether no switch that the model follows has this field: a match on it is OFPBMC_BAD_FIELD. */
export function isFieldOfOthers(field: string): boolean {
  return field === 'unknown' || KNOWN_TO_OTHERS.has(field);
}

/** The number that a field's value is on the wire. */
export function fieldNumber({ field, value }: Pick<KnownOxm, 'field' | 'value'>): bigint {
  if (!MODELLED.has(field)) throw new ModelGap(`field ${field}`);
  const { lengthBytes } = oxmRow(field)!;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt.asUintN(lengthBytes * 8, BigInt(value));
  const hex = lengthBytes === 6 ? value.replaceAll(':', '') : Buffer.from(value, 'latin1').toString('hex');
  return BigInt(`0x${hex}`);
}

/** The fields of a match in the order of their names, without those that any packet agrees with. */
export function maskedFields(match: Match): readonly MaskedField[] {
  return match
    .map((oxm): MaskedField => {
      if (oxm.field === 'unknown') throw new ModelGap(`field ${oxm.oxmField} of class ${oxm.oxmClass}`);
      const all = (1n << BigInt(oxmRow(oxm.field)!.lengthBytes * 8)) - 1n;
      const mask = oxm.mask === undefined ? all : fieldNumber({ field: oxm.field, value: oxm.mask } as KnownOxm);
      return { field: oxm.field, value: fieldNumber(oxm) & mask, mask };
    })
    .filter(({ mask }) => mask !== 0n)
    .sort((one, other) => (one.field < other.field ? -1 : 1));
}

export function matches(fields: readonly MaskedField[], packet: FieldNumbers): boolean {
  return fields.every(({ field, value, mask }) => ((packet.get(field) ?? 0n) & mask) === value);
}

/** Whether every packet that `narrow` matches is one that `wide` matches, as its fields say (OpenFlow 1.3.5 §6.4). */
export function covers(wide: readonly MaskedField[], narrow: readonly MaskedField[]): boolean {
  return wide.every(({ field, value, mask }) => {
    const found = narrow.find((candidate) => candidate.field === field);
    return found !== undefined && (found.mask & mask) === mask && (found.value & mask) === value;
  });
}

/** Whether a packet may match both. */
export function overlap(one: readonly MaskedField[], other: readonly MaskedField[]): boolean {
  return one.every(({ field, value, mask }) => {
    const found = other.find((candidate) => candidate.field === field);
    return found === undefined || ((found.value ^ value) & found.mask & mask) === 0n;
  });
}
