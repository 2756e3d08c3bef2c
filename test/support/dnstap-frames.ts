import protobuf from 'protobufjs/minimal.js';
import { addressOctets, isIpv4, parseAddress } from '../../src/core/address.ts';

/** Fields of a dnstap message as a test gives them. Numbers as in dnstap.proto. */
export interface DnstapFields {
  readonly type: number;
  readonly socketProtocol?: number;
  readonly queryAddress?: string;
  readonly responseAddress?: string;
  readonly queryPort?: number;
  readonly responsePort?: number;
  readonly queryAtMs?: number;
  readonly responseAtMs?: number;
  readonly queryMessage?: Buffer;
  readonly responseMessage?: Buffer;
}

export const RESOLVER_QUERY = 3;
export const RESOLVER_RESPONSE = 4;

/** A dnstap payload, with fields that nobody reads among the others. */
export function composeDnstap(fields: DnstapFields, outerType = 1): Buffer {
  const message = protobuf.Writer.create().uint32(tag(1, 0)).uint32(fields.type);
  putNumber(message, 3, fields.socketProtocol ?? 1);
  putNumber(message, 6, fields.queryPort);
  putNumber(message, 7, fields.responsePort);
  putAddress(message, 4, fields.queryAddress);
  putAddress(message, 5, fields.responseAddress);
  putTime(message, 8, fields.queryAtMs);
  putOctets(message, 10, fields.queryMessage);
  putOctets(message, 11, Buffer.from([0]));
  putTime(message, 12, fields.responseAtMs);
  putOctets(message, 14, fields.responseMessage);
  const outer = protobuf.Writer.create();
  putOctets(outer, 1, Buffer.from('resolver-1'));
  putOctets(outer, 2, Buffer.from('1.0'));
  putOctets(outer, 14, Buffer.from(message.finish()));
  putNumber(outer, 15, outerType);
  return Buffer.from(outer.finish());
}

/** A data frame of Frame Streams. */
export function composeData(payload: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

const tag = (field: number, wireType: number) => (field << 3) | wireType;

function putNumber(writer: protobuf.Writer, field: number, value: number | undefined): void {
  if (value !== undefined) writer.uint32(tag(field, 0)).uint32(value);
}

function putOctets(writer: protobuf.Writer, field: number, octets: Buffer | undefined): void {
  if (octets !== undefined) writer.uint32(tag(field, 2)).bytes(octets);
}

function putAddress(writer: protobuf.Writer, field: number, text: string | undefined): void {
  if (text === undefined) return;
  const address = parseAddress(text)!;
  if (field === 4) putNumber(writer, 2, isIpv4(address) ? 1 : 2);
  putOctets(writer, field, addressOctets(address));
}

function putTime(writer: protobuf.Writer, field: number, atMs: number | undefined): void {
  if (atMs === undefined) return;
  writer.uint32(tag(field, 0)).uint64(Math.floor(atMs / 1000));
  writer.uint32(tag(field + 1, 5)).fixed32((atMs % 1000) * 1e6);
}
