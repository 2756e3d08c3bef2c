import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { MAX_ANSWERS } from '../../../src/querylog/log-entry.ts';
import { readFacts, roleByFlags } from '../../../src/querylog/message-facts.ts';
import { composeQuery, composeRecord, composeResponse } from '../../support/dns-messages.ts';

const OWNER = Buffer.from('\x01a\0', 'latin1');
const A = composeRecord(OWNER, 1, Buffer.from([192, 0, 2, 1]));
const CHAOS_A = composeRecord(OWNER, 1, Buffer.from([192, 0, 2, 2]), { class: 3 });
const CNAME = composeRecord(OWNER, 5, Buffer.from('\x01b\0', 'latin1'));
const SHORT_A = composeRecord(OWNER, 1, Buffer.from([192, 0, 2]));
const AAAA = composeRecord(OWNER, 28, Buffer.from('20010db8000000000000000000000001', 'hex'));
const OPT = composeRecord(Buffer.from([0]), 41, Buffer.alloc(0), { class: 1232, ttl: 0x01000000 });

function read(octets: Buffer) {
  const facts = readFacts(octets, 0, octets.length);
  return typeof facts === 'string' ? facts : { ...facts, answers: facts.answers.map(formatAddress) };
}

describe('readFacts', () => {
  it('takes the addresses of the answer section, and of no other', () => {
    const answer = [CNAME, A, CHAOS_A, SHORT_A, AAAA];
    const response = composeResponse({ answer, authority: [A], additional: [A, OPT], flags: 0x8183 });
    expect(read(response)).toMatchObject({
      answers: ['192.0.2.1', '2001:db8::1'],
      responseCode: 0x13,
      role: 'recursive',
    });
  });

  it('takes of a query its question only', () => {
    const query = composeResponse({ answer: [A], additional: [OPT], flags: 0x0103 });
    expect(read(query)).toMatchObject({ answers: [], responseCode: 0, role: 'recursive', head: { id: 0x1234 } });
  });

  it('takes a bounded number of addresses', () => {
    const response = composeResponse({ answer: Array.from({ length: 500 }, () => A) });
    expect(read(response)).toMatchObject({ answers: Array.from({ length: MAX_ANSWERS }, () => '192.0.2.1') });
  });

  it('takes of a message that is cut anywhere what stands before', () => {
    const response = composeResponse({ answer: [A, AAAA], additional: [OPT], flags: 0x8180 });
    const questionEnd = 12 + 3 + 4;
    for (let cut = 0; cut < response.length; cut++) {
      const facts = read(response.subarray(0, cut));
      if (cut < questionEnd) {
        expect(facts, `cut at ${cut}`).toBeTypeOf('string');
        continue;
      }
      const count = cut < questionEnd + A.length ? 0 : cut < questionEnd + A.length + AAAA.length ? 1 : 2;
      expect(facts, `cut at ${cut}`).toMatchObject({ answers: { length: count }, responseCode: 0 });
    }
  });

  it('reads at its place in a buffer only', () => {
    const response = composeResponse({ answer: [A], flags: 0x8180 });
    const around = Buffer.concat([Buffer.alloc(9, 0xff), response, A]);
    expect(readFacts(around, 9, 9 + response.length)).toEqual(
      readFacts(Buffer.concat([Buffer.alloc(9), response]), 9, 9 + response.length),
    );
  });

  it('agrees with dns-packet', () => {
    const address = fc.ipV4();
    fc.assert(
      fc.property(fc.array(address, { maxLength: 30 }), fc.nat(15), (addresses, code) => {
        const name = 'www.example.org';
        const answers = addresses.map((data) => ({ name, type: 'A', ttl: 60, data }) as const);
        const octets = dnsPacket.encode({
          ...{ type: 'response', id: 7, flags: 0x0180 | code },
          ...{ questions: [{ name, type: 'A' }], answers },
        });
        expect(read(octets)).toMatchObject({ answers: addresses, responseCode: code, role: 'recursive' });
      }),
    );
  });

  it('bears whatever octets there are', () => {
    const good = composeResponse({ answer: [CNAME, A], additional: [OPT], flags: 0x8180 });
    for (let at = 0; at < good.length; at++) {
      for (let value = 0; value < 256; value++) {
        const changed = Buffer.from(good);
        changed[at] = value;
        readFacts(changed, 0, changed.length);
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => void read(Buffer.from(octets))));
    expect(read(composeQuery('.').subarray(0, 5))).toBe('short-header');
  });
});

describe('roleByFlags', () => {
  it.each([
    ['a query for recursion', 0x0100, 'recursive'],
    ['a query without', 0x0000, 'authoritative'],
    ['a recursive answer', 0x8180, 'recursive'],
    ['an authoritative answer of a server that recurses', 0x8580, 'recursive'],
    ['an authoritative answer of one that does not', 0x8500, 'authoritative'],
    ['a refusal of one that does not', 0x8105, 'recursive'],
  ])('%s', (_, flags, role) => {
    expect(roleByFlags(flags)).toBe(role);
  });
});
