import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { LINK_TYPE } from '../../../src/packet/link-layer.ts';
import { captureFrames, captureVectors } from '../../support/capture-vectors.ts';
import { composeFrame, composePacket, composeSegment, type FrameFields } from '../../support/frames.ts';
import { readPcapFile } from '../../support/pcap-file.ts';

const PAYLOAD = Buffer.from('payload');
const V6: FrameFields = { source: '2001:db8::1', destination: '2001:db8::53' };
const frame = new FrameView();

function parse(octets: Buffer): ReturnType<FrameView['parse']> {
  return frame.parse(octets, 0, octets.length);
}

function payloadOf(octets: Buffer): string {
  return octets.toString('latin1', frame.payloadStart, frame.payloadEnd);
}

/** IPv6 extension headers, chained; the last one leads to `next`. */
function extensionHeaders(types: readonly number[], next: number, fragmentField = 0): FrameFields {
  const headers = types.map((type, index) => {
    const header = Buffer.alloc(type === 44 || index % 2 === 0 ? 8 : 16);
    header.writeUInt8(types[index + 1] ?? next, 0);
    if (type === 44) header.writeUInt16BE(fragmentField, 2);
    else header.writeUInt8(header.length / 8 - 1, 1);
    return header;
  });
  return { ...V6, options: Buffer.concat(headers), firstHeader: types[0] ?? next };
}

