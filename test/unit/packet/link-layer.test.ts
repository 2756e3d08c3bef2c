import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameView } from '../../../src/packet/frame.ts';
import {
  findIp,
  type IpPlace,
  isReadableLinkType,
  LINK_TYPE,
  NO_ADDRESSES,
  NO_TAG,
} from '../../../src/packet/link-layer.ts';
import { composePacket, composeSegment } from '../../support/frames.ts';

const PAYLOAD = Buffer.from('payload');
const V4 = composePacket(composeSegment(PAYLOAD));
const V6 = composePacket(composeSegment(PAYLOAD), { source: '2001:db8::1', destination: '2001:db8::53' });
const MACS = '020000000001020000000002';
const SLL = '000000010006020000000001' + '0000';
const SLL2 = '0000' + '00000003' + '0001' + '00' + '06' + '0200000000010000';

/** An NFLOG TLV, padded to four octets. */
function tlv(type: number, value: Buffer, claims = 4 + value.length): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(claims, 0);
  header.writeUInt16LE(type, 2);
  return Buffer.concat([header, value, Buffer.alloc(-value.length & 3)]);
}

function nflog(packet: Buffer, ...before: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('02000000', 'hex'), ...before, tlv(9, packet)]);
}

const PREFIX = tlv(10, Buffer.from('prefix\0'));
const headed = (header: string) => (packet: Buffer) => Buffer.concat([Buffer.from(header, 'hex'), packet]);

/** Link type, what it is, how to wrap a packet, the versions it carries, VLAN tags. */
type Row = readonly [number, string, (packet: Buffer) => Buffer, readonly Buffer[], number?];
const ROWS: readonly Row[] = [
  [1, 'Ethernet', headed(`${MACS}0800`), [V4]],
  [1, 'Ethernet', headed(`${MACS}86dd`), [V6]],
  [1, 'a VLAN tag', headed(`${MACS}8100000a0800`), [V4], 1],
  [1, 'three VLAN tags', headed(`${MACS}88a8000a9100000b8100000c86dd`), [V6], 3],
  [1, 'forty VLAN tags', headed(`${MACS}8100${'000a8100'.repeat(39)}000a0800`), [V4], 40],
  [1, 'MPLS', headed(`${MACS}8847000111ff`), [V4, V6]],
  [1, 'MPLS of three labels, multicast', headed(`${MACS}8848000110ff000220ff000331ff`), [V4, V6]],
  [1, 'MPLS behind a VLAN tag', headed(`${MACS}8100000a8847000111ff`), [V4, V6], 1],
  [1, 'PPPoE', headed(`${MACS}88641100000100400021`), [V4]],
  [1, 'PPPoE behind two VLAN tags', headed(`${MACS}88a8000a8100000b88641100000100400057`), [V6], 2],
  [1, 'MPLS within PPPoE', headed(`${MACS}88641100000100400281000111ff`), [V4, V6]],
  [1, 'SNAP', headed(`${MACS}0040aaaa030000000800`), [V4]],
  [1, 'a VLAN tag within SNAP', headed(`${MACS}0040aaaa030000008100000a86dd`), [V6], 1],
  [1, 'SNAP behind a VLAN tag', headed(`${MACS}8100000a0040aaaa0300000086dd`), [V6], 1],
  [9, 'PPP', headed('ff030021'), [V4]],
  [9, 'PPP', headed('ff030057'), [V6]],
  [9, 'PPP without an address', headed('0021'), [V4]],
  [9, 'PPP, its protocol in one octet', headed('ff0321'), [V4]],
  [50, 'PPP, its protocol in one octet', headed('57'), [V6]],
  [50, 'MPLS within PPP', headed('ff030281000111ff'), [V4, V6]],
  [12, 'raw IP', headed(''), [V4, V6]],
  [14, 'raw IP', headed(''), [V4, V6]],
  [101, 'raw IP', headed(''), [V4, V6]],
  [228, 'raw IPv4', headed(''), [V4]],
  [229, 'raw IPv6', headed(''), [V6]],
  ...[0, 108].flatMap((type): Row[] => [
    [type, 'BSD loopback, little-endian', headed('02000000'), [V4]],
    [type, 'BSD loopback, big-endian', headed('00000002'), [V4]],
    ...[10, 24, 28, 30].flatMap((family): Row[] => {
      const hex = family.toString(16).padStart(2, '0');
      return [
        [type, `BSD loopback, family ${family}, little-endian`, headed(`${hex}000000`), [V6]],
        [type, `BSD loopback, family ${family}, big-endian`, headed(`000000${hex}`), [V6]],
      ];
    }),
    [type, 'BSD loopback with an EtherType', headed('0f000800'), [V4]],
    [type, 'BSD loopback with an EtherType', headed('000086dd'), [V6]],
  ]),
  [113, 'Linux cooked', headed(`${SLL}0800`), [V4]],
  [113, 'Linux cooked with a VLAN tag', headed(`${SLL}8100000a86dd`), [V6], 1],
  [113, 'SNAP within Linux cooked', headed(`${SLL}0004aaaa030000000800`), [V4]],
  [276, 'Linux cooked 2', headed(`0800${SLL2}`), [V4]],
  [276, 'Linux cooked 2', headed(`86dd${SLL2}`), [V6]],
  [276, 'a VLAN tag within Linux cooked 2', headed(`8100${SLL2}000a0800`), [V4], 1],
  [239, 'NFLOG', (packet) => nflog(packet), [V4, V6]],
  [
    239,
    'NFLOG behind other TLVs',
    (packet) => nflog(packet, PREFIX, tlv(1, Buffer.alloc(4)), tlv(0x8002, Buffer.alloc(1))),
    [V4, V6],
  ],
];
const CASES = ROWS.flatMap(([linkType, what, wrap, packets, vlanTags = 0]) =>
  packets.map((packet) => [linkType, `${what}, IPv${packet[0]! >> 4}`, wrap(packet), packet, vlanTags] as const),
);

