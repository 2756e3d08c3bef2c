import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName, parseName } from '../../../src/dns/name.ts';
import { decodeMessage } from '../../../src/services/decode-message.ts';
import { composeQuery, composeRecord, composeResponse, REFERRAL } from '../../support/dns-messages.ts';

const decoded = (octets: Buffer) => decodeMessage(octets, 0, octets.length);
const wire = (name: string) => Buffer.from(parseName(name)!, 'latin1');
const dataOf = (type: number, rdata: Buffer) => {
  const message = composeResponse({ answer: [composeRecord(wire('a.example'), type, rdata)] });
  return decoded(message).records[0]?.data;
};

describe('a DNS message for people', () => {
  it('shows a query', () => {
    expect(decoded(composeQuery('www.Example.org'))).toEqual({
      id: 0x1234,
      opcode: 'QUERY',
      flags: ['rd'],
      questions: [{ name: 'www.Example.org', type: 'A', class: 'IN' }],
      records: [],
      problem: null,
    });
  });

  it('shows the sections of a referral, and EDNS in words', () => {
    const { flags, records, problem } = decoded(dnsPacket.encode(REFERRAL));
    expect({ flags, problem }).toEqual({ flags: ['qr', 'NOERROR'], problem: null });
    expect(records.map(({ section, name, type, data }) => [section, name.toLowerCase(), type, data])).toEqual([
      ['authority', 'example.org', 'NS', 'NS1.example.org'],
      ['authority', 'example.org', 'NS', 'ns.example.net'],
      ['additional', 'ns1.example.org', 'A', '192.0.2.1'],
      ['additional', 'ns1.example.org', 'AAAA', '2001:db8::1'],
      ['additional', 'ns.example.net', 'A', '198.51.100.1'],
      ['additional', '.', 'OPT', 'EDNS version 0, UDP size 1232'],
    ]);
  });

  it('says the same as dns-packet of records of every kind that both know', () => {
    const records = [
      { name: 'a.example', type: 'MX', ttl: 5, data: { preference: 10, exchange: 'mail.example' } },
      { name: 'a.example', type: 'SRV', ttl: 5, data: { priority: 1, weight: 2, port: 853, target: 'x.example' } },
      { name: 'a.example', type: 'CNAME', ttl: 5, data: 'b.example' },
      { name: 'a.example', type: 'TXT', ttl: 5, data: [Buffer.from('one'), Buffer.from('two')] },
      {
        name: 'a.example',
        type: 'SOA',
        ttl: 5,
        data: { mname: 'ns.example', rname: 'who.example', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
      },
    ];
    const read = decoded(dnsPacket.encode({ type: 'response', id: 1, answers: records }));
    expect(read.records.map(({ data }) => data)).toEqual([
      '10 mail.example',
      '1 2 853 x.example',
      'b.example',
      '"one" "two"',
      'ns.example who.example 1 2 3 4 5',
    ]);
    expect(read.records.every(({ ttl }) => ttl === 5)).toBe(true);
  });

  it('loses no octet of a name or a text', () => {
    const name = wire('\\000\\255.example');
    const message = composeResponse({
      answer: [composeRecord(name, 5, name), composeRecord(name, 16, Buffer.from([2, 0x22, 0xff]))],
    });
    expect(decoded(message).records).toMatchObject([
      { name: '\\000\\255.example', data: '\\000\\255.example' },
      { data: '"\\"\\255"' },
    ]);
  });

  it('shows RDATA that do not fit their type as octets', () => {
    expect(dataOf(1, Buffer.from([1, 2, 3]))).toBe('\\# 3 010203');
    expect(dataOf(6, wire('a.'))).toBe('\\# 3 016100');
    expect(dataOf(16, Buffer.from([9, 1]))).toBe('\\# 2 0901');
    expect(dataOf(65_280, Buffer.alloc(0))).toBe('\\# 0');
    expect(dataOf(65_280, Buffer.alloc(300, 0xab))).toBe(`\\# 300 ${'ab'.repeat(256)}…`);
  });

  it('says where a message ends too early, and shows what stands before', () => {
    const whole = dnsPacket.encode(REFERRAL);
    for (let length = 0; length < whole.length; length++) {
      const cut = decoded(whole.subarray(0, length));
      expect(cut.problem, `cut at ${length}`).not.toBeNull();
      expect(decoded(whole).records, `cut at ${length}`).toEqual(expect.arrayContaining([...cut.records]));
    }
  });

  it('reads on through any change of one octet', () => {
    const whole = dnsPacket.encode(REFERRAL);
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 0x3f, 0x40, 0xc0, 0xff]) {
        const changed = Buffer.from(whole);
        changed[at] = value;
        expect(decoded(changed).questions.length + decoded(changed).records.length).toBeLessThanOrEqual(200);
      }
    }
  });

  it('shows 200 records at most, and says that there are more', () => {
    const record = composeRecord(Buffer.from([0]), 1, Buffer.from([192, 0, 2, 1]));
    const message = composeResponse({ answer: Array.from({ length: 300 }, () => record) });
    const { records, problem } = decoded(message);
    expect(records.length).toBe(199);
    expect(problem).toBe('no more than 200 questions and records are shown');
  });

  it('takes any octets without a throw, bounded, and nothing beyond them', () => {
    const seed = Number(process.env.GLUEWALL_SEED ?? Date.now() % 2 ** 31);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1600 }), fc.nat(40), fc.nat(40), (bytes, before, behind) => {
        const alone = decoded(Buffer.from(bytes));
        const within = Buffer.concat([Buffer.alloc(before, 0xc0), bytes, Buffer.alloc(behind, 0x3f)]);
        expect(decodeMessage(within, before, before + bytes.length)).toEqual(alone);
        expect(JSON.stringify(alone).length).toBeLessThan(1 << 20);
        for (const { name } of alone.questions) expect(formatName(parseName(name)!)).toBe(name);
      }),
      { seed, numRuns: 2000 },
    );
  });
});