describe('FrameView', () => {
  it('reads UDP over IPv4', () => {
    const octets = composeFrame(PAYLOAD);
    expect(parse(octets)).toBeUndefined();
    expect(frame).toMatchObject({ vlanTags: 0, ipVersion: 4, protocol: 17, fragment: 'none', tcpFlags: 0 });
    expect([formatAddress(frame.source), frame.sourcePort]).toEqual(['192.0.2.1', 40000]);
    expect([formatAddress(frame.destination), frame.destinationPort]).toEqual(['198.51.100.53', 53]);
    expect(payloadOf(octets)).toBe('payload');
  });

  it('reads TCP over IPv6, options and flags', () => {
    const octets = composeFrame(PAYLOAD, { ...V6, transport: 'tcp', tcpFlags: 0x12 });
    expect(parse(octets)).toBeUndefined();
    expect(frame).toMatchObject({ ipVersion: 6, protocol: 6, tcpFlags: 0x12, destinationPort: 53 });
    expect(formatAddress(frame.source)).toBe('2001:db8::1');
    expect(payloadOf(octets)).toBe('payload');
  });

  it('shows the hardware addresses and the outermost VLAN', () => {
    const macs = 'fedcba987654' + '02005e000001';
    expect(parse(composeFrame(PAYLOAD, { macs }))).toBeUndefined();
    expect(frame.link).toEqual({ destinationMac: 0xfedcba987654, sourceMac: 0x02005e000001, vlan: undefined });
    const tagged = composeFrame(PAYLOAD, { macs, tags: [0x88a8, 0x8100] });
    // Priority 7, drop eligible, VLAN 4094; the inner tag is of another one.
    tagged.writeUInt16BE(0xfffe, 14);
    expect(parse(tagged)).toBeUndefined();
    expect(frame.link).toEqual({ destinationMac: 0xfedcba987654, sourceMac: 0x02005e000001, vlan: 4094 });
    expect(parse(composeFrame(PAYLOAD))).toBeUndefined();
    expect(frame.link?.vlan).toBeUndefined();
    const packet = composePacket(composeSegment(PAYLOAD));
    expect(frame.parse(packet, 0, packet.length, LINK_TYPE.RAW)).toBeUndefined();
    expect(frame.link).toBeUndefined();
  });

  it('reads any number of VLAN tags of any kind', () => {
    const kinds = [0x88a8, 0x8100, 0x9100, 0x8100, 0x8100];
    for (let count = 0; count <= kinds.length; count++) {
      const octets = composeFrame(PAYLOAD, { tags: kinds.slice(0, count) });
      expect(parse(octets)).toBeUndefined();
      expect(frame.vlanTags).toBe(count);
      expect(payloadOf(octets)).toBe('payload');
    }
  });

  it('takes lengths from the headers, not from the frame', () => {
    for (const fields of [{}, V6, { transport: 'tcp' as const }]) {
      const octets = composeFrame(PAYLOAD, { ...fields, padding: Buffer.alloc(18, 0xee) });
      expect(parse(octets)).toBeUndefined();
      expect(payloadOf(octets)).toBe('payload');
    }
  });

  it('takes the UDP length where it is shorter than the datagram', () => {
    const octets = composeFrame(PAYLOAD);
    octets.writeUInt16BE(8 + 3, 14 + 20 + 4);
    expect(parse(octets)).toBeUndefined();
    expect(payloadOf(octets)).toBe('pay');
    octets.writeUInt16BE(8, 14 + 20 + 4);
    expect(parse(octets)).toBeUndefined();
    expect(payloadOf(octets)).toBe('');
    for (const bad of [0, 7, 8 + 8]) {
      octets.writeUInt16BE(bad, 14 + 20 + 4);
      expect(parse(octets)).toBe('bad-length');
    }
  });

  it('passes over IPv4 options', () => {
    const octets = composeFrame(PAYLOAD, { options: Buffer.alloc(40, 1) });
    expect(parse(octets)).toBeUndefined();
    expect(payloadOf(octets)).toBe('payload');
  });

  it.each([
    ['first', 0x2000, 53],
    ['later', 0x2001, 0],
    ['later', 0x00b9, 0],
    ['none', 0x4000, 53],
  ])('tells fragments of IPv4: %s', (fragment, fragmentField, port) => {
    expect(parse(composeFrame(PAYLOAD, { fragmentField }))).toBeUndefined();
    expect(frame).toMatchObject({ fragment, destinationPort: port });
  });

  it('takes a UDP length beyond a first fragment, which ends with the fragment', () => {
    const octets = composeFrame(PAYLOAD, { fragmentField: 0x2000 });
    octets.writeUInt16BE(3000, 14 + 20 + 4);
    expect(parse(octets)).toBeUndefined();
    expect(payloadOf(octets)).toBe('payload');
  });

  it.each([
    ['first', 0x0001, 53],
    ['later', 0x0008, 0],
    ['none', 0x0000, 53],
  ])('tells fragments of IPv6: %s', (fragment, field, port) => {
    expect(parse(composeFrame(PAYLOAD, extensionHeaders([0, 44, 60], 17, field)))).toBeUndefined();
    expect(frame).toMatchObject({ fragment, destinationPort: port, protocol: fragment === 'later' ? 60 : 17 });
  });

  it('passes over eight IPv6 extension headers and no more', () => {
    const octets = composeFrame(PAYLOAD, extensionHeaders([0, 60, 43, 44, 60, 60, 60, 60], 17));
    expect(parse(octets)).toBeUndefined();
    expect(frame.extensionHeaders).toBe(8);
    expect(payloadOf(octets)).toBe('payload');
    expect(parse(composeFrame(PAYLOAD, extensionHeaders([0, 60, 43, 44, 60, 60, 60, 60, 60], 17)))).toBe(
      'too-many-headers',
    );
  });

  it('stays with the outer one of two fragment headers, and reads no fragment within a datagram put together', () => {
    const headers = extensionHeaders([44, 44], 17, 0x0001);
    const octets = composeFrame(PAYLOAD, headers);
    octets.writeUInt32BE(7, 14 + 40 + 4);
    // The inner one is whole by itself.
    octets.writeUInt16BE(0, 14 + 40 + 8 + 2);
    expect(parse(octets)).toBeUndefined();
    expect(frame).toMatchObject({ fragment: 'first', fragmentId: 7, fragmentProtocol: 44, destinationPort: 53 });
    const inner = Buffer.from(octets.subarray(frame.fragmentStart, frame.fragmentEnd));
    expect(frame.parseReassembled(inner, 44)).toBeUndefined();
    expect(payloadOf(inner)).toBe('payload');
    inner.writeUInt16BE(1, 2);
    expect(frame.parseReassembled(inner, 44)).toBe('too-many-headers');
  });

  it('reads on in a datagram put together, and keeps the addresses', () => {
    for (const fields of [{}, V6]) {
      parse(composeFrame(Buffer.alloc(1), { ...fields, destinationPort: 9 }));
      const addresses = [frame.source, frame.destination];
      const segment = composeSegment(PAYLOAD);
      expect(frame.parseReassembled(segment, 17)).toBeUndefined();
      expect(payloadOf(segment)).toBe('payload');
      expect(frame).toMatchObject({ fragment: 'none', destinationPort: 53 });
      expect([frame.source, frame.destination]).toEqual(addresses);
      for (let end = 0; end < segment.length; end++) {
        expect(frame.parseReassembled(segment.subarray(0, end), 17)).toBe('bad-length');
      }
    }
  });

  it('gives the protocol of what is neither UDP nor TCP, and no ports', () => {
    const octets = composeFrame(PAYLOAD, { ...V6, firstHeader: 58 });
    expect(parse(octets)).toBeUndefined();
    expect(frame).toMatchObject({ protocol: 58, sourcePort: 0, destinationPort: 0 });
  });

  it.each([
    ['ARP', 'not-ip', 12, 0x0806],
    ['IPv6 behind the EtherType of IPv4', 'bad-version', 14, 0x6500],
    ['an IPv4 header of 16 octets', 'bad-length', 14, 0x4400],
    ['a total length below the header', 'bad-length', 16, 19],
    ['a total length that ends within the UDP header', 'bad-length', 16, 27],
    ['a total length beyond the capture', 'truncated', 16, 100],
  ] as const)('refuses %s: %s', (_, problem, at, value) => {
    const octets = composeFrame(PAYLOAD);
    octets.writeUInt16BE(value, at);
    expect(parse(octets)).toBe(problem);
  });

  it('refuses TCP header lengths below 20 octets and beyond the segment', () => {
    const octets = composeFrame(PAYLOAD, { transport: 'tcp' });
    for (const words of [0, 4, 15]) {
      octets.writeUInt8(words << 4, 14 + 20 + 12);
      expect(parse(octets)).toBe('bad-length');
    }
  });

  it('reports every cut as truncated', () => {
    for (const fields of [
      {},
      { tags: [0x8100, 0x8100] },
      V6,
      { ...V6, transport: 'tcp' as const },
      extensionHeaders([0, 43], 17),
    ]) {
      const octets = composeFrame(PAYLOAD, fields);
      for (let end = 0; end < octets.length; end++) expect(frame.parse(octets, 0, end)).toBe('truncated');
      expect(parse(octets)).toBeUndefined();
    }
  });

  it('reads a frame anywhere in a buffer', () => {
    const octets = Buffer.concat([Buffer.alloc(11, 0xff), composeFrame(PAYLOAD), Buffer.alloc(5, 0xff)]);
    expect(frame.parse(octets, 11, octets.length - 5)).toBeUndefined();
    expect(payloadOf(octets)).toBe('payload');
  });

  it.each(['ip4-trunc', 'ip6-trunc', 'ipv4-truncated-broken-header'])('survives the capture %s', (name) => {
    const problems = captureFrames(`zeek/${name}.pcap`).map(parse);
    expect(problems).toEqual(problems.map(() => expect.stringMatching(/truncated|bad-length/)));
    expect(problems.length).toBeGreaterThan(0);
  });

  it('reads the tags of real captures', () => {
    const tags = (name: string) => {
      const counts = captureFrames(name).map((octets) => (parse(octets) === undefined ? frame.vlanTags : -1));
      return [...new Set(counts)].filter((count) => count >= 0).sort();
    };
    expect(tags('dnscap/vlan11.pcap')).toEqual([1]);
    expect(tags('zeek/q-in-q.pcap')).toEqual([2]);
    expect(tags('zeek/vlan-qinqinq.pcap')).toEqual([3]);
  });
});

