import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CaptureCounter, Observer } from '../../../src/capture/observe.ts';
import { formatAddress, parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { Counters } from '../../../src/core/counters.ts';
import { formatName } from '../../../src/dns/name.ts';
import type { DnsObservation, DnsResponse } from '../../../src/dns/observation.ts';
import { FrameView } from '../../../src/packet/frame.ts';
import { type CaptureVector, captureVectors } from '../../support/capture-vectors.ts';
import { composeAnswer, composeQuery, REFERRAL } from '../../support/dns-messages.ts';
import { composeFrame, type FrameFields, withTcpLength } from '../../support/frames.ts';
import { readPcapFile } from '../../support/pcap-file.ts';

const QUERY = composeQuery('www.example.org');
const ANSWER = composeAnswer('www.example.org', '203.0.113.7');
const INBOUND: FrameFields = {
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 53,
  destinationPort: 40000,
};

function observeOne(octets: Buffer, direction: 'outbound' | 'inbound' | 'by-source', inside: string[] = []) {
  const counters = new Counters<CaptureCounter>();
  const networks = inside.map((text) => parseNetwork(text)!);
  const observation = new Observer(counters, networks).observe(octets, 0, octets.length, 1234.5, direction);
  const { frames, ...counted } = counters.snapshot();
  expect(frames).toBe(1);
  return { observation, counted };
}

describe('Observer', () => {
  it('sees a query that leaves', () => {
    const { observation, counted } = observeOne(composeFrame(QUERY), 'outbound');
    expect(observation).toEqual({
      kind: 'query',
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
    const two = Buffer.concat([withTcpLength(ANSWER), Buffer.from([0])]);
    const response = observeOne(composeFrame(two, { ...INBOUND, transport: 'tcp' }), 'inbound');
    expect(response.observation).toMatchObject({ kind: 'response', transport: 'tcp' });
    expect(response.counted).toEqual({ responses: 1, 'tcp-more': 1 });
  });

  it.each<[string, Buffer, FrameFields, 'outbound' | 'inbound', CaptureCounter]>([
    ['a query that comes in', QUERY, {}, 'inbound', 'wrong-way'],
    ['a response that leaves', ANSWER, INBOUND, 'outbound', 'wrong-way'],
    ['a response to port 53 that leaves', ANSWER, {}, 'outbound', 'wrong-way'],
    ['a query from port 53 that comes in', QUERY, INBOUND, 'inbound', 'wrong-way'],
    ['another port', QUERY, { destinationPort: 5353 }, 'outbound', 'not-dns'],
    ['ICMPv6', QUERY, { source: '2001:db8::1', destination: '2001:db8::2', firstHeader: 58 }, 'outbound', 'not-dns'],
    ['a first fragment', QUERY, { fragmentField: 0x2000 }, 'outbound', 'fragments'],
    ['a later fragment', QUERY, { fragmentField: 0x0010 }, 'outbound', 'fragments'],
    ['a TCP segment without payload', Buffer.alloc(0), { transport: 'tcp' }, 'outbound', 'tcp-control'],
    ['half a TCP length', Buffer.from([0]), { transport: 'tcp' }, 'outbound', 'tcp-partial'],
    ['part of a TCP message', withTcpLength(QUERY).subarray(0, -1), { transport: 'tcp' }, 'outbound', 'tcp-partial'],
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

describe('Observer on real captures', () => {
  /** What a capture shows when each frame went the way its ports say. */
  function observeFile({ path }: CaptureVector): { observations: DnsObservation[]; counted: Record<string, number> } {
    const counters = new Counters<CaptureCounter>();
    const observer = new Observer(counters);
    const frame = new FrameView();
    const observations = readPcapFile(path).packets.flatMap(({ octets, atMs }) => {
      const readable = frame.parse(octets, 0, octets.length) === undefined;
      const isResponse = readable && (octets[frame.payloadStart + (frame.protocol === 6 ? 4 : 2)] ?? 0) >= 0x80;
      return observer.observe(octets, 0, octets.length, atMs, isResponse ? 'inbound' : 'outbound') ?? [];
    });
    return { observations, counted: counters.snapshot() };
  }

  function glueRows(observations: readonly DnsObservation[]): string[] {
    const rows = new Set<string>();
    for (const o of observations) {
      if (o.kind !== 'response') continue;
      for (const ns of o.nameServers) {
        for (const glue of o.additional.filter(({ owner }) => owner === ns.nameServer)) {
          const row = [formatName(ns.owner), formatName(ns.nameServer), formatAddress(glue.address), glue.ttl, ns.ttl];
          rows.add(JSON.stringify(row));
        }
      }
    }
    return [...rows].sort();
  }

  /** Why a file shows fewer messages here than tshark finds in it. */
  const fewer: Record<string, string> = {
    'zeek/conn-count-too-large.pcap': 'dns-question-count',
    'zeek/max-compression-depth.pcap': 'wrong-way',
    'zeek/dns_notify2.pcap': 'other-opcode',
    'zeek/dynamic-update.pcap': 'other-opcode',
    'zeek/ipv6-fragmented-dns.pcap': 'fragments',
    'dnscap/dnsotcp-many1pkt.pcap': 'tcp-more',
  };

  it.each(captureVectors().map((vector) => [vector.name, vector] as const))('%s', (name, vector) => {
    const { observations, counted } = observeFile(vector);
    const { udp, tcp } = vector.expected.messages;
    const seen = ['query', 'response'].map((kind) => observations.filter((o) => o.kind === kind).length);
    const expected = [(udp?.queries ?? 0) + (tcp?.queries ?? 0), (udp?.responses ?? 0) + (tcp?.responses ?? 0)];
    const reason = fewer[name];
    if (reason === undefined) {
      expect(seen).toEqual(expected);
      expect(glueRows(observations)).toEqual(vector.expected.glue.map((row) => JSON.stringify(row)).sort());
    } else {
      expect(counted[reason]).toBeGreaterThan(0);
      expect(seen[0]! + seen[1]!).toBeLessThan(expected[0]! + expected[1]!);
    }
  });

  it('takes real frames with some octets changed', () => {
    const frames = captureVectors().flatMap(({ path }) => readPcapFile(path).packets.map(({ octets }) => octets));
    const observer = new Observer(new Counters<CaptureCounter>());
    const change = fc.tuple(fc.nat(), fc.nat(255));
    const direction = fc.constantFrom('outbound' as const, 'inbound' as const, 'by-source' as const);
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.array(change, { maxLength: 5 }), direction, (frame, changes, way) => {
        const octets = Buffer.from(frame);
        for (const [at, value] of changes) octets[at % octets.length] = value;
        observer.observe(octets, 0, octets.length, 0, way);
      }),
      { numRuns: 3000 },
    );
  });
});
