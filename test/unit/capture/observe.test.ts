import * as dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { type CaptureCounter, type DirectionSign, Observer } from '../../../src/capture/observe.ts';
import { formatAddress, parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { Counters } from '../../../src/core/counters.ts';
import { formatName } from '../../../src/dns/name.ts';
import type { DnsObservation, DnsResponse } from '../../../src/dns/observation.ts';
import { CollectedObservations } from '../../support/collected-observations.ts';
import { composeAnswer, composeQuery, REFERRAL } from '../../support/dns-messages.ts';
import {
  composeFragment,
  composeFragments,
  composeFrame,
  composeIpFrame,
  composePacket,
  composeSegment,
  type FrameFields,
  withTcpLength,
} from '../../support/frames.ts';

const QUERY = composeQuery('www.example.org');
const ANSWER = composeAnswer('www.example.org', '203.0.113.7');
const INBOUND: FrameFields = {
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 53,
  destinationPort: 40000,
};

const INBOUND_V6: FrameFields = { ...INBOUND, source: '2001:db8::53', destination: '2001:db8::1' };

/** Feeds frames to an observer of its own; what waits is given at the end. */
function observeAll(frames: readonly Buffer[], direction: DirectionSign, inside: readonly string[] = [], linkType = 1) {
  const counters = new Counters<CaptureCounter>();
  const collected = new CollectedObservations();
  const insideNetworks = inside.map((text) => parseNetwork(text)!);
  const observer = new Observer(counters, collected.writer, { insideNetworks });
  for (const octets of frames) observer.observe(octets, 0, octets.length, 1234.5, direction, linkType);
  observer.finish();
  const { frames: frameCount, ...counted } = counters.snapshot();
  expect(frameCount).toBe(frames.length);
  return { observations: collected.all, counted };
}

function observeOne(octets: Buffer, direction: DirectionSign, inside: readonly string[] = []) {
  const { observations, counted } = observeAll([octets], direction, inside);
  expect(observations.length).toBeLessThan(2);
  return { observation: observations[0], counted };
}

describe('Observer', () => {
  it('sees a query that leaves', () => {
    const { observation, counted } = observeOne(composeFrame(QUERY), 'outbound');
    expect(observation).toEqual({
      kind: 'query',
      link: { mac: 0x020000000002, vlan: undefined },
      atMs: 1234.5,
      transport: 'udp',
      client: parseAddress('192.0.2.1'),
      clientPort: 40000,
      server: parseAddress('198.51.100.53'),
      serverPort: 53,
      id: 0x1234,
      question: { name: '\x03www\x07example\x03org\0', type: 1, class: 1 },
    });
    expect(counted).toEqual({ queries: 1 });
  });

  it('sees a response that comes in, client and server turned around', () => {
    const { observation, counted } = observeOne(composeFrame(ANSWER, INBOUND), 'inbound');
    expect(observation).toMatchObject({
      kind: 'response',
      transport: 'udp',
      client: parseAddress('192.0.2.1'),
      clientPort: 40000,
      server: parseAddress('198.51.100.53'),
      serverPort: 53,
      rcode: 0,
      truncated: false,
      nameServers: [],
      additional: [],
    });
    expect((observation as DnsResponse).answers.map((r) => formatAddress(r.address))).toEqual(['203.0.113.7']);
    expect(counted).toEqual({ responses: 1 });
  });

  it('gives the records of a referral', () => {
    const { observation } = observeOne(composeFrame(dnsPacket.encode(REFERRAL), INBOUND), 'inbound');
    const response = observation as DnsResponse;
    expect([response.nameServers.length, response.answers.length, response.additional.length]).toEqual([2, 0, 3]);
  });

  it('reads one whole message in a TCP segment', () => {
    const query = observeOne(composeFrame(withTcpLength(QUERY), { transport: 'tcp' }), 'outbound');
    expect(query.observation).toMatchObject({ kind: 'query', transport: 'tcp' });
    const response = observeOne(composeFrame(withTcpLength(ANSWER), { ...INBOUND, transport: 'tcp' }), 'inbound');
    expect(response.observation).toMatchObject({ kind: 'response', transport: 'tcp' });
    expect(response.counted).toEqual({ responses: 1 });
  });

  it.each<[string, Buffer, FrameFields, 'outbound' | 'inbound', CaptureCounter]>([
    ['a query that comes in', QUERY, {}, 'inbound', 'wrong-way'],
    ['a response that leaves', ANSWER, INBOUND, 'outbound', 'wrong-way'],
    ['a response to port 53 that leaves', ANSWER, {}, 'outbound', 'wrong-way'],
    ['a query from port 53 that comes in', QUERY, INBOUND, 'inbound', 'wrong-way'],
    ['another port', QUERY, { destinationPort: 5353 }, 'outbound', 'not-dns'],
    ['ICMPv6', QUERY, { source: '2001:db8::1', destination: '2001:db8::2', firstHeader: 58 }, 'outbound', 'not-dns'],
    [
      'a first fragment',
      Buffer.concat([QUERY, Buffer.alloc(-QUERY.length & 7)]),
      { fragmentField: 0x2000 },
      'outbound',
      'fragments',
    ],
    ['a later fragment', QUERY, { fragmentField: 0x0010 }, 'outbound', 'fragments'],
    ['a TCP segment without payload', Buffer.alloc(0), { transport: 'tcp' }, 'outbound', 'tcp-control'],
    ['half a TCP length', Buffer.from([0]), { transport: 'tcp' }, 'outbound', 'tcp unsynchronised'],
    ['the middle of a TCP stream', Buffer.alloc(99), { transport: 'tcp' }, 'outbound', 'tcp unsynchronised'],
    ['NOTIFY', Buffer.from(QUERY).fill(0x20, 2, 3), {}, 'outbound', 'other-opcode'],
    ['a response to UPDATE', Buffer.from(ANSWER).fill(0xa8, 2, 3), INBOUND, 'inbound', 'other-opcode'],
    ['an empty datagram', Buffer.alloc(0), {}, 'outbound', 'dns-short-header'],
    ['a cut answer', ANSWER.subarray(0, -1), INBOUND, 'inbound', 'dns-record-overrun'],
  ])('counts and ignores %s', (_, payload, fields, direction, counter) => {
    const { observation, counted } = observeOne(composeFrame(payload, fields), direction);
    expect(observation).toBeUndefined();
    expect(counted).toEqual({ [counter]: 1 });
  });

  it('counts frames it cannot read, by problem', () => {
    expect(observeOne(Buffer.alloc(10), 'outbound').counted).toEqual({ 'frame-truncated': 1 });
    expect(observeOne(Buffer.alloc(60), 'outbound').counted).toEqual({ 'frame-not-ip': 1 });
  });

  it('tells the direction from the source where the interface does not', () => {
    const inside = ['192.0.2.0/24', '2001:db8:1::/48'];
    expect(observeOne(composeFrame(QUERY), 'by-source', inside).observation?.kind).toBe('query');
    expect(observeOne(composeFrame(ANSWER, INBOUND), 'by-source', inside).observation?.kind).toBe('response');
    const fromOutside = composeFrame(QUERY, { source: '203.0.113.9' });
    expect(observeOne(fromOutside, 'by-source', inside).counted).toEqual({ 'wrong-way': 1 });
    expect(observeOne(composeFrame(QUERY), 'by-source').counted).toEqual({ 'wrong-way': 1 });
  });

  it('keeps nothing of the buffer', () => {
    const octets = composeFrame(dnsPacket.encode(REFERRAL), INBOUND);
    const { observation } = observeOne(octets, 'inbound');
    const copy = structuredClone(observation);
    octets.fill(0xff);
    expect(observation).toEqual(copy);
  });
});

const MANY = Array.from({ length: 12 }, (_, index) => composeAnswer(`n${index}.example.org`, '203.0.113.7', index));

describe('Observer on the link', () => {
  const macs = '020000000011' + '020000000022';

  it.each<['query' | 'response', Buffer, FrameFields, 'outbound' | 'inbound', number]>([
    ['query', QUERY, {}, 'outbound', 0x020000000022],
    ['response', ANSWER, INBOUND, 'inbound', 0x020000000011],
    ['query', QUERY, { source: '2001:db8::1', destination: '2001:db8::53' }, 'outbound', 0x020000000022],
    ['response', ANSWER, INBOUND_V6, 'inbound', 0x020000000011],
  ])('gives the station on the inside of a %s, and its VLAN', (kind, payload, fields, direction, mac) => {
    for (const transport of ['udp', 'tcp'] as const) {
      const message = transport === 'tcp' ? withTcpLength(payload) : payload;
      const plain = observeOne(composeFrame(message, { ...fields, transport, macs }), direction);
      expect(plain.observation).toMatchObject({ kind, transport, link: { mac, vlan: undefined } });
      expect(plain.observation?.client).toBe(
        parseAddress(kind === 'query' ? (fields.source ?? '192.0.2.1') : (fields.destination ?? '')),
      );
      const tagged = observeOne(
        composeFrame(message, { ...fields, transport, macs, tags: [0x88a8, 0x8100] }),
        direction,
      );
      expect(tagged.observation).toMatchObject({ kind, transport, link: { mac, vlan: 10 } });
    }
  });

  it('joins the segments of a stream that come by several routers, and none of another station', () => {
    const message = withTcpLength(ANSWER);
    const tcp = { ...INBOUND, transport: 'tcp' as const };
    const segment = (from: number, to: number, stations: string) =>
      composeFrame(message.subarray(from, to), { ...tcp, tcpSequence: from, macs: stations });
    const [first, second] = ['020000000011' + '0200000000a1', '020000000011' + '0200000000a2'];
    const joined = observeAll([segment(0, 30, first), segment(30, message.length, second)], 'inbound');
    expect(joined.observations).toMatchObject([{ kind: 'response', link: { mac: 0x020000000011 } }]);
    const other = '020000000012' + '0200000000a1';
    expect(observeAll([segment(0, 30, first), segment(30, message.length, other)], 'inbound').observations).toEqual([]);
  });

  it('gives none where frames have no hardware addresses', () => {
    const { observations } = observeAll([composePacket(composeSegment(QUERY))], 'outbound', [], 101);
    expect(observations.length).toBe(1);
    expect(observations[0]).not.toHaveProperty('link');
  });
});

describe('Observer on messages without frames', () => {
  const ends = {
    source: parseAddress('198.51.100.53')!,
    sourcePort: 53,
    destination: parseAddress('192.0.2.1')!,
    destinationPort: 40_000,
  };

  it.each(['udp', 'tcp'] as const)('sees what a frame would show, but for the link: %s', (transport) => {
    const counters = new Counters<CaptureCounter>();
    const collected = new CollectedObservations();
    const observer = new Observer(counters, collected.writer);
    const octets = Buffer.concat([Buffer.alloc(5, 0xff), ANSWER, Buffer.alloc(5, 0xff)]);
    observer.message(ends, transport, octets, 5, 5 + ANSWER.length, 1234.5, 'inbound');
    const message = transport === 'tcp' ? withTcpLength(ANSWER) : ANSWER;
    const framed = observeOne(composeFrame(message, { ...INBOUND, transport }), 'inbound').observation;
    expect(collected.all.map((observation) => ({ ...observation, link: framed?.link }))).toEqual([framed]);
    expect(collected.all[0]).not.toHaveProperty('link');
    expect(counters.snapshot()).toEqual({ responses: 1 });
  });

  it('counts what is no lookup of the inside', () => {
    const counters = new Counters<CaptureCounter>();
    const collected = new CollectedObservations();
    const observer = new Observer(counters, collected.writer);
    observer.message(ends, 'udp', ANSWER, 0, ANSWER.length, 0, 'outbound');
    observer.message(ends, 'udp', QUERY, 0, QUERY.length, 0, 'inbound');
    observer.message(ends, 'udp', ANSWER, 0, ANSWER.length - 1, 0, 'inbound');
    expect(collected.all).toEqual([]);
    expect(counters.snapshot()).toEqual({ 'wrong-way': 2, 'dns-record-overrun': 1 });
  });
});

describe('Observer on fragments', () => {
  it.each([INBOUND, INBOUND_V6])('puts a response together, in any order: %o', (fields) => {
    const pieces = composeFragments(composeSegment(ANSWER, fields), [16, 32], fields);
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const { observations, counted } = observeAll(
        order.map((index) => pieces[index]!),
        'inbound',
      );
      expect(observations).toMatchObject([
        {
          kind: 'response',
          transport: 'udp',
          client: parseAddress(fields.destination!),
          clientPort: 40000,
          server: parseAddress(fields.source!),
        },
      ]);
      expect(counted).toEqual({ fragments: 3, responses: 1 });
    }
  });

  it('reads a first fragment that hides its ports once the rest is there', () => {
    const pieces = composeFragments(composeSegment(ANSWER, { ...INBOUND, transport: 'tcp' }), [8], INBOUND);
    expect(observeAll(pieces, 'inbound').observations).toEqual([]);
    const tcp = { ...INBOUND, transport: 'tcp' as const };
    const hidden = composeFragments(composeSegment(withTcpLength(ANSWER), tcp), [8], tcp);
    expect(observeAll(hidden, 'inbound').observations).toMatchObject([{ kind: 'response', transport: 'tcp' }]);
  });

  it('puts nothing together that came different ways', () => {
    const [first, second] = composeFragments(composeSegment(ANSWER, INBOUND), [16], INBOUND);
    const collected = new CollectedObservations();
    const observer = new Observer(new Counters<CaptureCounter>(), collected.writer);
    observer.observe(second!, 0, second!.length, 0, 'outbound');
    observer.observe(first!, 0, first!.length, 0, 'inbound');
    expect(collected.all).toEqual([]);
    observer.observe(second!, 0, second!.length, 0, 'inbound');
    expect(collected.all.length).toBe(1);
  });

  it('puts a datagram together that was cut with an extension header before its transport header', () => {
    const options = Buffer.from('1100010400000000', 'hex');
    const datagram = Buffer.concat([options, composeSegment(ANSWER, INBOUND_V6)]);
    const pieces = composeFragments(datagram, [24, 40], { ...INBOUND_V6, protocol: 60 });
    for (const frames of [pieces, pieces.toReversed()]) {
      expect(observeAll(frames, 'inbound').counted).toEqual({ fragments: 3, responses: 1 });
    }
  });

  it('holds nothing of datagrams that can be no DNS', () => {
    const counters = new Counters<CaptureCounter>();
    const reassembly = { datagrams: 1, bytes: 10_000, timeMs: 1000 };
    const observer = new Observer(counters, new CollectedObservations().writer, { reassembly });
    const see = (octets: Buffer) => observer.observe(octets, 0, octets.length, 0, 'inbound');
    for (let identification = 1; identification < 5; identification++) {
      see(composeFragment(Buffer.alloc(16), 16, true, { ...INBOUND, protocol: 1, identification }));
      const other = { ...INBOUND, sourcePort: 443, identification };
      see(composeFragment(composeSegment(Buffer.alloc(8), other), 0, true, other));
    }
    expect(counters.snapshot()).toEqual({ frames: 8, fragments: 8 });
    for (let identification = 1; identification < 5; identification++) {
      see(composeFragment(Buffer.alloc(16), 16, true, { ...INBOUND, identification }));
    }
    expect(counters.get('fragments pushed out')).toBe(3);
  });

  it('counts those that overlap and teaches nothing', () => {
    const segment = composeSegment(ANSWER, INBOUND);
    const frames = [
      composeFragment(segment.subarray(0, 32), 0, true, INBOUND),
      composeFragment(segment.subarray(24, 40), 24, true, INBOUND),
      composeFragment(segment.subarray(32), 32, false, INBOUND),
    ];
    expect(observeAll(frames, 'inbound')).toEqual({
      observations: [],
      counted: { fragments: 3, 'fragments overlapping': 1 },
    });
  });

  it.each<[string, FrameFields]>([
    ['another port', { ...INBOUND, sourcePort: 443 }],
    ['ICMP', { ...INBOUND, protocol: 1 }],
    ['ICMPv6', { ...INBOUND_V6, protocol: 58 }],
  ])('teaches nothing of fragments of %s', (_, fields) => {
    const pieces = composeFragments(composeSegment(ANSWER, fields), [16, 32], fields);
    const { observations, counted } = observeAll([...pieces, ...pieces.toReversed()], 'inbound');
    expect(observations).toEqual([]);
    expect(counted.responses).toBeUndefined();
  });
});

