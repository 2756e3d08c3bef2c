import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ipv4Address, type Ipv6Address, parseAddress } from '../../../src/core/address.ts';
import { experimenterMessage } from '../../../src/openflow/experimenter.ts';
import { FLOW_MOD_DEFAULTS } from '../../../src/openflow/flow-mod.ts';
import { decodeMessage, type Message } from '../../../src/openflow/message.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import { describeMessage, WHOLE_MESSAGE } from '../../../src/openflow/print.ts';
import type { Action } from '../../../src/openflow/schema/actions.ts';
import { Experimenter, MessageType, Meter, NO_BUFFER, Port } from '../../../src/openflow/schema/constants.ts';
import { anyMessage } from './arbitraries.ts';
import { readable } from './vectors.ts';

const ip4 = (text: string) => parseAddress(text) as Ipv4Address;
const ip6 = (text: string) => parseAddress(text) as Ipv6Address;
const whole = (message: Message) => describeMessage(message, WHOLE_MESSAGE);
const vector = (name: string) => {
  const decoded = decodeMessage(readable.find((candidate) => candidate.name === name)!.bytes);
  return decoded.ok ? whole(decoded.message) : decoded.error.message;
};

/** Message type, and the octets behind the header. */
function ofOctets(typeCode: number, body: Buffer): Message {
  const header = Buffer.from([4, typeCode, 0, 0, 0, 0, 0, 1]);
  header.writeUInt16BE(8 + body.length, 2);
  const decoded = decodeMessage(Buffer.concat([header, body]));
  if (!decoded.ok) throw decoded.error;
  return decoded.message;
}

