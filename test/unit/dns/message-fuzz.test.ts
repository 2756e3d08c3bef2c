import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMessage, readQuestion } from '../../../src/dns/message.ts';
import { captureVectors, udpMessages } from '../../support/capture-vectors.ts';
import { REFERRAL } from '../../support/dns-messages.ts';

/** Reads within a buffer whose other octets are poison: a look beyond the message would change the result. */
function readTwice(octets: Buffer): void {
  const before = Buffer.concat([Buffer.alloc(64, 0x00), octets, Buffer.alloc(64, 0x00)]);
  const after = Buffer.concat([Buffer.alloc(64, 0xff), octets, Buffer.alloc(64, 0xff)]);
  expect(readMessage(before, 64, 64 + octets.length)).toEqual(readMessage(after, 64, 64 + octets.length));
  expect(readQuestion(before, 64, 64 + octets.length)).toEqual(readQuestion(after, 64, 64 + octets.length));
}

describe('readMessage under fuzz', () => {
  it('takes any octets without a throw and looks at none beyond them', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => readTwice(Buffer.from(octets))));
  });

  it('takes any octets behind a good header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.array(fc.nat(5), { minLength: 3, maxLength: 3 }), (tail, counts) => {
        const header = Buffer.alloc(12);
        header.writeUInt16BE(0x8000, 2);
        header.writeUInt16BE(1, 4);
        for (const [index, count] of counts.entries()) header.writeUInt16BE(count, 6 + 2 * index);
        readTwice(Buffer.concat([header, tail]));
      }),
    );
  });

  it('takes every one-octet change of a referral', () => {
    const octets = dnsPacket.encode(REFERRAL);
    for (let at = 0; at < octets.length; at++) {
      const original = octets[at]!;
      for (let value = 0; value < 256; value++) {
        octets[at] = value;
        readMessage(octets, 0, octets.length);
      }
      octets[at] = original;
    }
    expect(readMessage(octets, 0, octets.length).ok).toBe(true);
  });

  it('takes real messages with some octets changed and the end cut', () => {
    const messages = captureVectors().flatMap(({ path }) => udpMessages(path));
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.array(change, { maxLength: 6 }), fc.nat(), (message, changes, cut) => {
        const octets = Buffer.from(message);
        for (const [at, value] of changes) octets[at % octets.length] = value;
        readTwice(octets.subarray(0, octets.length - (cut % 3 === 0 ? cut % octets.length : 0)));
      }),
      { numRuns: 2000 },
    );
  });

  it('is done soon with the message that costs the most', () => {
    // A chain of pointers, each to the one before, and records whose owners begin at its end.
    const chain = Buffer.alloc(2 * 126);
    for (let at = 2; at < chain.length; at += 2) chain.writeUInt16BE(0xc000 + 17 + 11 + at - 2, at);
    const header = Buffer.from('000080000001ffff000000000161000001' + '0001', 'hex').subarray(0, 12);
    const question = Buffer.from('0161000001' + '0001', 'hex');
    const holder = Buffer.concat([Buffer.from('000010000100000000', 'hex'), Buffer.from([0, chain.length]), chain]);
    holder.writeUInt16BE(0xc00c, 11);
    const record = Buffer.from('c000' + '0001' + '0001' + '00000000' + '0004' + 'c0000201', 'hex');
    record.writeUInt16BE(0xc000 + 17 + 2 + 11 + chain.length - 2 - 2, 0);
    const count = Math.floor((65535 - header.length - question.length - holder.length) / record.length);
    header.writeUInt16BE(count + 1, 6);
    const octets = Buffer.concat([header, question, holder, ...new Array<Buffer>(count).fill(record)]);
    const startedAtMs = performance.now();
    readMessage(octets, 0, octets.length);
    expect(performance.now() - startedAtMs).toBeLessThan(500);
  });
});