describe('Observer on TCP streams', () => {
  const TCP: FrameFields = { ...INBOUND, transport: 'tcp' };
  const stream = Buffer.concat(MANY.map(withTcpLength));
  const names = (observations: readonly DnsObservation[]) =>
    observations.map(({ question }) => formatName(question.name));
  const expected = MANY.map((_, index) => `n${index}.example.org`);

  function segments(size: number, tcpSequence = 5): Buffer[] {
    return Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
      composeFrame(stream.subarray(index * size, (index + 1) * size), {
        ...TCP,
        tcpSequence: tcpSequence + index * size,
      }),
    );
  }

  it.each([3, 7, 100, 1460])('gives many messages of segments of %d octets, in order and not', (size) => {
    const syn = composeFrame(Buffer.alloc(0), { ...TCP, tcpFlags: 0x12, tcpSequence: 4 });
    for (const frames of [segments(size), segments(size).toReversed()]) {
      const { observations, counted } = observeAll([syn, ...frames], 'inbound');
      expect(names(observations)).toEqual(expected);
      expect(counted).toEqual({ 'tcp-control': 1, responses: 12 });
    }
  });

  it('gives the endpoints and the way of the stream also where messages come out later, in the midst of others', () => {
    const collected = new CollectedObservations();
    const observer = new Observer(new Counters<CaptureCounter>(), collected.writer);
    const see = (octets: Buffer, atMs: number, way: DirectionSign) =>
      observer.observe(octets, 0, octets.length, atMs, way);
    see(composeFrame(Buffer.alloc(0), { ...TCP, tcpFlags: 0x12, tcpSequence: 4 }), 1000, 'inbound');
    see(composeFrame(withTcpLength(ANSWER), { ...TCP, tcpSequence: 500 }), 2000, 'inbound');
    see(composeFrame(withTcpLength(QUERY), { transport: 'tcp', source: '192.0.2.77' }), 9000, 'outbound');
    const late = {
      kind: 'response',
      atMs: 2000,
      client: parseAddress('192.0.2.1'),
      clientPort: 40000,
      server: parseAddress('198.51.100.53'),
      serverPort: 53,
    };
    expect(collected.all).toMatchObject([late, { kind: 'query', client: parseAddress('192.0.2.77') }]);
    see(composeFrame(withTcpLength(ANSWER), { ...TCP, tcpSequence: 5000 }), 10_000, 'inbound');
    observer.passTime(13_000);
    expect(collected.all.length).toBe(2);
    observer.passTime(13_001);
    expect(collected.all[2]).toMatchObject({ ...late, atMs: 10_000 });
  });

  it('takes the middle of a message for none where the stream is seen from the middle', () => {
    const frames = segments(40).slice(1);
    const { observations, counted } = observeAll(frames, 'inbound');
    expect(expected).toEqual(expect.arrayContaining(names(observations)));
    expect(counted['tcp unsynchronised']).toBeGreaterThan(0);
  });

  it('begins no stream at a segment that shows too much to be a question', () => {
    // 0001 where the count of questions would be, and no end of a name in all that follows.
    const middle = Buffer.alloc(300, 0x2a);
    middle.writeUInt16BE(1, 6);
    const frames = [composeFrame(middle, { ...TCP, tcpSequence: 5 }), ...segments(stream.length, 305)];
    const { observations, counted } = observeAll(frames, 'inbound');
    expect(names(observations)).toEqual(expected);
    expect(counted).toEqual({ 'tcp unsynchronised': 1, responses: 12 });
  });

  it('begins a stream at a segment that ends within the question', () => {
    const frames = segments(20);
    expect(names(observeAll(frames, 'inbound').observations)).toEqual(expected);
  });

  it('tells the direction of each message by the message where asked to', () => {
    const frames = [...segments(1460), composeFrame(withTcpLength(QUERY), { transport: 'tcp' })];
    expect(observeAll(frames, 'by-message').counted).toEqual({ responses: 12, queries: 1 });
  });
});