const place: IpPlace = { ipStart: 0, ipLimit: 0, ipVersion: 4, vlanTags: 0, vlan: NO_TAG, macsAt: NO_ADDRESSES };
const find = (octets: Buffer, linkType: number) => findIp(octets, 0, octets.length, linkType, place);
const ethernet = (rest: string) => Buffer.from(MACS + rest, 'hex');

describe('findIp', () => {
  it.each(CASES)('link type %d: %s', (linkType, _, octets, packet, vlanTags) => {
    expect(isReadableLinkType(linkType)).toBe(true);
    expect(find(octets, linkType)).toBeUndefined();
    expect(octets.subarray(place.ipStart).subarray(0, packet.length)).toEqual(packet);
    expect(place).toMatchObject({ ipVersion: packet[0]! >> 4, vlanTags });
    const inside = Buffer.concat([Buffer.alloc(9, 0xff), octets, Buffer.alloc(300, 0x45)]);
    expect(findIp(inside, 9, 9 + octets.length, linkType, place)).toBeUndefined();
    expect(inside.subarray(place.ipStart).subarray(0, packet.length)).toEqual(packet);
  });

  it.each(CASES)(
    'link type %d: every cut of %s is told as one, whatever lies behind it',
    (linkType, _, octets, packet) => {
      const frame = new FrameView();
      const ipEnd = octets.indexOf(packet) + packet.length;
      for (let end = 0; end < ipEnd; end++) {
        expect(frame.parse(octets, 0, end, linkType)).toBe('truncated');
        const others = Buffer.concat([octets.subarray(0, end), Buffer.alloc(200, 0x45)]);
        expect(frame.parse(others, 0, end, linkType)).toBe('truncated');
      }
      expect(frame.parse(octets, 0, ipEnd, linkType)).toBeUndefined();
      expect(octets.toString('latin1', frame.payloadStart, frame.payloadEnd)).toBe('payload');
    },
  );

  it.each<[string, number, Buffer]>([
    ['ARP', 1, ethernet('08060001')],
    ['a type between lengths and EtherTypes', 1, ethernet('05dd0001')],
    ['LLC without SNAP', 1, ethernet('0040e0e0030000000800')],
    ['SNAP of another organization', 1, ethernet('0040aaaa0300000c2000')],
    ['a length within SNAP', 1, ethernet('0040aaaa030000000040aaaa030000000800')],
    ['PPPoE discovery', 1, ethernet('886311090000000000000000')],
    ['PPP link control', 1, ethernet('8864110000010040c021')],
    ['a pseudowire over MPLS', 1, ethernet('8847000111ff00000000')],
    ['IP of version 5', 101, Buffer.from([0x50])],
    ['ISO over loopback', 0, Buffer.from('0700000045', 'hex')],
    ['another family in the wrong order', 108, Buffer.from('0000000745', 'hex')],
    ['Cisco HDLC', 50, Buffer.from('0f000800', 'hex')],
    ['the netlink type of Linux cooked', 113, Buffer.from(`${SLL}0c4545`, 'hex')],
    ['a link type that is not read', 129, V4],
    ['the link type PPI', 192, V4],
    ['no link type', -1, V4],
  ])('takes %s for no IP', (_, linkType, octets) => {
    expect(find(octets, linkType)).toBe('not-ip');
  });

  it.each([0, 1, 2, 3, 0xffff, 9 + V4.length])('gives up at a TLV of length %d', (claims) => {
    expect(find(Buffer.concat([Buffer.from('02000000', 'hex'), tlv(9, V4, claims)]), 239)).toBe('truncated');
    if (claims > 3) return;
    expect(find(nflog(V4, tlv(10, Buffer.from('p'), claims)), 239)).toBe('truncated');
  });

  it('passes over the flags in the type of a TLV', () => {
    for (const type of [0x4009, 0x8009, 0xc009]) {
      expect(find(Buffer.concat([Buffer.from('02000000', 'hex'), tlv(type, V4)]), 239)).toBeUndefined();
    }
  });

  it('ends the packet where its TLV ends', () => {
    const octets = Buffer.concat([nflog(V4), tlv(10, Buffer.alloc(8))]);
    const frame = new FrameView();
    expect(frame.parse(octets, 0, octets.length, LINK_TYPE.NFLOG)).toBeUndefined();
    octets.writeUInt16BE(V4.length + 1, 8 + 2);
    expect(frame.parse(octets, 0, octets.length, LINK_TYPE.NFLOG)).toBe('truncated');
  });

  it('knows the link types that it reads', () => {
    const readable = Array.from({ length: 400 }, (_, linkType) => linkType).filter(isReadableLinkType);
    expect(readable).toEqual([0, 1, 9, 12, 14, 50, 101, 108, 113, 228, 229, 239, 276]);
  });
});

