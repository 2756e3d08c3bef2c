import * as dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { type DnsProblem, type MessageRecords, readMessage, readQuestion } from '../../../src/dns/message.ts';
import { formatName } from '../../../src/dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../../src/dns/registry.ts';
import { composeQuery, composeRecord, composeResponse, REFERRAL } from '../../support/dns-messages.ts';

const OWNER = Buffer.from('c00c', 'hex');
const ROOT_OWNER = Buffer.from([0]);
const ADDRESS4 = Buffer.from('c0000201', 'hex');
const ADDRESS6 = Buffer.from('20010db8000000000000000000000001', 'hex');
const TARGET = Buffer.from('026e73c00c', 'hex');

function read(octets: Buffer): MessageRecords {
  const message = readMessage(octets, 0, octets.length);
  if (!message.ok) throw new Error(message.problem);
  return message;
}

function problemOf(octets: Buffer): DnsProblem | 'none' {
  const message = readMessage(octets, 0, octets.length);
  return message.ok ? 'none' : message.problem;
}

describe('readQuestion', () => {
  it('reads header and question, with the letter case of the name', () => {
    const octets = composeQuery('wWw.eXample.org', 0xfedc);
    expect(readQuestion(octets, 0, octets.length)).toEqual({
      ok: true,
      id: 0xfedc,
      isResponse: false,
      opcode: 0,
      truncated: false,
      recursionDesired: true,
      headerRcode: 0,
      question: { name: '\x03wWw\x07eXample\x03org\0', type: 1, class: 1 },
      questionEnd: octets.length,
    });
  });

  it('reads each bit of the flags by itself', () => {
    const octets = composeQuery('a');
    const fields = (flags: number) => {
      octets.writeUInt16BE(flags, 2);
      const head = readQuestion(octets, 0, octets.length);
      return head.ok && [head.isResponse, head.opcode, head.truncated, head.recursionDesired, head.headerRcode];
    };
    expect(fields(0x8000)).toEqual([true, 0, false, false, 0]);
    expect(fields(0x7800)).toEqual([false, 15, false, false, 0]);
    expect(fields(0x0200)).toEqual([false, 0, true, false, 0]);
    expect(fields(0x0100)).toEqual([false, 0, false, true, 0]);
    expect(fields(0x000f)).toEqual([false, 0, false, false, 15]);
    expect(fields(0x04f0)).toEqual([false, 0, false, false, 0]);
  });

  it('says why for every truncation', () => {
    const octets = composeQuery('www.example.org');
    for (let end = 0; end < octets.length; end++) {
      const problem = end < 12 ? 'short-header' : end < octets.length - 4 ? 'bad-name' : 'record-overrun';
      expect(readQuestion(octets, 0, end)).toEqual({ ok: false, problem });
    }
  });

  it.each([0, 2, 10, 65535])('refuses %i questions', (count) => {
    const octets = composeQuery('www.example.org');
    octets.writeUInt16BE(count, 4);
    expect(readQuestion(octets, 0, octets.length)).toEqual({ ok: false, problem: 'question-count' });
  });

  it('refuses a question whose name points into the header', () => {
    const octets = Buffer.concat([composeQuery('a').subarray(0, 12), Buffer.from('c00000010001', 'hex')]);
    octets.writeUInt16BE(0, 0);
    // The header begins with the octets 0 0: as a name, the root.
    expect(readQuestion(octets, 0, octets.length)).toMatchObject({ ok: true });
    octets.writeUInt16BE(0x4000, 0);
    expect(readQuestion(octets, 0, octets.length)).toEqual({ ok: false, problem: 'bad-name' });
  });
});

describe('readMessage', () => {
  it('gives what a referral teaches, names canonical, at any place of a buffer', () => {
    const octets = dnsPacket.encode(REFERRAL);
    const within = Buffer.concat([Buffer.alloc(7, 0xff), octets, Buffer.alloc(9, 0xff)]);
    const message = readMessage(within, 7, 7 + octets.length);
    expect(message).toMatchObject({ ok: true, rcode: RCODE.NOERROR, answers: [] });
    if (!message.ok) return;
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
      expect(readMessage(octets, 0, end).ok).toBe(false);
    }
  });
});
