import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Name, parseName } from '../../../src/dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../../src/dns/registry.ts';
import { type AnswerParts, answerRequest } from '../../../src/rpz/answer-request.ts';
import { Protection } from '../../../src/rpz/protection.ts';
import { readTransferRequest } from '../../../src/rpz/transfer-request.ts';
import { AnswerSigner, checkTsig, signRequest, type TsigRecord } from '../../../src/rpz/tsig.ts';
import type { TsigKey } from '../../../src/rpz/tsig-key.ts';
import { RpzZone } from '../../../src/rpz/zone.ts';

const APEX = parseName('rpz.example.net')!;
const NOW_MS = 1_795_000_000_000;
const key: TsigKey = {
  name: parseName('gluewall')!,
  algorithm: 'hmac-sha256',
  secret: createSecretKey(Buffer.alloc(32, 1)),
};

function zoneOf(count: number): RpzZone {
  const zone = new RpzZone(APEX, undefined);
  const wanted = Array.from({ length: count }, (_, index) => ({
    trigger: { kind: 'name', name: parseName(`c${index}.example`)! } as const,
    behind: [],
    why: 'F-1',
    expiresAtMs: NOW_MS + 1,
  }));
  const open = new Protection({ names: [], addresses: [], networks: [], lists: [] });
  zone.update(wanted, open, { zonesOfAddress: () => [], zonesOfServer: () => [] }, NOW_MS);
  return zone;
}
const zone = zoneOf(2);

const PARTS: AnswerParts = { zone: zone.state, key, mayBeUnsigned: false, transport: 'tcp', nowMs: () => NOW_MS };

/** A query of type `type` for `name`; with `serial`, that of an IXFR. */
function query(
  type: number,
  { name = APEX as Name, opcode = 0, serial = undefined as number | undefined } = {},
): Buffer {
  const header = Buffer.from([0x12, 0x34, opcode << 3, 0, 0, 1, 0, 0, 0, serial === undefined ? 0 : 1, 0, 0]);
  const question = Buffer.concat([Buffer.from(name, 'latin1'), Buffer.from([type >> 8, type & 255, 0, 1])]);
  if (serial === undefined) return Buffer.concat([header, question]);
  const data = Buffer.alloc(22);
  data.writeUInt32BE(serial, 2);
  const soa = Buffer.from([0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, data.length]);
  return Buffer.concat([header, question, soa, data]);
}
const signed = (message: Buffer, by = key, atMs = NOW_MS) => signRequest(message, by, atMs).message;

interface Seen {
  readonly outcome: string | undefined;
  readonly rcode: number | undefined;
  readonly messages: readonly Buffer[];
}

function ask(octets: Buffer, parts: Partial<AnswerParts> = {}): Seen {
  const answered = answerRequest(octets, { ...PARTS, ...parts });
  const messages = [...(answered?.messages ?? [])];
  return {
    outcome: answered?.outcome,
    rcode: messages[0] === undefined ? undefined : messages[0].readUInt16BE(2) & 0xf,
    messages,
  };
}

/** The TSIG record of an answer: an answer read as if it were a query. */
function tsigOf(message: Buffer): TsigRecord {
  const asQuery = Buffer.from(message);
  asQuery.writeUInt16BE(asQuery.readUInt16BE(2) & 0x7fff, 2);
  asQuery.writeUInt16BE(0, 6);
  const records = message.readUInt16BE(6);
  if (records > 0) throw new Error('it has answers');
  const read = readTransferRequest(asQuery);
  if (read.kind !== 'request' || read.tsig === undefined) throw new Error('there is no TSIG record');
  return read.tsig;
}