describe('findIp under fuzz', () => {
  /** What lies behind the end changes nothing, and the packet is told to lie within the frame. */
  function check(octets: Buffer, linkType: number): void {
    const alone = { ...place, ipStart: 0 };
    const problem = findIp(octets, 0, octets.length, linkType, alone);
    const inside = { ...place, ipStart: 0 };
    const larger = Buffer.concat([octets, Buffer.from(`0800${V4.toString('hex')}`, 'hex')]);
    expect(findIp(larger, 0, octets.length, linkType, inside)).toBe(problem);
    if (problem !== undefined) return;
    expect(inside).toEqual(alone);
    expect(alone.ipStart).toBeLessThanOrEqual(alone.ipLimit);
    expect(alone.ipLimit).toBeLessThanOrEqual(octets.length);
  }

  it('takes every one-octet change of every header', () => {
    for (const [linkType, , octets, packet] of CASES) {
      const changed = Buffer.from(octets);
      for (let at = 0; at <= octets.indexOf(packet); at++) {
        for (let value = 0; value < 256; value++) {
          changed[at] = value;
          checkQuietly(changed, linkType);
        }
        changed[at] = octets[at]!;
      }
    }
  });

  /** As `check`, without the cost of an assertion each. */
  function checkQuietly(octets: Buffer, linkType: number): void {
    const problem = findIp(octets, 0, octets.length, linkType, place);
    if (problem === undefined && (place.ipStart > place.ipLimit || place.ipLimit > octets.length))
      check(octets, linkType);
  }

  it('takes any octets', () => {
    const linkType = fc.constantFrom(...Object.values(LINK_TYPE));
    const word = fc.constantFrom(
      '8100',
      '8847',
      '8864',
      '0040',
      'aaaa0300',
      '0000',
      '0800',
      '86dd',
      'ff03',
      '0021',
      '0281',
    );
    const octets = fc.array(
      fc.oneof(
        word.map((hex) => Buffer.from(hex, 'hex')),
        fc.uint8Array({ maxLength: 6 }),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(linkType, octets, fc.boolean(), (type, parts, isEthernet) => {
        check(Buffer.concat([Buffer.alloc(isEthernet ? 12 : 0), ...parts]), type);
      }),
      { numRuns: 5000 },
    );
  });
});
