/** Random matches of a small world, in which rules meet packets often. */
import fc from 'fast-check';
import { parseAddress } from '../../../src/core/address.ts';
import type { Match } from '../../../src/openflow/match.ts';
import type { KnownOxm, Oxm } from '../../../src/openflow/oxm.ts';

export const WORLD = {
  ipv4: ['192.0.2.1', '192.0.2.2', '198.51.100.53'],
  ipv6: ['2001:db8::1', '2001:db8::2', '2001:db8:1::53'],
  macs: ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:01:03'],
  inPorts: [1, 2, 3],
  vlans: [10, 20],
  transportPorts: [53, 80, 0],
  dscps: [0, 10],
} as const;

export const METADATA = [1n, 2n, 3n];

export const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
export const ipv4 = pick(WORLD.ipv4).map((text) => parseAddress(text)!);
export const ipv6 = pick(WORLD.ipv6).map((text) => parseAddress(text)!);
export const mac = pick(WORLD.macs);

export const oxm = (field: KnownOxm['field'], value: fc.Arbitrary<unknown>): fc.Arbitrary<Oxm> =>
  value.map((found) => ({ field, value: found }) as Oxm);

/** Half of the time there is a mask, and the value keeps to it. */
function maskedIpv4(field: 'ipv4_src' | 'ipv4_dst' | 'arp_spa' | 'arp_tpa'): fc.Arbitrary<Oxm> {
  const masks = fc.option(pick(['255.255.255.0', '255.0.0.0', '0.0.0.3', '255.255.255.255', '0.0.0.0']));
  return fc.tuple(ipv4, masks).map(([address, text]) => {
    if (text === null) return { field, value: address } as Oxm;
    const mask = parseAddress(text) as number;
    return { field, value: (address as number) & mask, mask } as Oxm;
  });
}

function maskedIpv6(field: 'ipv6_src' | 'ipv6_dst'): fc.Arbitrary<Oxm> {
  const masks = fc.option(pick(['ffff:ffff:ffff::', 'ffff:ffff::', '::3']));
  return fc.tuple(ipv6, masks).map(([address, text]) => {
    if (text === null) return { field, value: address } as Oxm;
    return { field, value: andText(String(address), String(parseAddress(text))), mask: parseAddress(text) } as Oxm;
  });
}

function andText(value: string, mask: string): string {
  const octets = [...Buffer.from(value, 'latin1')].map((octet, index) => octet & mask.charCodeAt(index));
  return Buffer.from(octets).toString('latin1');
}

function maskedMac(field: 'eth_src' | 'eth_dst'): fc.Arbitrary<Oxm> {
  const masks = fc.option(pick(['ff:ff:ff:ff:ff:00', '00:00:00:00:ff:ff', '01:00:00:00:00:00']));
  return fc.tuple(mac, masks).map(([address, mask]) => {
    if (mask === null) return { field, value: address };
    const bits = BigInt(`0x${address.replaceAll(':', '')}`) & BigInt(`0x${mask.replaceAll(':', '')}`);
    return {
      field,
      value: bits
        .toString(16)
        .padStart(12, '0')
        .replace(/..(?=.)/g, '$&:'),
      mask,
    };
  });
}

const maskedMetadata = fc.tuple(pick(METADATA), fc.option(pick([1n, 2n, 3n]))).map(([value, mask]): Oxm => {
  return mask === null ? { field: 'metadata', value } : { field: 'metadata', value: value & mask, mask };
});

const vlanVid = fc.oneof(
  fc.constant<Oxm>({ field: 'vlan_vid', value: 0 }),
  fc.constant<Oxm>({ field: 'vlan_vid', value: 0x1000, mask: 0x1000 }),
  pick(WORLD.vlans).map((id): Oxm => ({ field: 'vlan_vid', value: 0x1000 | id })),
);

/** There `there` times in ten. */
export function maybe<T>(arbitrary: fc.Arbitrary<T>, there: number): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: there, arbitrary }, { weight: 10 - there, arbitrary: fc.constant(null) });
}

/** Each of the fields may be there or not, in this order: a field stands behind what it requires. */
function someOf(...fields: readonly fc.Arbitrary<Oxm>[]): fc.Arbitrary<Match> {
  return fc.tuple(...fields.map((field) => maybe(field, 4))).map((found) => found.filter((one) => one !== null));
}

function joined(...parts: readonly fc.Arbitrary<Match>[]): fc.Arbitrary<Match> {
  return fc.tuple(...parts).map((found) => found.flat());
}

const always = (...oxms: readonly Oxm[]): fc.Arbitrary<Match> => fc.constant(oxms);
const number = (field: KnownOxm['field'], values: readonly number[]) => oxm(field, pick(values));

/** Fields of every packet. */
const outer = joined(
  someOf(number('in_port', WORLD.inPorts), maskedMetadata, maskedMac('eth_dst'), maskedMac('eth_src')).map(thinned),
  maybe(vlanVid, 3).map((found) => (found === null ? [] : [found])),
);

/** Of four fields that narrow much only the first is kept: rules should meet packets. */
function thinned(fields: Match): Match {
  return fields.slice(0, 1);
}

const fragment = number('nw_frag', [0, 1, 3]);

function transport(isIpv4: boolean): fc.Arbitrary<Match> {
  const icmp = isIpv4 ? 'icmpv4' : 'icmpv6';
  const ports = (name: 'tcp' | 'udp', protocol: number) =>
    joined(
      always({ field: 'ip_proto', value: protocol }),
      someOf(number(`${name}_src`, WORLD.transportPorts), number(`${name}_dst`, WORLD.transportPorts)),
    );
  return fc.oneof(
    always(),
    ports('udp', 17),
    ports('tcp', 6),
    joined(
      always({ field: 'ip_proto', value: isIpv4 ? 1 : 58 }),
      someOf(number(`${icmp}_type`, [0, 8, 128]), number(`${icmp}_code`, [0, 1])),
    ),
    always({ field: 'ip_proto', value: 44 }),
  );
}

const inner = fc.oneof(
  { weight: 2, arbitrary: always() },
  {
    weight: 4,
    arbitrary: joined(
      always({ field: 'eth_type', value: 0x0800 }),
      someOf(number('ip_dscp', WORLD.dscps), number('ip_ecn', [0, 1]), fragment).map(thinned),
      someOf(maskedIpv4('ipv4_src'), maskedIpv4('ipv4_dst')),
      transport(true),
    ),
  },
  {
    weight: 3,
    arbitrary: joined(
      always({ field: 'eth_type', value: 0x86dd }),
      someOf(number('ip_dscp', WORLD.dscps), fragment, number('ipv6_flabel', [0, 5])).map(thinned),
      someOf(maskedIpv6('ipv6_src'), maskedIpv6('ipv6_dst')),
      transport(false),
    ),
  },
  {
    weight: 1,
    arbitrary: joined(
      always({ field: 'eth_type', value: 0x0806 }),
      someOf(number('arp_op', [1, 2]), maskedIpv4('arp_spa'), maskedIpv4('arp_tpa'), oxm('arp_sha', mac)),
    ),
  },
);

export const randomMatch = joined(outer, inner);
