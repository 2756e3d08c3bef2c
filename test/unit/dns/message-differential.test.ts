import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../../src/core/address.ts';
import { readMessage } from '../../../src/dns/message.ts';
import { formatName } from '../../../src/dns/name.ts';
import { captureVectors, udpMessages } from '../../support/capture-vectors.ts';
import type { Answer, Packet } from '../../support/dns-messages.ts';

const label = fc.stringMatching(/^[a-zA-Z0-9-]{1,12}$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
const ttl = fc.nat(0x7fffffff);
const ipv4 = fc.nat(255).map((octet) => `192.0.2.${octet}`);
const ipv6 = fc.nat(0xffff).map((group) => `2001:db8::${group.toString(16)}`);
const record: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ name, type: fc.constant('NS'), ttl, data: name }),
  fc.record({ name, type: fc.constant('A'), ttl, data: ipv4 }),
  fc.record({ name, type: fc.constant('AAAA'), ttl, data: ipv6 }),
  fc.record({ name, type: fc.constant('CNAME'), ttl, data: name }),
  fc.record({ name, type: fc.constant('TXT'), ttl, data: fc.string({ maxLength: 40 }) }),
  fc.record({ name, type: fc.constant('A'), class: fc.constant('CH'), ttl, data: ipv4 }),
);
const section = fc.array(record, { maxLength: 8 });
const packet: fc.Arbitrary<Packet> = fc.record({
  type: fc.constant('response' as const),
  id: fc.nat(65535),
  questions: fc.tuple(fc.record({ name, type: fc.constant('A') })),
  answers: section,
  authorities: section,
  additionals: section,
});

/** What should come out, from dns-packet's reading of the message. */
function secondOpinion(message: Packet): unknown {
  const inClass = (records: readonly Answer[] = []) => records.filter((r) => r.class === 'IN');
  const addresses = (records: readonly Answer[]) =>
    records
      .filter((r) => r.type === 'A' || r.type === 'AAAA')
      .map((r) => [r.name.toLowerCase(), r.ttl, formatAddress(parseAddress(String(r.data))!)]);
  const nameServers = [...inClass(message.answers), ...inClass(message.authorities)]
    .filter((r) => r.type === 'NS')
    .map((r) => [r.name.toLowerCase(), r.ttl, String(r.data).toLowerCase()]);
  return {
    id: message.id,
    question: message.questions?.[0]?.name,
    nameServers,
    answers: addresses(inClass(message.answers)),
    additional: addresses(inClass(message.additionals)),
  };
}

function ourReading(octets: Buffer): unknown {
  const message = readMessage(octets, 0, octets.length);
  if (!message.ok) return message;
  return {
    id: message.head.id,
    question: formatName(message.head.question.name),
    nameServers: message.nameServers.map((r) => [formatName(r.owner), r.ttl, formatName(r.nameServer)]),
    answers: message.answers.map((r) => [formatName(r.owner), r.ttl, formatAddress(r.address)]),
    additional: message.additional.map((r) => [formatName(r.owner), r.ttl, formatAddress(r.address)]),
  };
}

describe('readMessage beside dns-packet', () => {
  it('agrees on composed messages', () => {
    fc.assert(
      fc.property(packet, (message) => {
        const octets = dnsPacket.encode(message);
        expect(ourReading(octets)).toEqual(secondOpinion(dnsPacket.decode(octets)));
      }),
      { numRuns: 500 },
    );
  });

  it('agrees on the messages of the captures', () => {
    let compared = 0;
    for (const { name: file, path } of captureVectors()) {
      // Dynamic updates hold records without RDATA, which dns-packet refuses (RFC 2136 §2.4).
      if (file === 'zeek/dynamic-update.pcap') continue;
      for (const octets of udpMessages(path)) {
        if (!readMessage(octets, 0, octets.length).ok) continue;
        expect(ourReading(octets), file).toEqual(secondOpinion(dnsPacket.decode(octets)));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(200);
  });
});