describe('Observer on DNS within something else', () => {
  const inner = composePacket(composeSegment(ANSWER, INBOUND), INBOUND);
  const innerV6 = composePacket(composeSegment(ANSWER, INBOUND_V6), INBOUND_V6);
  const header = (hex: string, packet: Buffer) => Buffer.concat([Buffer.from(hex, 'hex'), packet]);
  const over = (destinationPort: number, packet: Buffer) => composeSegment(packet, { destinationPort });

  it.each<[string, Buffer, FrameFields]>([
    ['an ICMP error', header('0303000000000000', inner), { protocol: 1 }],
    ['an ICMPv6 error', header('0104000000000000', innerV6), { ...INBOUND_V6, protocol: 58 }],
    ['GRE', header('00000800', inner), { protocol: 47 }],
    ['IPv4 in IPv4', inner, { protocol: 4 }],
    ['6in4', innerV6, { protocol: 41 }],
    ['IPv4 in IPv6', inner, { ...INBOUND_V6, protocol: 4 }],
    ['AH', header('11040000000000010000000100000000', composeSegment(ANSWER, INBOUND)), { protocol: 51 }],
    ['VXLAN', over(4789, header('0800000000000a00', composeFrame(ANSWER, INBOUND))), {}],
    ['GTP', over(2152, header('30ff003000000001', inner)), {}],
    ['SCTP', composeSegment(ANSWER, INBOUND), { protocol: 132 }],
  ])('learns nothing of %s, whole or in fragments', (_, payload, fields) => {
    const frame = composeIpFrame(payload, { ...INBOUND, ...fields });
    for (const way of ['inbound', 'outbound', 'by-message'] as const) {
      expect(observeAll([frame], way)).toEqual({ observations: [], counted: { 'not-dns': 1 } });
      expect(observeAll(composeFragments(payload, [8, 40], { ...INBOUND, ...fields }), way).observations).toEqual([]);
    }
  });
});