describe('answerRequest', () => {
  it('gives the zone, the SOA record first and last, to who signs', () => {
    const { outcome, rcode, messages } = ask(signed(query(RECORD_TYPE.AXFR)));
    expect({ outcome, rcode, count: messages.length }).toEqual({ outcome: 'transfer', rcode: 0, count: 1 });
    // SOA, NS, two names with one wildcard each, SOA; and the TSIG record.
    expect(messages[0]!.readUInt16BE(6)).toBe(7);
    expect(messages[0]!.readUInt16BE(10)).toBe(1);
    expect(messages[0]!.readUInt16BE(2) & 0x0400).toBe(0x0400);
  });

  it('cuts a long zone into messages, each signed after the one before', () => {
    const big = zoneOf(3000);
    const request = signRequest(query(RECORD_TYPE.AXFR), key, NOW_MS);
    const { messages } = ask(request.message, { zone: big.state });
    expect(messages.length).toBeGreaterThan(5);
    expect(Math.max(...messages.map((message) => message.length))).toBeLessThan(16_384);
    expect(messages.reduce((sum, message) => sum + message.readUInt16BE(6), 0)).toBe(2 * 3000 + 3);
    let prior = request.mac;
    for (const [index, message] of messages.entries()) {
      const mac = message.subarray(message.length - 6 - 32, message.length - 6);
      const tsigOctets = Buffer.from(key.name, 'latin1').length + 10 + 'hmac-sha256'.length + 2 + 10 + 32 + 6;
      const bare = Buffer.from(message.subarray(0, message.length - tsigOctets));
      bare.writeUInt16BE(bare.readUInt16BE(10) - 1, 10);
      const timers = Buffer.alloc(8);
      timers.writeUIntBE(NOW_MS / 1000, 0, 6);
      timers.writeUInt16BE(300, 6);
      const variables =
        index > 0
          ? timers
          : Buffer.concat([
              Buffer.from(key.name, 'latin1'),
              Buffer.from([0, 255, 0, 0, 0, 0]),
              Buffer.from('\x0bhmac-sha256\0', 'latin1'),
              timers,
              Buffer.alloc(4),
            ]);
      const length = Buffer.from([0, prior.length]);
      const expected = createHmac('sha256', Buffer.alloc(32, 1))
        .update(length)
        .update(prior)
        .update(bare)
        .update(variables);
      expect(mac.toString('hex')).toBe(expected.digest('hex'));
      prior = mac;
    }
  });

  it('answers SOA by UDP and TCP, and AXFR by TCP alone', () => {
    expect(ask(signed(query(RECORD_TYPE.SOA)), { transport: 'udp' })).toMatchObject({ outcome: 'soa', rcode: 0 });
    expect(ask(signed(query(RECORD_TYPE.AXFR)), { transport: 'udp' })).toMatchObject({
      outcome: 'refused',
      rcode: RCODE.REFUSED,
    });
  });

  it('answers IXFR as AXFR, or with the SOA record to who is up to date', () => {
    const { serial } = zone.state;
    const ixfr = (of: number, transport: 'udp' | 'tcp' = 'tcp') =>
      ask(signed(query(RECORD_TYPE.IXFR, { serial: of })), { transport }).outcome;
    expect([ixfr(serial - 1), ixfr(serial), ixfr(serial + 1), ixfr(serial - 1, 'udp')]).toEqual([
      'transfer',
      'soa',
      'soa',
      'soa',
    ]);
    expect(ask(signed(query(RECORD_TYPE.IXFR))).outcome).toBe('transfer');
  });

  it('refuses all else', () => {
    expect(ask(signed(query(RECORD_TYPE.A)))).toMatchObject({ outcome: 'refused', rcode: RCODE.REFUSED });
    expect(ask(signed(query(RECORD_TYPE.AXFR, { name: parseName('example.net')! })))).toMatchObject({
      rcode: RCODE.NOTAUTH,
    });
    expect(ask(signed(query(RECORD_TYPE.SOA, { opcode: 5 })))).toMatchObject({ rcode: RCODE.NOTIMP });
    expect(ask(signed(query(RECORD_TYPE.AXFR)), { zone: undefined })).toMatchObject({ rcode: RCODE.SERVFAIL });
  });

  it('refuses who does not sign, unless that is allowed, with no more octets than it was asked with', () => {
    const request = query(RECORD_TYPE.AXFR);
    const { outcome, rcode, messages } = ask(request);
    expect({ outcome, rcode }).toEqual({ outcome: 'unsigned', rcode: RCODE.REFUSED });
    expect(messages[0]!.length).toBeLessThanOrEqual(request.length);
    expect(ask(request, { mayBeUnsigned: true }).outcome).toBe('transfer');
  });

  it('says BADKEY, BADSIG and BADTIME as RFC 8945 has it', () => {
    const nobody = { ...key, name: parseName('nobody')! };
    const badKey = ask(signed(query(RECORD_TYPE.SOA), nobody));
    expect(badKey).toMatchObject({ outcome: 'bad key', rcode: RCODE.NOTAUTH });
    expect(tsigOf(badKey.messages[0]!)).toMatchObject({ error: 17, mac: Buffer.alloc(0) });
    const forger = { ...key, secret: createSecretKey(Buffer.alloc(32, 2)) };
    const badSignature = ask(signed(query(RECORD_TYPE.SOA), forger));
    expect(badSignature).toMatchObject({ outcome: 'bad signature', rcode: RCODE.NOTAUTH });
    expect(tsigOf(badSignature.messages[0]!)).toMatchObject({ error: 16, mac: Buffer.alloc(0) });
    for (const offMs of [-301_000, 301_000]) {
      const badTime = ask(signed(query(RECORD_TYPE.SOA), key, NOW_MS + offMs));
      expect(badTime).toMatchObject({ outcome: 'bad time', rcode: RCODE.NOTAUTH });
      const record = tsigOf(badTime.messages[0]!);
      expect(record).toMatchObject({ error: 18, signedAt: (NOW_MS + offMs) / 1000 });
      expect(record.mac).toHaveLength(32);
      expect(record.other.readUIntBE(0, 6)).toBe(NOW_MS / 1000);
    }
    expect(ask(signed(query(RECORD_TYPE.SOA), key, NOW_MS + 299_000)).outcome).toBe('soa');
    const sha512 = { ...key, algorithm: 'hmac-sha512' } as const;
    expect(ask(signed(query(RECORD_TYPE.SOA), sha512)).outcome).toBe('bad key');
    expect(ask(signed(query(RECORD_TYPE.SOA), sha512), { key: sha512 }).outcome).toBe('soa');
    expect(ask(signed(query(RECORD_TYPE.SOA)), { key: undefined }).outcome).toBe('bad key');
  });

  it('takes no MAC that is cut short', () => {
    const request = query(RECORD_TYPE.SOA);
    const { mac } = signRequest(request, key, NOW_MS);
    const read = readTransferRequest(signed(request));
    if (read.kind !== 'request' || read.tsig === undefined) throw new Error('not read');
    for (let length = 0; length < mac.length; length++) {
      const check = checkTsig(read.signed, { ...read.tsig, mac: mac.subarray(0, length) }, [key], NOW_MS);
      expect(check.error).toBe(length === 0 ? 16 : 22);
    }
    expect(checkTsig(read.signed, read.tsig, [key], NOW_MS)).toEqual({ error: 0, key });
  });

  it('is not answered by a signature for another request', () => {
    const [one, other] = [
      signRequest(query(RECORD_TYPE.SOA), key, NOW_MS),
      signRequest(query(RECORD_TYPE.AXFR), key, NOW_MS),
    ];
    expect(one.mac.equals(other.mac)).toBe(false);
    const answer = (mac: Buffer) => {
      const record = {
        keyName: key.name,
        algorithm: parseName('hmac-sha256')!,
        signedAt: 0,
        fudgeSeconds: 0,
        mac,
        originalId: 0,
        error: 0,
        other: mac,
      };
      return new AnswerSigner(key, record).sign(query(RECORD_TYPE.SOA), 0, NOW_MS).toString('hex');
    };
    expect(answer(one.mac)).not.toBe(answer(other.mac));
  });

  it('says nothing to what is no query', () => {
    expect(answerRequest(Buffer.alloc(0), PARTS)).toBeUndefined();
    const response = query(RECORD_TYPE.SOA);
    response[2] = 0x80;
    expect(answerRequest(response, PARTS)).toBeUndefined();
  });

  it('never gives the zone for a request with a changed octet, and never throws', () => {
    for (const whole of [signed(query(RECORD_TYPE.AXFR)), signed(query(RECORD_TYPE.IXFR, { serial: 1 }))]) {
      for (let end = 0; end < whole.length; end++) expect(ask(whole.subarray(0, end)).outcome).not.toBe('transfer');
      for (let at = 0; at < whole.length; at++) {
        for (const flip of [1, 0x20, 0x80, 0xff]) {
          const changed = Buffer.from(whole);
          changed[at]! ^= flip;
          // The ID in the header may be another one: the TSIG record has the one that was signed. Letters of names count the same.
          const isFree = at < 2 || isLetter(whole[at]!, changed[at]!);
          if (!isFree) expect([at, flip, ask(changed).outcome]).not.toEqual([at, flip, 'transfer']);
          else ask(changed);
        }
      }
    }
  });

  it('never throws, whatever comes, signed or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (octets, mayBeUnsigned) => {
        const given = Buffer.from(octets);
        ask(given, { mayBeUnsigned });
        if (given.length >= 12) ask(signed(given), { mayBeUnsigned });
      }),
      { numRuns: 2000 },
    );
  });
});

function isLetter(before: number, after: number): boolean {
  const lower = (octet: number) => String.fromCharCode(octet).toLowerCase();
  return lower(before) === lower(after) && before !== after;
}
