import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCaptureSource } from '../../../src/capture/container/capture-source.ts';
import { formatAddress, parseAddress } from '../../../src/core/address.ts';
import type { DnsProblem } from '../../../src/dns/message.ts';
import { formatName } from '../../../src/dns/name.ts';
import { MAX_RECORDS } from '../../../src/dns/observation-layout.ts';
import { captureMessages } from '../../support/capture-messages.ts';
import { captureVectors, udpMessages } from '../../support/capture-vectors.ts';
import { describeIf } from '../../support/describe-if.ts';
import type { Answer, Packet } from '../../support/dns-messages.ts';
import { readPacked } from '../../support/packed-message.ts';
import { sharedCapturePaths } from '../../support/shared-captures.ts';

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

type Row = readonly [name: string, ttl: number | undefined, data: string];

interface Reading {
  readonly id: number | undefined;
  readonly question: string | undefined;
  readonly nameServers: readonly Row[];
  readonly answers: readonly Row[];
  readonly additional: readonly Row[];
}

/** What should come out, from dns-packet's reading of the message. */
function secondOpinion(message: Packet): Reading {
  const inClass = (records: readonly Answer[] = []) => records.filter((r) => r.class === 'IN');
  const addresses = (records: readonly Answer[]) =>
    records
      .filter((r) => r.type === 'A' || r.type === 'AAAA')
      .map((r): Row => [r.name.toLowerCase(), r.ttl, formatAddress(parseAddress(String(r.data))!)]);
  const nameServers = [...inClass(message.answers), ...inClass(message.authorities)]
    .filter((r) => r.type === 'NS')
    .map((r): Row => [r.name.toLowerCase(), r.ttl, String(r.data).toLowerCase()]);
  return {
    id: message.id,
    question: message.questions?.[0]?.name,
    nameServers,
    answers: addresses(inClass(message.answers)),
    additional: addresses(inClass(message.additionals)),
  };
}

function ourReading(octets: Buffer): Reading | DnsProblem {
  const message = readPacked(octets);
  if (typeof message === 'string') return message;
  return {
    id: message.id,
    question: formatName(message.question.name),
    nameServers: message.nameServers.map((r): Row => [formatName(r.owner), r.ttl, formatName(r.nameServer)]),
    answers: message.answers.map((r): Row => [formatName(r.owner), r.ttl, formatAddress(r.address)]),
    additional: message.additional.map((r): Row => [formatName(r.owner), r.ttl, formatAddress(r.address)]),
  };
}

describe('MessageReader beside dns-packet', () => {
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
        if (typeof readPacked(octets) === 'string') continue;
        expect(ourReading(octets), file).toEqual(secondOpinion(dnsPacket.decode(octets)));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(200);
  });
});

/** Names of other octets are written in a way of dns-packet's own, and none as nothing. */
const PLAIN = /^[\w.:-]+$/;

function isPlain({ question, nameServers, answers, additional }: Reading): boolean {
  const rows = [...nameServers, ...answers, ...additional];
  return [question ?? '', ...rows.flatMap(([name, , data]) => [name, data])].every((text) => PLAIN.test(text));
}

function withRoom({ id, question, nameServers, answers, additional }: Reading): Reading {
  const first = (rows: readonly Row[]) => rows.slice(0, MAX_RECORDS);
  return { id, question, nameServers: first(nameServers), answers: first(answers), additional: first(additional) };
}

/** Undefined where dns-packet cannot read the message: it knows the RDATA of all types, and refuses many that are odd. */
function opinionOrNone(octets: Buffer): Reading | undefined {
  try {
    return secondOpinion(dnsPacket.decode(octets));
  } catch {
    return undefined;
  }
}

describeIf(['shared'], 'MessageReader beside dns-packet on the shared captures', () => {
  it('agrees on every message that both can read', async () => {
    let compared = 0;
    for (const path of sharedCapturePaths()) {
      const source = await openCaptureSource(path).catch(() => undefined);
      const messages = source === undefined ? [] : await captureMessages(source).catch(() => []);
      for (const octets of messages) {
        const theirs = opinionOrNone(octets);
        const ours = ourReading(octets);
        if (theirs === undefined || typeof ours === 'string' || !isPlain(theirs)) continue;
        expect(ours, `${path} ${octets.toString('hex')}`).toEqual(withRoom(theirs));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(30_000);
  }, 60_000);
});
