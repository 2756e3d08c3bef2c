import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { tcpResets } from '../../../src/packet/tcp-reset.ts';
import { describeIf } from '../../support/describe-if.ts';
import { composeFragments, composeFrame, composeSegment, type FrameFields } from '../../support/frames.ts';
import { composeSegmentFrame, FLAG, type SegmentFields } from '../../support/tcp-segments.ts';
import { readFieldsWithTshark } from '../../support/tshark-fields.ts';

const SERVER_MAC = 0x020000000001;
const CLIENT_MAC = 0x020000000002;
const QUERY: SegmentFields = {
  sequence: 1000,
  acknowledgement: 7000,
  flags: FLAG.ACK | FLAG.PSH,
  data: Buffer.alloc(31),
};
const IPV6: FrameFields = { source: '2001:db8::1', destination: '2001:db8:53::53' };

function resets(fields: SegmentFields, serverExpects?: number) {
  const octets = composeSegmentFrame(fields);
  const made = tcpResets(octets, 0, octets.length, serverExpects);
  return made === undefined ? undefined : { toServer: read(made.toServer), toClient: read(made.toClient) };
}

function read(octets: Buffer) {
  const frame = new FrameView();
  expect(frame.parse(octets, 0, octets.length)).toBeUndefined();
  expect(frame.payloadEnd).toBe(octets.length);
  expect(frame.payloadStart).toBe(frame.payloadEnd);
  return {
    from: `${formatAddress(frame.source)}:${frame.sourcePort}`,
    to: `${formatAddress(frame.destination)}:${frame.destinationPort}`,
    link: frame.link,
    tags: frame.vlanTags,
    flags: frame.tcpFlags,
    sequence: frame.tcpSequence,
    acknowledgement: octets.readUInt32BE(frame.transportStart + 8),
  };
}

