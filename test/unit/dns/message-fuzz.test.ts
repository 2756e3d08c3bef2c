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
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        fc.array(fc.nat(5), { minLength: 3, maxLength: 3 }),
        (tail, counts) => {
          const header = Buffer.alloc(12);
          header.writeUInt16BE(0x8000, 2);
          header.writeUInt16BE(1, 4);
          for (const [index, count] of counts.entries()) header.writeUInt16BE(count, 6 + 2 * index);
          readTwice(Buffer.concat([header, tail]));
        },
      ),
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
      fc.property(
        fc.constantFrom(...messages),
        fc.array(change, { maxLength: 6 }),
        fc.nat(),
        (message, changes, cut) => {
          const octets = Buffer.from(message);
          for (const [at, value] of changes) octets[at % octets.length] = value;
          readTwice(octets.subarray(0, octets.length - (cut % 3 === 0 ? cut % octets.length : 0)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is done soon with the message that costs the most', () => {
    // A TXT record that holds a chain of pointers, each to the one before, and A records whose owners enter at its end.
    const jumps = 126;
    const chainAt = 31;
    const chain = Buffer.alloc(2 * jumps);
    for (let jump = 0; jump < jumps; jump++) {
      chain.writeUInt16BE(0xc000 + (jump === 0 ? 12 : chainAt + 2 * (jump - 1)), 2 * jump);
    }
    const record = Buffer.from('0000000100010000000000' + '04c0000201', 'hex');
    record.writeUInt16BE(0xc000 + chainAt + 2 * (jumps - 1), 0);
    const count = Math.floor((65535 - chainAt - chain.length) / record.length);
    const start = Buffer.from('123480000001ffff0000000001610000010001c00c0010000100000000' + '00fc', 'hex');
    start.writeUInt16BE(count + 1, 6);
    const octets = Buffer.concat([start, chain, ...new Array<Buffer>(count).fill(record)]);
    const startedAtMs = performance.now();
    const message = readMessage(octets, 0, octets.length);
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    expect(message.ok && message.answers.length).toBe(count);
  });
});
