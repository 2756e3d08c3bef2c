import * as dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import type { DnsProblem } from '../../../src/dns/message.ts';
import { formatName } from '../../../src/dns/name.ts';
import { MAX_RECORDS } from '../../../src/dns/observation-layout.ts';
import { ObservationReader } from '../../../src/dns/observation-reader.ts';
import { RCODE, RECORD_TYPE } from '../../../src/dns/registry.ts';
import { composeRecord, composeResponse, REFERRAL } from '../../support/dns-messages.ts';
import { packResponse, readPacked } from '../../support/packed-message.ts';
import type { MessageContent } from '../../support/plain-message.ts';

const OWNER = Buffer.from('c00c', 'hex');
const ROOT_OWNER = Buffer.from([0]);
const ADDRESS4 = Buffer.from('c0000201', 'hex');
const ADDRESS6 = Buffer.from('20010db8000000000000000000000001', 'hex');
const TARGET = Buffer.from('026e73c00c', 'hex');

function read(octets: Buffer, start = 0, end = octets.length): MessageContent {
  const message = readPacked(octets, start, end);
  if (typeof message === 'string') throw new Error(message);
  return message;
}

function leftOutOf(octets: Buffer): number {
  const unpacked = new ObservationReader();
  unpacked.open(packResponse(octets) as Uint8Array);
  expect(unpacked.next()).toBe('record');
  return unpacked.leftOut;
}

function problemOf(octets: Buffer): DnsProblem | 'none' {
  const message = readPacked(octets);
  return typeof message === 'string' ? message : 'none';
}