describe('Observer on damaged frames', () => {
  it('takes every cut and every one-octet change of a fragment and of a TCP segment, whatever lies behind them', () => {
    const tcp = { ...INBOUND, transport: 'tcp' as const };
    const vectors = [
      composeFrame(withTcpLength(ANSWER), tcp),
      ...composeFragments(composeSegment(ANSWER, INBOUND_V6), [16], INBOUND_V6),
    ];
    const see = (octets: Buffer, end: number) => {
      const counters = new Counters<CaptureCounter>();
      const collected = new CollectedObservations();
      const observer = new Observer(counters, collected.writer);
      observer.observe(octets, 0, end, 0, 'inbound');
      observer.finish();
      return { observations: collected.all, counted: counters.snapshot() };
    };
    for (const octets of vectors) {
      for (let end = 0; end < octets.length; end++) {
        const alone = see(Buffer.from(octets.subarray(0, end)), end);
        expect(alone.observations).toEqual([]);
        expect(see(octets, end)).toEqual(alone);
      }
      for (let at = 0; at < octets.length; at++) {
        for (const bit of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]) {
          const changed = Buffer.from(octets);
          changed[at] = changed[at]! ^ bit;
          const inside = Buffer.concat([changed, Buffer.alloc(300, 0x45)]);
          expect(see(inside, changed.length)).toEqual(see(changed, changed.length));
        }
      }
    }
  });
});