describe('describeMessage', () => {
  it('shows a flow_mod with addresses, ports and masks as people write them', () => {
    const line = describeMessage({
      ...FLOW_MOD_DEFAULTS,
      xid: 7,
      cookie: 0xffff_ffff_ffff_fffen,
      flags: 3,
      match: [{ field: 'in_port', value: Port.LOCAL }],
      instructions: [
        { type: 'applyActions', actions: [{ type: 'output', port: Port.NORMAL, maxLength: 0 }, { type: 'popVlan' }] },
        { type: 'gotoTable', tableId: 2 },
      ],
    });
    expect(line).toBe(
      'flowMod xid=7 cookie=0xfffffffffffffffe cookieMask=0x0 tableId=0 command=add idleTimeout=0 hardTimeout=0 ' +
        'priority=0 bufferId=NONE outPort=ANY outGroup=ANY flags=SEND_FLOW_REM|CHECK_OVERLAP match=[in_port=LOCAL] ' +
        'instructions=[applyActions(actions=[output(port=NORMAL maxLength=0), popVlan]), gotoTable(tableId=2)]',
    );
  });

  it.each<[Oxm, string]>([
    [{ field: 'metadata', value: 1n, mask: 0xffn }, 'metadata=0x1/0xff'],
    [{ field: 'eth_type', value: 0x0800 }, 'eth_type=0x0800'],
    [
      { field: 'eth_dst', value: '01:00:00:00:00:00', mask: '01:00:00:00:00:00' },
      'eth_dst=01:00:00:00:00:00/01:00:00:00:00:00',
    ],
    [{ field: 'ipv4_dst', value: ip4('192.0.2.0'), mask: ip4('255.255.255.0') }, 'ipv4_dst=192.0.2.0/24'],
    [{ field: 'ipv4_dst', value: ip4('192.0.2.1'), mask: ip4('255.255.255.255') }, 'ipv4_dst=192.0.2.1/32'],
    [{ field: 'ipv4_dst', value: ip4('0.0.0.0'), mask: ip4('0.0.0.0') }, 'ipv4_dst=0.0.0.0/0'],
    [{ field: 'ipv4_src', value: ip4('192.0.2.1'), mask: ip4('255.0.0.255') }, 'ipv4_src=192.0.2.1/255.0.0.255'],
    [{ field: 'ipv6_dst', value: ip6('2001:db8::1') }, 'ipv6_dst=2001:db8::1'],
    [{ field: 'ipv6_dst', value: ip6('2001:db8::'), mask: ip6('ffff:ffff::') }, 'ipv6_dst=2001:db8::/32'],
    [{ field: 'ipv6_src', value: ip6('::1'), mask: ip6('::ffff') }, 'ipv6_src=::1/::ffff'],
    [{ field: 'ip_proto', value: 17 }, 'ip_proto=UDP'],
    [{ field: 'ip_proto', value: 89 }, 'ip_proto=89'],
    [{ field: 'vlan_vid', value: 0 }, 'vlan_vid=NONE'],
    [{ field: 'vlan_vid', value: 0x1005 }, 'vlan_vid=PRESENT|5'],
    [{ field: 'vlan_vid', value: 0x1000, mask: 0x1000 }, 'vlan_vid=PRESENT/PRESENT'],
    [{ field: 'ct_state', value: 0x22, mask: 0x23 }, 'ct_state=est|trk/new|est|trk'],
    [{ field: 'nw_frag', value: 0, mask: 2 }, 'nw_frag=0/LATER'],
    [{ field: 'tcp_flags', value: 0x12, mask: 0xfff }, 'tcp_flags=SYN|ACK/FIN|SYN|RST|PSH|ACK|URG|ECE|CWR|NS|0xe00'],
    [{ field: 'tcp_src_nxm', value: 0x400, mask: 0xfc00 }, 'tcp_src_nxm=0x400/0xfc00'],
    [{ field: 'in_port_nxm', value: 0xfffe }, 'in_port_nxm=LOCAL'],
    [{ field: 'reg3', value: 10 }, 'reg3=0xa'],
    [{ field: 'ct_label', value: 2n ** 127n }, `ct_label=0x8${'0'.repeat(31)}`],
    [{ field: 'unknown', oxmClass: 1, oxmField: 99, hasMask: true, raw: Buffer.from([1, 2]) }, 'oxm(1:99)/mask=0x0102'],
  ])('shows match field %#', (oxm, text) => {
    expect(describeMessage({ ...FLOW_MOD_DEFAULTS, match: [oxm] })).toContain(` match=[${text}] `);
  });

  it.each<[Action, string]>([
    [{ type: 'output', port: Port.CONTROLLER, maxLength: 0xffff }, 'output(port=CONTROLLER maxLength=NO_BUFFER)'],
    [{ type: 'pushVlan', etherType: 0x8100 }, 'pushVlan(etherType=0x8100)'],
    [{ type: 'setField', oxm: { field: 'ipv4_dst', value: ip4('192.0.2.9') } }, 'setField(oxm=ipv4_dst=192.0.2.9)'],
    [{ type: 'resubmitTable', inPort: 0xfff8, tableId: 255 }, 'resubmitTable(inPort=IN_PORT tableId=CURRENT)'],
    [
      {
        type: 'regLoad',
        dst: { field: { field: 'reg0', hasMask: false, lengthBytes: 4 }, firstBit: 4, nBits: 8 },
        value: 5n,
      },
      'regLoad(dst=reg0[4..11] value=0x5)',
    ],
    [
      { type: 'stackPush', field: { field: 'reg2', hasMask: false, lengthBytes: 4 }, firstBit: 1, nBits: 5 },
      'stackPush(reg2[1..5])',
    ],
    [
      { type: 'ct', flags: 3, zone: 9, recircTable: 255, alg: 0, actions: [] },
      'ct(flags=COMMIT|FORCE zone=9 recircTable=NONE alg=0 actions=[])',
    ],
    [
      { type: 'nat', flags: 1, range: { ipv4Min: ip4('192.0.2.1'), ipv6Min: ip6('2001:db8::1'), protoMin: 1 } },
      'nat(flags=SRC range={ipv4Min=192.0.2.1 ipv6Min=2001:db8::1 protoMin=1})',
    ],
    [
      { type: 'experimenter', experimenter: 0x1234, data: Buffer.alloc(4) },
      'experimenter(experimenter=0x1234 data=0x00000000)',
    ],
    [{ type: 'unknown', typeCode: 77, raw: Buffer.from([1]) }, 'unknown(typeCode=77 raw=0x01)'],
  ])('shows action %#', (action, text) => {
    const line = describeMessage({ ...FLOW_MOD_DEFAULTS, instructions: [{ type: 'writeActions', actions: [action] }] });
    expect(line).toContain(`instructions=[writeActions(actions=[${text}])]`);
  });

  it.each<[Message, string]>([
    [{ type: 'barrierReply', xid: 1 }, 'barrierReply xid=1'],
    [{ type: 'echoReply', xid: 1, data: Buffer.alloc(4) }, 'echoReply xid=1 data=0x00000000'],
    [{ type: 'unknown', xid: 1, typeCode: 99, body: Buffer.alloc(0) }, 'unknown xid=1 typeCode=99 body=<0 octets>'],
    [
      { type: 'error', xid: 1, errorType: 4, code: 9, data: Buffer.alloc(0) },
      'error xid=1 errorType=OFPET_BAD_MATCH code=OFPBMC_BAD_PREREQ data=<0 octets>',
    ],
    [
      { type: 'error', xid: 9, errorType: 1, code: 6, data: Buffer.from('040e00500000000900', 'hex') },
      'error xid=9 errorType=OFPET_BAD_REQUEST code=OFPBRC_BAD_LEN request=flowMod(xid=9) data=0x040e00500000000900',
    ],
    [
      { type: 'error', xid: 1, errorType: 0, code: 0, data: Buffer.from('only 0x01\n') },
      'error xid=1 errorType=OFPET_HELLO_FAILED code=OFPHFC_INCOMPATIBLE text="only 0x01\\x0a"',
    ],
    [
      { type: 'error', xid: 1, errorType: 0xffff, code: 2300, experimenter: Experimenter.ONF, data: Buffer.alloc(0) },
      'error xid=1 errorType=OFPET_EXPERIMENTER code=OFPBFC_UNKNOWN experimenter=ONF data=<0 octets>',
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
        flags: 6,
        meterId: Meter.CONTROLLER,
        bands: [{ type: 'drop', rate: 9, burstSize: 1 }],
      },
      'meterMod xid=1 command=add flags=PKTPS|BURST meterId=CONTROLLER bands=[drop(rate=9 burstSize=1)]',
    ],
    [
      { type: 'multipartRequest', xid: 1, flags: 1, body: { type: 'desc' } },
      'multipartRequest xid=1 flags=MORE body=desc',
    ],
    [
      { type: 'packetOut', xid: 1, bufferId: NO_BUFFER, inPort: 3, actions: [], data: Buffer.alloc(60) },
      'packetOut xid=1 bufferId=NONE inPort=3 actions=[] data=<60 octets>',
    ],
    [
      { type: 'setConfig', xid: 1, flags: 3, missSendLen: 0xffff },
      'setConfig xid=1 flags=NX_MATCH missSendLen=NO_BUFFER',
    ],
    [
      { type: 'roleRequest', xid: 1, role: 'slave', generationId: 2n ** 63n },
      'roleRequest xid=1 role=slave generationId=0x8000000000000000',
    ],
    [
      { type: 'groupMod', xid: 1, command: 'add', groupType: 3, groupId: 0xffffffff, buckets: [] },
      'groupMod xid=1 command=add groupType=FF groupId=ANY buckets=[]',
    ],
    [
      experimenterMessage(1, {
        type: 'bundleControl',
        bundleId: 5,
        control: 'commitRequest',
        flags: 3,
        properties: [],
      }),
      'experimenter xid=1 bundleControl(bundleId=5 control=commitRequest flags=ATOMIC|ORDERED properties=[])',
    ],
    [
      experimenterMessage(1, {
        type: 'bundleAdd',
        bundleId: 5,
        flags: 1,
        message: { type: 'barrierRequest', xid: 1 },
        properties: [],
      }),
      'experimenter xid=1 bundleAdd(bundleId=5 flags=ATOMIC message=barrierRequest(xid=1) properties=[])',
    ],
    [
      { type: 'experimenter', xid: 1, experimenter: Experimenter.ONF, experimenterType: 2300, data: Buffer.alloc(3) },
      'experimenter xid=1 experimenter=ONF experimenterType=2300 data=0x000000 malformed=OFPBRC_BAD_LEN',
    ],
  ])('shows message %#', (message, line) => {
    expect(describeMessage(message)).toBe(line);
  });

  it('gives the same number another name in another place', () => {
    const reasons = [0, 1, 2].map((reason) => {
      const removed = { type: 'flowRemoved', xid: 1, cookie: 0n, priority: 0, reason, tableId: 0, match: [] } as const;
      const counts = { idleTimeout: 0, hardTimeout: 0, packetCount: 0n, byteCount: 2n ** 64n - 1n };
      return describeMessage({ ...removed, ...counts, durationSec: 3, durationNsec: 50_000_000 });
    });
    expect(reasons.map((line) => /reason=\w+/.exec(line)?.[0])).toEqual([
      'reason=IDLE_TIMEOUT',
      'reason=HARD_TIMEOUT',
      'reason=DELETE',
    ]);
    expect(reasons[0]).toContain('duration=3.05s');
    expect(reasons[0]).toContain('packetCount=0 byteCount=n/a');
  });

  it.each([
    [
      'os-ken/4-39-ofp_port_status.packet',
      'portStatus xid=0 reason=ADD port={portNo=7 hwAddr=f2:0b:a4:d0:3f:70 ' +
        'name="\\xe7\\xa7\\x81\\xe3\\x81\\xae\\xe3\\x83\\x9d\\xe3\\x83\\xbc\\xe3\\x83\\x88" config=0 state=LIVE ' +
        'curr=100MB_FD|COPPER|AUTONEG advertised=COPPER|AUTONEG supported=100MB_FD|COPPER|AUTONEG ' +
        'peer=100MB_FD|COPPER|AUTONEG currSpeed=5000 maxSpeed=5000}',
    ],
    [
      'os-ken/4-10-ofp_hello.packet',
      'hello xid=0 elements=[versionBitmap(versions=[0x01, 0x02, 0x03, 0x09, 0x0a, 0x1e])]',
    ],
    [
      'kytos/ofpt_features_reply.dat',
      'featuresReply xid=3 datapathId=0x0000000000000001 nBuffers=0 nTables=254 auxiliaryId=0 ' +
        'capabilities=FLOW_STATS|TABLE_STATS|PORT_STATS|GROUP_STATS|QUEUE_STATS reserved=0',
    ],
  ])('shows the recorded %s', (name, line) => {
    expect(vector(name)).toBe(line);
  });
});

