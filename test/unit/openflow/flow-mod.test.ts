import { describe, expect, it } from 'vitest';
import { addressOctets, type Ipv4Address, type Ipv6Address, parseAddress } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { FLOW_MOD_DEFAULTS, type FlowMod, FlowModTemplate } from '../../../src/openflow/flow-mod.ts';
import { encodeMessage } from '../../../src/openflow/message.ts';

const ipv4 = (text: string) => parseAddress(text) as Ipv4Address;
const ipv6 = (text: string) => parseAddress(text) as Ipv6Address;

const udpOverIpv4: FlowMod = {
  ...FLOW_MOD_DEFAULTS,
  tableId: 1,
  priority: 200,
  match: [
    { field: 'metadata', value: 1n, mask: 1n },
    { field: 'unknown', oxmClass: 1, oxmField: 105, hasMask: false, raw: Buffer.from([0, 0, 0, 1]) },
    { field: 'eth_type', value: 0x0800 },
    { field: 'ip_proto', value: 17 },
    { field: 'ipv4_src', value: ipv4('192.0.2.1') },
    { field: 'ipv4_dst', value: ipv4('198.51.100.1') },
    { field: 'udp_dst', value: 53 },
  ],
  instructions: [{ type: 'gotoTable', tableId: 2 }],
};

describe('FlowModTemplate', () => {
  it('writes the message as it is encoded', () => {
    const template = new FlowModTemplate(udpOverIpv4);
    const target = Buffer.alloc(template.lengthBytes + 10, 0xaa);
    template.write(target, 5);
    expect(target.subarray(5, 5 + template.lengthBytes).equals(encodeMessage(udpOverIpv4))).toBe(true);
    expect(target.toString('hex', 0, 5)).toBe('aaaaaaaaaa');
    expect(target.toString('hex', 5 + template.lengthBytes)).toBe('aaaaaaaaaa');
  });

  it('patches what differs from verdict to verdict', () => {
    const template = new FlowModTemplate(udpOverIpv4);
    const target = Buffer.alloc(template.lengthBytes + 3);
    template.write(target, 3);
    template.patchXid(target, 3, 0xfffffffe);
    template.patchCookie(target, 3, 0xfedcba98, 0x76543210);
    template.patchHardTimeout(target, 3, 65535);
    addressOctets(ipv4('203.0.113.9')).copy(target, 3 + template.oxmOffset('ipv4_dst'));
    addressOctets(ipv4('192.0.2.200')).copy(target, 3 + template.oxmOffset('ipv4_src'));
    const wanted = encodeMessage({
      ...udpOverIpv4,
      xid: 0xfffffffe,
      cookie: 0xfedcba9876543210n,
      hardTimeout: 65535,
      match: udpOverIpv4.match.map((oxm) => {
        if (oxm.field === 'ipv4_dst') return { field: 'ipv4_dst', value: ipv4('203.0.113.9') };
        return oxm.field === 'ipv4_src' ? { field: 'ipv4_src', value: ipv4('192.0.2.200') } : oxm;
      }),
    });
    expect(target.toString('hex', 3)).toBe(wanted.toString('hex'));
  });

  it('patches IPv6 addresses', () => {
    const match = (last: string): FlowMod['match'] => [
      { field: 'eth_type', value: 0x86dd },
      { field: 'ipv6_src', value: ipv6('2001:db8::1') },
      { field: 'ipv6_dst', value: ipv6(last) },
    ];
    const template = new FlowModTemplate({ ...FLOW_MOD_DEFAULTS, match: match('::') });
    const target = Buffer.alloc(template.lengthBytes);
    template.write(target, 0);
    target.write(ipv6('2001:db8::53'), template.oxmOffset('ipv6_dst'), 'latin1');
    expect(target.equals(encodeMessage({ ...FLOW_MOD_DEFAULTS, match: match('2001:db8::53') }))).toBe(true);
  });

  it('keeps its own octets when its message is written and patched', () => {
    const template = new FlowModTemplate(udpOverIpv4);
    const target = Buffer.alloc(template.lengthBytes);
    template.write(target, 0);
    target.fill(0xff);
    template.write(target, 0);
    expect(target.equals(encodeMessage(udpOverIpv4))).toBe(true);
  });

  it('refuses to patch a field that it does not match on', () => {
    const template = new FlowModTemplate(udpOverIpv4);
    expect(() => template.oxmOffset('ipv6_dst')).toThrow(GluewallError);
    expect(() => template.oxmOffset('ipv6_dst')).toThrow(expect.objectContaining({ code: 'openflow-template' }));
  });
});
