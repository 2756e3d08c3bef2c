import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { type Ipv4Address, type Ipv6Address, parseAddress } from '../../../src/core/address.ts';
import { FLOW_MOD_DEFAULTS } from '../../../src/openflow/flow-mod.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import { packetOutLength, writePacketOut } from '../../../src/openflow/packet-out.ts';
import { MeterFlag, NO_BUFFER, Port, Table } from '../../../src/openflow/schema/constants.ts';
import { describeIf } from '../../support/describe-if.ts';

const ipv4 = (text: string) => parseAddress(text) as Ipv4Address;

/** What Open vSwitch's own decoder makes of a message. */
function ofPrint(bytes: Buffer): string {
  return execFileSync('ovs-ofctl', ['ofp-print', bytes.toString('hex')], { encoding: 'utf8' }).trim();
}

const cases: readonly (readonly [Message, string])[] = [
  [
    {
      ...FLOW_MOD_DEFAULTS,
      xid: 7,
      tableId: 1,
      priority: 200,
      cookie: 0xabcn,
      hardTimeout: 300,
      flags: 1,
      match: [
        { field: 'in_port', value: 1 },
        { field: 'metadata', value: 0x10n, mask: 0xf0n },
        { field: 'eth_type', value: 0x0800 },
        { field: 'ip_proto', value: 17 },
        { field: 'ipv4_src', value: ipv4('192.0.2.0'), mask: ipv4('255.255.255.0') },
        { field: 'ipv4_dst', value: ipv4('198.51.100.1') },
        { field: 'udp_dst', value: 53 },
        { field: 'nw_frag', value: 0, mask: 2 },
      ],
      instructions: [
        { type: 'meter', meterId: 9 },
        {
          type: 'applyActions',
          actions: [
            { type: 'setField', oxm: { field: 'eth_dst', value: '00:00:5e:00:53:01' } },
            { type: 'output', port: Port.NORMAL, maxLength: 0 },
          ],
        },
        { type: 'writeMetadata', metadata: 1n, metadataMask: 0xffn },
        { type: 'gotoTable', tableId: 2 },
      ],
    },
    'OFPT_FLOW_MOD (OF1.3) (xid=0x7): ADD table:1 priority=200,udp,metadata=0x10/0xf0,in_port=1,nw_src=192.0.2.0/24,' +
      'nw_dst=198.51.100.1,nw_frag=not_later,tp_dst=53 cookie:0xabc hard:300 send_flow_rem ' +
      'actions=meter:9,set_field:00:00:5e:00:53:01->eth_dst,NORMAL,write_metadata:0x1/0xff,goto_table:2',
  ],
  [
    {
      ...FLOW_MOD_DEFAULTS,
      xid: 8,
      command: 'deleteStrict',
      tableId: Table.ALL,
      cookie: 1n,
      cookieMask: 0xffn,
      match: [
        { field: 'eth_type', value: 0x86dd },
        { field: 'ip_proto', value: 6 },
        { field: 'ipv6_dst', value: parseAddress('2001:db8::53') as Ipv6Address },
        { field: 'tcp_dst', value: 853 },
      ],
    },
    'OFPT_FLOW_MOD (OF1.3) (xid=0x8): DEL_STRICT table:255 priority=0,tcp6,ipv6_dst=2001:db8::53,tp_dst=853 ' +
      'cookie:0x1/0xff actions=drop',
  ],
  [
    {
      type: 'meterMod',
      xid: 9,
      command: 'add',
      flags: MeterFlag.PKTPS | MeterFlag.BURST | MeterFlag.STATS,
      meterId: 5,
      bands: [{ type: 'drop', rate: 1000, burstSize: 100 }],
    },
    'OFPT_METER_MOD (OF1.3) (xid=0x9): ADD meter=5 pktps burst stats bands=\ntype=drop rate=1000 burst_size=100',
  ],
  [{ type: 'setConfig', xid: 13, flags: 3, missSendLen: 0xffff }, 'frags=nx-match miss_send_len=65535'],
  [{ type: 'roleRequest', xid: 12, role: 'master', generationId: 3n }, 'role=primary generation_id=3'],
  [{ type: 'hello', xid: 14, elements: [{ type: 'versionBitmap', bitmaps: [0x10] }] }, 'version bitmap: 0x04'],
  [
    {
      type: 'packetOut',
      xid: 10,
      bufferId: NO_BUFFER,
      inPort: 3,
      actions: [{ type: 'output', port: Port.TABLE, maxLength: 0xffff }],
      data: Buffer.alloc(14),
    },
    'OFPT_PACKET_OUT (OF1.3) (xid=0xa): in_port=3 actions=TABLE data_len=14',
  ],
  [
    {
      type: 'groupMod',
      xid: 17,
      command: 'add',
      groupType: 0,
      groupId: 4,
      buckets: [
        {
          weight: 0,
          watchPort: Port.ANY,
          watchGroup: 0xffffffff,
          actions: [{ type: 'output', port: 1, maxLength: 0 }],
        },
      ],
    },
    'ADD group_id=4,type=all,bucket=actions=output:1',
  ],
  [
    {
      type: 'multipartReply',
      xid: 18,
      flags: 0,
      body: {
        type: 'meterConfig',
        entries: [{ flags: 1, meterId: 4, bands: [{ type: 'dscpRemark', rate: 10, burstSize: 1, precLevel: 2 }] }],
      },
    },
    'meter=4 kbps bands=\ntype=dscp_remark rate=10 prec_level=2',
  ],
  [{ type: 'error', xid: 15, errorType: 4, code: 9, data: Buffer.alloc(0) }, 'OFPBMC_BAD_PREREQ'],
];

describeIf(['openVswitch'], 'Open vSwitch reads', () => {
  it.each(cases.map(([message, text]) => [message.type, message, text] as const))('our %s', (_type, message, text) => {
    expect(ofPrint(encodeMessage(message))).toContain(text);
  });

  it('a packet_out of the hot path', () => {
    const target = Buffer.alloc(packetOutLength(14));
    writePacketOut(target, 0, 10, 3, Port.TABLE, Buffer.alloc(14), 0, 14);
    expect(ofPrint(target)).toContain('OFPT_PACKET_OUT (OF1.3) (xid=0xa): in_port=3 actions=TABLE data_len=14');
  });
});
