import type { Answer, Packet } from 'dns-packet';
import * as dnsPacket from 'dns-packet';

/** A referral for www.example.org to two name servers with glue of both families. */
export const REFERRAL: Packet = {
  type: 'response',
  id: 0xbeef,
  questions: [{ name: 'wWw.eXample.org', type: 'A' }],
  authorities: [
    { name: 'Example.org', type: 'NS', ttl: 172800, data: 'NS1.example.org' },
    { name: 'example.org', type: 'NS', ttl: 172800, data: 'ns.example.net' },
  ],
  additionals: [
    { name: 'ns1.example.org', type: 'A', ttl: 3600, data: '192.0.2.1' },
    { name: 'ns1.Example.org', type: 'AAAA', ttl: 3600, data: '2001:db8::1' },
    { name: 'ns.example.net', type: 'A', ttl: 60, data: '198.51.100.1' },
    { name: '.', type: 'OPT', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, options: [] },
  ],
};

export function composeQuery(name: string, id = 0x1234): Buffer {
  return dnsPacket.encode({ type: 'query', id, flags: 0x0100, questions: [{ name, type: 'A' }] });
}

/** An answer with one A record, to `composeQuery(name, id)`. */
export function composeAnswer(name: string, address: string, id = 0x1234): Buffer {
  return dnsPacket.encode({
    type: 'response',
    id,
    questions: [{ name, type: 'A' }],
    answers: [{ name, type: 'A', ttl: 300, data: address }],
  });
}

/** A record in wire form, its owner uncompressed. */
export function composeRecord(
  ownerWire: Buffer,
  type: number,
  rdata: Buffer,
  fields: { class?: number; ttl?: number; rdlength?: number } = {},
): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(fields.class ?? 1, 2);
  fixed.writeUInt32BE(fields.ttl ?? 300, 4);
  fixed.writeUInt16BE(fields.rdlength ?? rdata.length, 8);
  return Buffer.concat([ownerWire, fixed, rdata]);
}

/** A response to a question for the A of `a.` with the given records per section. */
export function composeResponse(sections: {
  readonly answer?: readonly Buffer[];
  readonly authority?: readonly Buffer[];
  readonly additional?: readonly Buffer[];
  readonly flags?: number;
}): Buffer {
  const { answer = [], authority = [], additional = [] } = sections;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0x1234, 0);
  header.writeUInt16BE(sections.flags ?? 0x8000, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answer.length, 6);
  header.writeUInt16BE(authority.length, 8);
  header.writeUInt16BE(additional.length, 10);
  return Buffer.concat([header, Buffer.from('0161000001' + '0001', 'hex'), ...answer, ...authority, ...additional]);
}

export type { Answer, Packet };