describe('FrameView under fuzz', () => {
  const real = captureVectors().flatMap(({ path }) => readPcapFile(path).packets.map(({ octets }) => octets));

  /** The offsets stay within the frame, whatever it says. */
  function check(octets: Buffer): void {
    const problem = parse(octets);
    if (frame.fragment !== 'none') {
      expect(frame.fragmentStart).toBeLessThanOrEqual(frame.fragmentEnd);
      expect(frame.fragmentEnd).toBeLessThanOrEqual(octets.length);
    }
    if (problem !== undefined) return;
    expect(frame.payloadStart).toBeGreaterThan(0);
    expect(frame.payloadStart).toBeLessThanOrEqual(frame.payloadEnd);
    expect(frame.payloadEnd).toBeLessThanOrEqual(octets.length);
  }

  it('takes any octets', () => {
    const etherTypes = fc.constantFrom('0800', '86dd', '81000001', '88a8');
    fc.assert(
      fc.property(etherTypes, fc.uint8Array({ maxLength: 200 }), (etherType, tail) => {
        check(Buffer.concat([Buffer.alloc(12), Buffer.from(etherType, 'hex'), tail]));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes real frames with some octets changed and the end cut', () => {
    const change = fc.tuple(fc.nat(80), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...real),
        fc.array(change, { maxLength: 4 }),
        fc.nat(40),
        (original, changes, cut) => {
          const octets = Buffer.from(original.subarray(0, original.length - (cut % 2) * cut));
          for (const [at, value] of changes) if (at < octets.length) octets[at] = value;
          check(octets);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('takes every one-octet change of a frame with extension headers', () => {
    const octets = composeFrame(PAYLOAD, { ...extensionHeaders([0, 44], 17), tags: [0x8100] });
    for (let at = 0; at < octets.length; at++) {
      const original = octets[at]!;
      for (let value = 0; value < 256; value++) {
        octets[at] = value;
        check(octets);
      }
      octets[at] = original;
    }
  });
});