describe('tcpResets', () => {
  it('makes one reset for each end, as from the other', () => {
    expect(resets(QUERY)).toEqual({
      toServer: {
        from: '192.0.2.1:40000',
        to: '198.51.100.53:53',
        link: { sourceMac: CLIENT_MAC, destinationMac: SERVER_MAC, vlan: undefined },
        tags: 0,
        flags: FLAG.RST | FLAG.ACK,
        sequence: 1000,
        acknowledgement: 7000,
      },
      toClient: {
        from: '198.51.100.53:53',
        to: '192.0.2.1:40000',
        link: { sourceMac: SERVER_MAC, destinationMac: CLIENT_MAC, vlan: undefined },
        tags: 0,
        flags: FLAG.RST,
        sequence: 7000,
        acknowledgement: 0,
      },
    });
  });

  it('gives the server the sequence number it waits for, and the client its own', () => {
    const made = resets(QUERY, 0xffff_fffe);
    expect(made?.toServer.sequence).toBe(0xffff_fffe);
    expect(made?.toClient.sequence).toBe(7000);
  });

  it('answers a SYN as a host without the connection does: the client takes nothing else', () => {
    const made = resets({ sequence: 0xffff_fffb, flags: FLAG.SYN, data: Buffer.alloc(31) });
    expect(made?.toServer).toMatchObject({ sequence: 0xffff_fffc, flags: FLAG.RST });
    expect(made?.toClient).toMatchObject({ sequence: 0, acknowledgement: 27, flags: FLAG.RST | FLAG.ACK });
  });

  it('counts a FIN in what it acknowledges', () => {
    const made = resets({ sequence: 5, flags: FLAG.FIN, data: Buffer.alloc(3) });
    expect(made?.toClient).toMatchObject({ sequence: 0, acknowledgement: 9, flags: FLAG.RST | FLAG.ACK });
  });

  it('keeps VLAN tags, all of them', () => {
    const made = resets({ ...QUERY, tags: [0x88a8, 0x8100] });
    expect(made?.toClient).toMatchObject({ tags: 2, link: { sourceMac: SERVER_MAC, vlan: 10 } });
    expect(made?.toServer).toMatchObject({ tags: 2, link: { sourceMac: CLIENT_MAC, vlan: 10 } });
  });

  it('puts a plain header before IPv6 and IPv4, whatever stood there', () => {
    const hopByHop = Buffer.from('0600010400000000', 'hex');
    const made = resets({ ...QUERY, ...IPV6, options: hopByHop, firstHeader: 0 });
    expect(made?.toClient).toMatchObject({ from: '2001:db8:53::53:53', to: '2001:db8::1:40000', sequence: 7000 });
    const routed = composeSegmentFrame({ ...QUERY, options: Buffer.from('01010101', 'hex') });
    expect(tcpResets(routed, 0, routed.length)?.toServer).toHaveLength(14 + 20 + 20);
  });

  it('marks what goes on as the client does, and what goes back as a new packet', () => {
    const ipv4 = composeSegmentFrame(QUERY);
    ipv4[15] = 0xb8;
    ipv4[22] = 3;
    const made = tcpResets(ipv4, 0, ipv4.length)!;
    expect([made.toServer[15], made.toServer[22]]).toEqual([0xb8, 3]);
    expect([made.toClient[15], made.toClient[22]]).toEqual([0, 64]);
    const ipv6 = composeSegmentFrame({ ...QUERY, ...IPV6 });
    ipv6.writeUInt32BE(0x6b8a_bcde, 14);
    ipv6[21] = 3;
    const made6 = tcpResets(ipv6, 0, ipv6.length)!;
    expect([made6.toServer.readUInt32BE(14), made6.toServer[21]]).toEqual([0x6b8a_bcde, 3]);
    expect([made6.toClient.readUInt32BE(14), made6.toClient[21]]).toEqual([0x6000_0000, 64]);
  });

  it('reads a frame in the middle of a buffer, and not what pads it', () => {
    const frame = composeSegmentFrame({ ...QUERY, padding: Buffer.alloc(6, 0xff) });
    const octets = Buffer.concat([Buffer.alloc(42, 0xff), frame, Buffer.alloc(9, 0xff)]);
    expect(tcpResets(octets, 42, 42 + frame.length)).toEqual(tcpResets(frame, 0, frame.length));
  });

  it('resets no reset, no fragment, no datagram, and nothing behind labels', () => {
    expect(resets({ ...QUERY, flags: FLAG.RST | FLAG.ACK })).toBeUndefined();
    const ends: FrameFields = { transport: 'tcp' };
    const [fragment] = composeFragments(composeSegment(Buffer.alloc(64), ends), [32], ends);
    const mpls = Buffer.concat([
      Buffer.from('0200000000010200000000028847000011ff', 'hex'),
      composeSegmentFrame(QUERY).subarray(14),
    ]);
    for (const octets of [fragment!, composeFrame(Buffer.alloc(20)), mpls]) {
      expect(tcpResets(octets, 0, octets.length)).toBeUndefined();
    }
  });

  it('never throws: every truncation, every octet changed', () => {
    for (const fields of [QUERY, { ...QUERY, ...IPV6 }, { ...QUERY, tags: [0x8100] }]) {
      const octets = composeSegmentFrame(fields);
      for (let end = 0; end < octets.length; end++) expect(tcpResets(octets, 0, end)).toBeUndefined();
      for (let at = 0; at < octets.length; at++) {
        for (const value of [0, 1, 0x7f, 0xff, octets[at]! ^ 0x80]) {
          const changed = Buffer.from(octets);
          changed[at] = value;
          tcpResets(changed, 0, changed.length);
        }
      }
    }
  });

  it('never throws on any octets', () => {
    const start = Buffer.from('020000000001020000000002', 'hex');
    const type = fc.constantFrom('0800', '86dd', '8100000a0800').map((hex) => Buffer.from(hex, 'hex'));
    fc.assert(
      fc.property(type, fc.uint8Array({ maxLength: 120 }), (etherType, rest) => {
        const octets = Buffer.concat([start, etherType, rest]);
        tcpResets(octets, 0, octets.length);
      }),
    );
  });
});

describeIf(['tshark'], 'tcpResets, read by tshark', () => {
  it('has right checksums and lengths', () => {
    const families: readonly FrameFields[] = [{}, IPV6, { tags: [0x8100] }, { ...IPV6, tags: [0x88a8, 0x8100] }];
    const numbers = fc.sample(fc.nat(0xffff_ffff), { numRuns: 40, seed: 7 });
    const frames = families.flatMap((family) =>
      numbers.flatMap((number, index) => {
        const octets = composeSegmentFrame({ ...QUERY, ...family, sequence: number, acknowledgement: ~number >>> 0 });
        const made = tcpResets(octets, 0, octets.length, (number + index) >>> 0)!;
        return [made.toServer, made.toClient];
      }),
    );
    const fields = ['ip.checksum.status', 'tcp.checksum.status', 'tcp.flags.reset', '_ws.malformed'];
    const rows = readFieldsWithTshark(frames, fields);
    expect(rows).toHaveLength(frames.length);
    const good = '1';
    for (const [ip, tcp, reset, malformed] of rows) {
      // IPv6 has no checksum of its own.
      expect([good, '']).toContain(ip);
      expect([tcp, reset, malformed]).toEqual([good, '1', '']);
    }
    expect(rows.filter(([ip]) => ip === good)).toHaveLength(frames.length / 2);
  });
});
