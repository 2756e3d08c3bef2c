import { isDeepStrictEqual } from 'node:util';
import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readQuestion } from '../../../src/dns/message.ts';
import { MessageReader } from '../../../src/dns/message-reader.ts';
import { KIND, MAX_RECORDS } from '../../../src/dns/observation-layout.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { captureVectors, udpMessages } from '../../support/capture-vectors.ts';
import { REFERRAL } from '../../support/dns-messages.ts';
import { packResponse, readPacked } from '../../support/packed-message.ts';
import { type MessageContent, readPlainly } from '../../support/plain-message.ts';
import { composedMessage } from '../../support/wire-messages.ts';

/** What finds room in an observation. */
function withRoom(message: MessageContent): MessageContent {
  const { nameServers, answers, additional } = message;
  return {
    ...message,
    nameServers: nameServers.slice(0, MAX_RECORDS),
    answers: answers.slice(0, MAX_RECORDS),
    additional: additional.slice(0, MAX_RECORDS),
  };
}

/** Both readings must say the same, and what lies around the message must not matter. Gives what they say. */
function readAll(octets: Buffer): unknown {
  const within = (poison: number) => Buffer.concat([Buffer.alloc(64, poison), octets, Buffer.alloc(64, poison)]);
  const [before, after] = [within(0x00), within(0xff)];
  const end = 64 + octets.length;
  const plain = readPlainly(before, 64, end);
  const expected = typeof plain === 'string' ? plain : withRoom(plain);
  expect(readPacked(before, 64, end)).toEqual(expected);
  expect(packResponse(before, 64, end)).toEqual(packResponse(after, 64, end));
  expect(readQuestion(before, 64, end)).toEqual(readQuestion(after, 64, end));
  return expected;
}

function headerFor(counts: readonly number[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0x8000, 2);
  header.writeUInt16BE(1, 4);
  for (const [index, count] of counts.entries()) header.writeUInt16BE(count, 6 + 2 * index);
  return header;
}

describe('MessageReader beside a plain reading', () => {
  it('agrees on any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        readAll(Buffer.from(octets));
      }),
    );
  });

  it('agrees on any octets behind a good header', () => {
    const counts = fc.array(fc.nat(5), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), counts, (tail, count) => {
        readAll(Buffer.concat([headerFor(count), tail]));
      }),
    );
  });

  it('agrees on composed messages with names in every encoding', () => {
    let readable = 0;
    fc.assert(
      fc.property(composedMessage, (octets) => {
        if (typeof readAll(octets) !== 'string') readable++;
      }),
      { numRuns: 1500 },
    );
    expect(readable).toBeGreaterThan(500);
  });

  it('agrees on every cut of composed messages', () => {
    fc.assert(
      fc.property(composedMessage, (octets) => {
        for (let end = 0; end < Math.min(octets.length, 400); end++) readAll(octets.subarray(0, end));
      }),
      { numRuns: 10 },
    );
  });

  it('agrees on every one-octet change of a referral', () => {
    const octets = dnsPacket.encode(REFERRAL);
    for (let at = 0; at < octets.length; at++) {
      const original = octets[at]!;
      for (let value = 0; value < 256; value++) {
        octets[at] = value;
        const plain = readPlainly(octets, 0, octets.length);
        const packed = readPacked(octets);
        // Fifty thousand times expect would take long.
        if (!isDeepStrictEqual(packed, plain)) expect(packed, `octet ${at} is ${value}`).toEqual(plain);
      }
      octets[at] = original;
    }
    expect(readAll(octets)).toMatchObject({ id: 0xbeef });
  });

  it('agrees on real messages with some octets changed and the end cut', () => {
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
          readAll(octets.subarray(0, octets.length - (cut % 3 === 0 ? cut % octets.length : 0)));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const reader = new MessageReader();

/** Milliseconds to read and pack it. */
function timeOf(octets: Buffer): number {
  const writer = new ObservationWriter(() => {});
  const startedAtMs = performance.now();
  expect(reader.readResponse(octets, 0, octets.length)).toBeUndefined();
  reader.pack(writer, KIND.RESPONSE);
  return performance.now() - startedAtMs;
}

describe('MessageReader on messages made to cost time', () => {
  it('is done soon with chains of pointers', () => {
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
    expect(timeOf(octets)).toBeLessThan(500);
    expect(readAll(octets)).toMatchObject({ answers: { length: MAX_RECORDS } });
  });

  it('is done soon with as many long names as find room', () => {
    const label = `\x3f${'n'.repeat(63)}`;
    const record = (index: number) => {
      const owner = `${label}${label}${label}\x3c${String(index).padStart(60, 'x')}\0`;
      return Buffer.concat([Buffer.from(owner, 'latin1'), Buffer.from('000100010000000000' + '04c0000201', 'hex')]);
    };
    const records = Array.from({ length: 240 }, (_, index) => record(index));
    const octets = Buffer.concat([headerFor([records.length, 0, 0]), Buffer.from('0000010001', 'hex'), ...records]);
    expect(octets.length).toBeLessThan(65_536);
    expect(timeOf(octets)).toBeLessThan(100);
    expect(readAll(octets)).toMatchObject({ answers: { length: 240 } });
  });
});