describe('MessageReader', () => {
  it('gives what a referral teaches, names canonical, at any place of a buffer', () => {
    const octets = dnsPacket.encode(REFERRAL);
    const within = Buffer.concat([Buffer.alloc(7, 0xff), octets, Buffer.alloc(9, 0xff)]);
    const message = read(within, 7, 7 + octets.length);
    expect(message).toMatchObject({ id: 0xbeef, rcode: RCODE.NOERROR, answers: [], hasAnswers: false });
    expect(formatName(message.question.name)).toBe('wWw.eXample.org');
    expect(message.nameServers.map((r) => [formatName(r.owner), r.ttl, formatName(r.nameServer)])).toEqual([
      ['example.org', 172800, 'ns1.example.org'],
      ['example.org', 172800, 'ns.example.net'],
    ]);
    expect(message.additional.map((r) => [formatName(r.owner), r.ttl, formatAddress(r.address)])).toEqual([
      ['ns1.example.org', 3600, '192.0.2.1'],
      ['ns1.example.org', 3600, '2001:db8::1'],
      ['ns.example.net', 60, '198.51.100.1'],
    ]);
  });

  it.each([
    ['of the root', '00', '\0'],
    ['that is a pointer to the header', 'c000', '\0'],
    ['that ends in a pointer to the header', '0141c000', '\x01A\0'],
    ['whose last octet is that of a pointer', '02ffc000', '\x02\xff\xc0\0'],
    ['that fills its words', '0561424344' + '4500', '\x05aBCDE\0'],
  ])('keeps the name of a question %s', (_, wire, name) => {
    const octets = Buffer.concat([Buffer.alloc(12), Buffer.from(`${wire}00020001`, 'hex')]);
    octets.writeUInt16BE(0x8000, 2);
    octets.writeUInt16BE(1, 4);
    expect(read(octets).question).toEqual({ name, type: 2, class: 1 });
    // The octet before the name, of the last count, may look like a pointer, too.
    const records = Array.from({ length: 0xc0 }, () => composeRecord(ROOT_OWNER, 16, Buffer.alloc(0)));
    octets.writeUInt16BE(0xc0, 10);
    expect(read(Buffer.concat([octets, ...records])).question).toEqual({ name, type: 2, class: 1 });
  });

  it('keeps the sections apart', () => {
    const a = composeRecord(OWNER, RECORD_TYPE.A, ADDRESS4);
    const aaaa = composeRecord(OWNER, RECORD_TYPE.AAAA, ADDRESS6);
    const ns = composeRecord(OWNER, RECORD_TYPE.NS, TARGET);
    const inAnswer = read(composeResponse({ answer: [a, aaaa, ns] }));
    expect([inAnswer.answers.length, inAnswer.nameServers.length, inAnswer.additional.length]).toEqual([2, 1, 0]);
    const inAuthority = read(composeResponse({ authority: [a, aaaa, ns] }));
    expect([inAuthority.answers.length, inAuthority.nameServers.length, inAuthority.additional.length]).toEqual([
      0, 1, 0,
    ]);
    const inAdditional = read(composeResponse({ additional: [a, aaaa, ns] }));
    expect([inAdditional.answers.length, inAdditional.nameServers.length, inAdditional.additional.length]).toEqual([
      0, 0, 2,
    ]);
  });

  it('tells owners apart that share their last pointer or nothing', () => {
    const other = Buffer.from('0178c00c', 'hex');
    const owners = [OWNER, other, OWNER, Buffer.from('0162' + '00', 'hex'), OWNER];
    const answer = owners.map((owner) => composeRecord(owner, RECORD_TYPE.A, ADDRESS4));
    const names = read(composeResponse({ answer })).answers.map(({ owner }) => formatName(owner));
    expect(names).toEqual(['a', 'x.a', 'a', 'b', 'a']);
  });

  it('keeps as many records of each kind as an observation has room for, and counts the others', () => {
    const a = composeRecord(OWNER, RECORD_TYPE.A, ADDRESS4);
    const ns = composeRecord(OWNER, RECORD_TYPE.NS, TARGET);
    const times = (record: Buffer, count: number) => new Array<Buffer>(count).fill(record);
    const octets = composeResponse({
      answer: [...times(a, MAX_RECORDS + 1), ...times(ns, MAX_RECORDS - 1)],
      authority: times(ns, 3),
      additional: times(a, MAX_RECORDS + 4),
    });
    const message = read(octets);
    const { nameServers, answers, additional } = message;
    expect([nameServers, answers, additional].map(({ length }) => length)).toEqual(new Array(3).fill(MAX_RECORDS));
    expect([nameServers.at(-2)?.section, nameServers.at(-1)?.section]).toEqual(['answer', 'authority']);
    expect(leftOutOf(octets)).toBe(1 + 2 + 4);
    expect(leftOutOf(composeResponse({ answer: [a] }))).toBe(0);
  });

  it('reads the TTL as 32 bits without sign', () => {
    const answer = [composeRecord(OWNER, RECORD_TYPE.A, ADDRESS4, { ttl: 0xffffffff })];
    expect(read(composeResponse({ answer })).answers[0]?.ttl).toBe(0xffffffff);
  });

  it('passes over other classes and types by their length', () => {
    const answer = [
      composeRecord(OWNER, RECORD_TYPE.A, Buffer.from('abc'), { class: 3 }),
      composeRecord(OWNER, RECORD_TYPE.NS, Buffer.from('abc'), { class: 255 }),
      composeRecord(OWNER, RECORD_TYPE.SVCB, Buffer.from('ff')),
      composeRecord(OWNER, 65280, Buffer.alloc(0)),
      composeRecord(OWNER, RECORD_TYPE.A, ADDRESS4),
    ];
    expect(read(composeResponse({ answer })).answers.length).toBe(1);
  });

  it('adds the upper bits of the response code from OPT (RFC 6891)', () => {
    const opt = composeRecord(ROOT_OWNER, RECORD_TYPE.OPT, Buffer.alloc(0), { class: 1232, ttl: 0x01000000 });
    expect(read(composeResponse({ additional: [opt] })).rcode).toBe(RCODE.BADVERS);
    expect(read(composeResponse({ additional: [opt], flags: 0x8003 })).rcode).toBe(19);
    expect(read(composeResponse({ answer: [opt] })).rcode).toBe(0);
  });

  it('leaves octets behind the last record alone', () => {
    const octets = Buffer.concat([dnsPacket.encode(REFERRAL), Buffer.alloc(20)]);
    expect(read(octets).nameServers.length).toBe(2);
  });

  it.each<[string, DnsProblem, Buffer]>([
    ['an A of 3 octets', 'bad-rdata', composeRecord(OWNER, RECORD_TYPE.A, ADDRESS4.subarray(1))],
    ['an A of 16 octets', 'bad-rdata', composeRecord(OWNER, RECORD_TYPE.A, ADDRESS6)],
    ['an A of no octets', 'bad-rdata', composeRecord(OWNER, RECORD_TYPE.A, Buffer.alloc(0))],
    ['an AAAA of 4 octets', 'bad-rdata', composeRecord(OWNER, RECORD_TYPE.AAAA, ADDRESS4)],
    [
      'an NS with an octet too many',
      'bad-rdata',
      composeRecord(OWNER, RECORD_TYPE.NS, Buffer.concat([TARGET, ROOT_OWNER])),
    ],
    ['an NS that is cut', 'bad-rdata', composeRecord(OWNER, RECORD_TYPE.NS, TARGET.subarray(0, 4))],
    ['an NS of no octets', 'bad-rdata', composeRecord(OWNER, RECORD_TYPE.NS, Buffer.alloc(0))],
    ['RDATA past the end', 'record-overrun', composeRecord(OWNER, 16, ADDRESS4, { rdlength: 5 })],
    ['an owner that points forwards', 'bad-name', composeRecord(Buffer.from('c0ff', 'hex'), 16, ADDRESS4)],
  ])('refuses the whole message for %s', (_, problem, record) => {
    const good = composeRecord(OWNER, RECORD_TYPE.NS, TARGET);
    for (const section of ['answer', 'authority', 'additional']) {
      expect(problemOf(composeResponse({ [section]: [good, record] }))).toBe(problem);
    }
  });

  it('refuses counts that are larger than the message', () => {
    const octets = dnsPacket.encode(REFERRAL);
    for (const at of [6, 8, 10]) {
      const copy = Buffer.from(octets);
      copy.writeUInt16BE(0xffff, at);
      expect(problemOf(copy)).toBe('counts-too-large');
      octets.copy(copy);
      copy.writeUInt16BE(copy.readUInt16BE(at) + 1, at);
      expect(problemOf(copy)).not.toBe('none');
    }
  });

  it('refuses every truncation', () => {
    const octets = dnsPacket.encode(REFERRAL);
    for (let end = 0; end < octets.length; end++) {
      expect(typeof readPacked(octets, 0, end), `cut at ${end}`).toBe('string');
    }
  });
});