describe('what a switch has sent', () => {
  it('cannot forge a log line or steer a terminal', () => {
    const line = describeMessage({
      type: 'multipartReply',
      xid: 1,
      flags: 0,
      body: { type: 'desc', mfrDesc: 'a\nb', hwDesc: '\x1b[2J', swDesc: '"\\', serialNum: '\x85', dpDesc: 's1' },
    });
    expect(line).toBe(
      'multipartReply xid=1 flags=0 body=desc(mfrDesc="a\\x0ab" hwDesc="\\x1b[2J" swDesc="\\"\\\\" serialNum="\\x85" dpDesc=s1)',
    );
  });

  it('is one line of printable ASCII, short for a log, for every recorded message', () => {
    for (const { bytes } of readable) {
      const result = decodeMessage(bytes);
      expect(result.ok ? describeMessage(result.message) : '').toMatch(/^[ -~]{10,1000}$/);
      expect(result.ok ? whole(result.message) : '').toMatch(/^[ -~]{10,400000}$/);
    }
  });

  it('is so for every one-byte change of one, too', () => {
    for (const { bytes } of readable) {
      for (let at = 1; at < Math.min(bytes.length, 200); at++) {
        const changed = Buffer.from(bytes);
        changed[at] = changed[at]! ^ 0xa5;
        const result = decodeMessage(changed);
        if (result.ok) expect(describeMessage(result.message)).toMatch(/^[ -~]{10,1000}$/);
      }
    }
  });

  it('is so for any message', () => {
    fc.assert(fc.property(anyMessage, (message) => /^[ -~]+$/.test(whole(message))));
  });

  it('is counted where a log leaves it out, and whole where all of it is wanted', () => {
    const data = Buffer.alloc(17, 0xab);
    expect(describeMessage({ type: 'echoReply', xid: 1, data })).toBe('echoReply xid=1 data=<17 octets>');
    expect(whole({ type: 'echoReply', xid: 1, data })).toBe(`echoReply xid=1 data=0x${'ab'.repeat(17)}`);
    const actions = Array.from({ length: 20 }, () => ({ type: 'popVlan' }) as const);
    const many: Message = { type: 'packetOut', xid: 1, bufferId: 1, inPort: 1, actions, data: Buffer.alloc(0) };
    expect(describeMessage(many)).toContain('popVlan, 4 more]');
    expect(whole(many).match(/popVlan/g)).toHaveLength(20);
  });

  it('never fills a line beyond its bound, however much stands in one message', () => {
    const elements = Buffer.alloc(65_520);
    for (let at = 0; at < elements.length; at += 8) elements.writeUInt32BE(0x0001_0004, at);
    const bitmaps = Buffer.alloc(65_524, 0xff);
    bitmaps.writeUInt32BE((1 << 16) | bitmaps.length);
    const hello = ofOctets(MessageType.HELLO, bitmaps);
    expect(describeMessage(hello)).toMatch(/\.\.\.$/);
    expect(describeMessage(hello).length).toBeLessThanOrEqual(1000);
    expect(whole(hello)).toContain('0xff, 16372 more bitmaps])]');
    for (const message of [hello, ofOctets(MessageType.HELLO, elements)]) {
      expect(whole(message).length).toBeLessThan(WHOLE_MESSAGE.characters);
      expect(whole(message)).not.toMatch(/\.\.\.$/);
    }
    const data = Buffer.alloc(65_520);
    expect(whole({ type: 'echoReply', xid: 1, data })).toHaveLength('echoReply xid=1 data=0x'.length + 131_040);
  });
});
