/** Random frames of the world of random-matches.ts. */
import fc from 'fast-check';
import { composeFragment, composeFrame, type FrameFields } from '../frames.ts';
import { WORLD } from './random-matches.ts';

const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const octets = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex');
const address = (text: string) => Buffer.from(text.split('.').map(Number));

const ends = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(pick(WORLD.ipv4), pick(WORLD.ipv4)) },
  { weight: 2, arbitrary: fc.tuple(pick(WORLD.ipv6), pick(WORLD.ipv6)) },
);

const network = fc
  .record({
    ends,
    transport: pick(['udp', 'udp', 'tcp', 'icmp', 'other'] as const),
    sourcePort: pick(WORLD.transportPorts),
    destinationPort: pick(WORLD.transportPorts),
    fragment: fc.constantFrom('no', 'no', 'no', 'first', 'later'),
    ttl: pick([64, 64, 2, 1]),
    dscp: pick(WORLD.dscps),
    icmpType: pick([0, 8, 128]),
    label: pick([0, 5]),
  })
  .map(({ ends: [source, destination], transport, fragment, ttl, dscp, icmpType, label, ...ports }) => {
    const isIpv6 = source.includes(':');
    const protocol =
      transport === 'icmp' ? { protocol: isIpv6 ? 58 : 1 } : transport === 'other' ? { protocol: 200 } : {};
    const fields: FrameFields = {
      source,
      destination,
      ...ports,
      ...(transport === 'tcp' ? { transport } : {}),
      ...protocol,
    };
    const whole = composeFrame(Buffer.alloc(24, 1), fields);
    const payloadAt = 14 + (isIpv6 ? 40 : 20);
    if (transport === 'icmp') whole.set([icmpType, 0], payloadAt);
    const frame = fragment === 'no' ? whole : inPieces(whole.subarray(payloadAt), fragment === 'later', fields);
    if (isIpv6) frame.writeUInt32BE(((6 << 28) | (dscp << 22) | label) >>> 0, 14);
    else frame[15] = dscp << 2;
    frame[isIpv6 ? 21 : 22] = ttl;
    return frame;
  });

function inPieces(segment: Buffer, isLater: boolean, fields: FrameFields): Buffer {
  return isLater
    ? composeFragment(segment.subarray(16), 16, false, fields)
    : composeFragment(segment.subarray(0, 16), 0, true, fields);
}

const arp = fc
  .record({ operation: pick([1, 2]), sender: pick(WORLD.ipv4), target: pick(WORLD.ipv4), mac: pick(WORLD.macs) })
  .map(({ operation, sender, target, mac }) => {
    const header = Buffer.from('020000000001020000000002080600010800060400', 'hex');
    const parts = [Buffer.from([operation]), octets(mac), address(sender), Buffer.alloc(6), address(target)];
    return Buffer.concat([header, ...parts, Buffer.alloc(18)]);
  });

/** An EtherType that nobody knows, and a frame of IEEE 802.3 with a length. */
const other = fc.constantFrom('88b5', '0026').map((type) => {
  return Buffer.concat([Buffer.from(`020000000001020000000002${type}`, 'hex'), Buffer.alloc(46)]);
});

export interface Arrival {
  readonly frame: Buffer;
  readonly inPort: number;
}

export const randomArrival: fc.Arbitrary<Arrival> = fc
  .record({
    untagged: fc.oneof(
      { weight: 8, arbitrary: network },
      { weight: 2, arbitrary: arp },
      { weight: 1, arbitrary: other },
    ),
    tag: fc.option(pick(WORLD.vlans), { freq: 1 }),
    to: pick(WORLD.macs),
    from: pick(WORLD.macs),
    inPort: pick(WORLD.inPorts),
  })
  .map(({ untagged, tag, to, from, inPort }) => {
    const addresses = Buffer.concat([octets(to), octets(from)]);
    const tags = tag === null ? Buffer.alloc(0) : Buffer.from([0x81, 0, 0x60, tag]);
    return { frame: Buffer.concat([addresses, tags, untagged.subarray(12)]), inPort };
  });
