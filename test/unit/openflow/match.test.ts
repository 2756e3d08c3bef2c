import { describe, expect, it } from 'vitest';
import type { Ipv4Address, Ipv6Address } from '../../../src/core/address.ts';
import { checkPrerequisites, type Match } from '../../../src/openflow/match.ts';
import { OXM_ROWS } from '../../../src/openflow/schema/oxm.ts';

const ethIpv4 = { field: 'eth_type', value: 0x0800 } as const;
const ethIpv6 = { field: 'eth_type', value: 0x86dd } as const;
const udp = { field: 'ip_proto', value: 17 } as const;
const ip4 = (value: number) => value as Ipv4Address;

const good: readonly (readonly [string, Match])[] = [
  ['nothing', []],
  ['a DNS query over IPv4', [{ field: 'in_port', value: 1 }, ethIpv4, udp, { field: 'udp_dst', value: 53 }]],
  ['a DNS query over IPv6', [ethIpv6, udp, { field: 'udp_dst', value: 53 }]],
  ['a network', [ethIpv4, { field: 'ipv4_dst', value: ip4(0x0a000000), mask: ip4(0xff000000 | 0) }]],
  ['later fragments', [ethIpv4, { field: 'nw_frag', value: 2, mask: 2 }]],
  [
    'any VLAN tag',
    [
      { field: 'vlan_vid', value: 0x1000, mask: 0x1000 },
      { field: 'vlan_pcp', value: 3 },
    ],
  ],
  ['a tracked connection', [ethIpv4, { field: 'ct_state', value: 0x22, mask: 0x22 }, { field: 'ct_zone', value: 7 }]],
  ['metadata bits', [{ field: 'metadata', value: 0x10n, mask: 0xf0n }]],
  ['an unknown field', [{ field: 'unknown', oxmClass: 1, oxmField: 105, hasMask: false, raw: Buffer.alloc(4) }]],
  [
    'neighbour discovery',
    [
      ethIpv6,
      { field: 'ip_proto', value: 58 },
      { field: 'icmpv6_type', value: 135 },
      { field: 'ipv6_nd_target', value: '\0'.repeat(16) as Ipv6Address },
      { field: 'ipv6_nd_sll', value: '00:00:5e:00:53:01' },
    ],
  ],
];

const bad: readonly (readonly [string, string, number, Match])[] = [
  ['OFPBMC_BAD_PREREQ', 'udp_dst without ip_proto', 1, [ethIpv4, { field: 'udp_dst', value: 53 }]],
  [
    'OFPBMC_BAD_PREREQ',
    'udp_dst for TCP',
    2,
    [ethIpv4, { field: 'ip_proto', value: 6 }, { field: 'udp_dst', value: 53 }],
  ],
  ['OFPBMC_BAD_PREREQ', 'eth_type behind what needs it', 0, [udp, ethIpv4]],
  ['OFPBMC_BAD_PREREQ', 'IPv4 address for IPv6', 1, [ethIpv6, { field: 'ipv4_dst', value: ip4(1) }]],
  [
    'OFPBMC_BAD_PREREQ',
    'a priority without a tag',
    1,
    [
      { field: 'vlan_vid', value: 0 },
      { field: 'vlan_pcp', value: 1 },
    ],
  ],
  [
    'OFPBMC_BAD_PREREQ',
    'ICMPv4 over IPv6',
    2,
    [ethIpv6, { field: 'ip_proto', value: 1 }, { field: 'icmpv4_type', value: 8 }],
  ],
  ['OFPBMC_BAD_PREREQ', 'nw_frag without eth_type', 0, [{ field: 'nw_frag', value: 0, mask: 2 }]],
  ['OFPBMC_BAD_MASK', 'a masked zone', 0, [{ field: 'ct_zone', value: 1, mask: 1 }]],
  ['OFPBMC_BAD_PREREQ', 'TCP flags without TCP', 0, [{ field: 'tcp_flags', value: 2, mask: 2 }]],
  ['OFPBMC_BAD_VALUE', 'a label over 128 bits', 0, [{ field: 'ct_label', value: 1n << 128n }]],
  ['OFPBMC_DUP_FIELD', 'a field twice', 1, [ethIpv4, ethIpv4]],
  ['OFPBMC_BAD_MASK', 'a masked eth_type', 0, [{ field: 'eth_type', value: 0x800, mask: 0xffff }]],
  [
    'OFPBMC_BAD_WILDCARDS',
    'address bits beyond the mask',
    1,
    [ethIpv4, { field: 'ipv4_dst', value: ip4(0x0a000001), mask: ip4(0xff000000 | 0) }],
  ],
  ['OFPBMC_BAD_WILDCARDS', 'metadata bits beyond the mask', 0, [{ field: 'metadata', value: 0x11n, mask: 0x10n }]],
  [
    'OFPBMC_BAD_WILDCARDS',
    'Ethernet bits beyond the mask',
    0,
    [{ field: 'eth_dst', value: '01:00:00:00:00:01', mask: '01:00:00:00:00:00' }],
  ],
  ['OFPBMC_BAD_VALUE', 'a number that does not fit', 0, [{ field: 'eth_type', value: 0x10000 }]],
];

