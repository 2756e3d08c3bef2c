import { describe, expect, it } from 'vitest';
import { type Ipv4Address, type Ipv6Address, parseAddress } from '../../../src/core/address.ts';
import { FLOW_MOD_DEFAULTS } from '../../../src/openflow/flow-mod.ts';
import { decodeMessage, type Message } from '../../../src/openflow/message.ts';
import { describeMessage } from '../../../src/openflow/print.ts';
import { Meter, NO_BUFFER, Port } from '../../../src/openflow/schema/constants.ts';
import { readable } from './vectors.ts';

describe('describeMessage', () => {
  it('shows a flow_mod with addresses, ports and masks as people write them', () => {
    const line = describeMessage({
      ...FLOW_MOD_DEFAULTS,
      xid: 7,
      cookie: 0xabcn,
      match: [
        { field: 'in_port', value: Port.LOCAL },
        { field: 'metadata', value: 1n, mask: 0xffn },
        { field: 'eth_type', value: 0x0800 },
        {
          field: 'ipv4_dst',
          value: parseAddress('192.0.2.0') as Ipv4Address,
          mask: parseAddress('255.255.255.0') as Ipv4Address,
        },
        { field: 'ipv6_dst', value: parseAddress('2001:db8::1') as Ipv6Address },
        { field: 'unknown', oxmClass: 1, oxmField: 105, hasMask: false, raw: Buffer.from([1, 2]) },
      ],
      instructions: [
        { type: 'applyActions', actions: [{ type: 'output', port: Port.NORMAL, maxLength: 0 }, { type: 'popVlan' }] },
        { type: 'gotoTable', tableId: 2 },
      ],
    });
    expect(line).toBe(
      'flowMod xid=7 cookie=0xabc cookieMask=0x0 tableId=0 command=add idleTimeout=0 hardTimeout=0 priority=0 ' +
        'bufferId=NONE outPort=ANY outGroup=ANY flags=0 match=[in_port=LOCAL, metadata=0x1/0xff, eth_type=0x800, ' +
        'ipv4_dst=192.0.2.0/255.255.255.0, ipv6_dst=2001:db8::1, oxm(1:105)=0x0102] ' +
        'instructions=[applyActions(actions=[output(port=NORMAL maxLength=0), popVlan]), gotoTable(tableId=2)]',
    );
  });

  it.each<[Message, string]>([
    [{ type: 'barrierReply', xid: 1 }, 'barrierReply xid=1'],
    [{ type: 'echoReply', xid: 1, data: Buffer.alloc(4) }, 'echoReply xid=1 data=<4 octets>'],
    [
      { type: 'error', xid: 1, errorType: 4, code: 9, data: Buffer.alloc(0) },
      'error xid=1 errorType=OFPET_BAD_MATCH code=OFPBMC_BAD_PREREQ data=<0 octets>',
    ],
    [
      { type: 'error', xid: 1, errorType: 99, code: 7, data: Buffer.alloc(0) },
      'error xid=1 errorType=99 code=7 data=<0 octets>',
    ],
    [
      {
        type: 'meterMod',
        xid: 1,
        command: 'add',
        flags: 2,
        meterId: Meter.CONTROLLER,
        bands: [{ type: 'drop', rate: 9, burstSize: 1 }],
      },
      'meterMod xid=1 command=add flags=2 meterId=CONTROLLER bands=[drop(rate=9 burstSize=1)]',
    ],
    [
      { type: 'multipartRequest', xid: 1, flags: 0, body: { type: 'desc' } },
      'multipartRequest xid=1 flags=0 body=desc',
    ],
    [
      { type: 'packetOut', xid: 1, bufferId: NO_BUFFER, inPort: 3, actions: [], data: Buffer.alloc(60) },
      'packetOut xid=1 bufferId=NONE inPort=3 actions=[] data=<60 octets>',
    ],
  ])('shows message %#', (message, line) => {
    expect(describeMessage(message)).toBe(line);
  });

  it('keeps text from a switch from forging a log line', () => {
    const line = describeMessage({
      type: 'multipartReply',
      xid: 1,
      flags: 0,
      body: { type: 'desc', mfrDesc: 'a\nb', hwDesc: '\x1b[2J', swDesc: '"', serialNum: '\x85', dpDesc: 's1' },
    });
    expect(line).toBe(
      'multipartReply xid=1 flags=0 body=desc(mfrDesc="a?b" hwDesc="?[2J" swDesc="\\"" serialNum="?" dpDesc=s1)',
    );
  });

  it('makes one short line of printable ASCII of every recorded message', () => {
    for (const { bytes } of readable) {
      const result = decodeMessage(bytes);
      const line = result.ok ? describeMessage(result.message) : '';
      expect(line).toMatch(/^[ -~]{10,1000}$/);
    }
  });

  it('says how many items it leaves out', () => {
    const bitmaps = Array.from({ length: 20 }, () => 1);
    const line = describeMessage({ type: 'hello', xid: 1, elements: [{ type: 'versionBitmap', bitmaps }] });
    expect(line).toContain('1, 4 more]');
  });
});