describe('checkPrerequisites', () => {
  it.each(good)('takes %s', (_name, match) => {
    expect(checkPrerequisites(match)).toBeUndefined();
  });

  it.each(bad)('answers %s to %s', (codeName, _name, index, match) => {
    const error = checkPrerequisites(match);
    expect(error).toMatchObject({ codeName, path: `match[${index}]`, typeName: 'OFPET_BAD_MATCH', errorType: 4 });
  });

  it('says at which octet of the match the field starts', () => {
    const match: Match = [{ field: 'metadata', value: 1n, mask: 1n }, ethIpv4, ethIpv4];
    expect(checkPrerequisites(match)?.offset).toBe(4 + 20 + 6);
  });
});

describe('the table of match fields', () => {
  it('has the 40 fields of the specification', () => {
    const basic = OXM_ROWS.filter(({ oxmClass }) => oxmClass === 0x8000);
    expect(basic.map(({ oxmField }) => oxmField)).toEqual([...Array(40).keys()]);
  });

  it('has each name and each header once', () => {
    const headers = OXM_ROWS.map(({ oxmClass, oxmField }) => `${oxmClass}:${oxmField}`);
    expect(new Set(headers).size).toBe(OXM_ROWS.length);
    expect(new Set(OXM_ROWS.map(({ name }) => name)).size).toBe(OXM_ROWS.length);
  });

  it.each([
    ['in_port_nxm', 0x00000002],
    ['eth_src_nxm', 0x00000406],
    ['vlan_tci', 0x00000802],
    ['arp_tpa_nxm', 0x00002204],
    ['reg0', 0x00010004],
    ['reg15', 0x00011e04],
    ['tunnel_id_nxm', 0x00012008],
    ['nd_tll', 0x00013206],
    ['nw_frag', 0x00013401],
    ['nw_ttl', 0x00013a01],
    ['tun_ipv4_dst', 0x00014004],
    ['pkt_mark', 0x00014204],
    ['tcp_flags_nxm', 0x00014402],
    ['conj_id', 0x00014a04],
    ['ct_state', 0x0001d204],
    ['ct_zone', 0x0001d402],
    ['ct_mark', 0x0001d604],
    ['ct_label', 0x0001d810],
    ['tun_ipv6_dst', 0x0001dc10],
    ['xxreg3', 0x0001e410],
    ['tcp_flags', 0xffff5402],
    ['actset_output', 0xffff5604],
  ] as const)('gives %s the header of its source', (name, header) => {
    const { oxmClass, oxmField, lengthBytes } = OXM_ROWS.find((row) => row.name === name)!;
    expect(((oxmClass << 16) | (oxmField << 9) | lengthBytes) >>> 0).toBe(header);
  });

  it('requires only fields that it has', () => {
    const names = new Set<string>(OXM_ROWS.map(({ name }) => name));
    const required = OXM_ROWS.flatMap(({ prerequisites }) => prerequisites.map(({ field }) => field));
    expect(required.filter((field) => !names.has(field))).toEqual([]);
  });
});
