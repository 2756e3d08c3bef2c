/**
 * The payload of dnstap (dnstap.info, dnstap.proto): a protocol-buffers message `Dnstap` with a `Message` in it. Fields are
 * read by their numbers there; those that nobody needs here are passed over.
 */
import protobuf from 'protobufjs/minimal.js';
import { type Address, addressFromOctets } from '../core/address.ts';

/** What Frame Streams calls it. */
export const DNSTAP_CONTENT_TYPE = 'protobuf:dnstap.Dnstap';

/** Two DNS messages of 65535 octets, identity, version and the rest. */
export const MAX_DNSTAP_OCTETS = 160 * 1024;

const MESSAGE = 1;

/** Fields of `Dnstap`. */
const OUTER = { identity: 1, message: 14, type: 15 } as const;

/** Fields of `Message`. */
const FIELD = {
  type: 1,
  socketProtocol: 3,
  queryAddress: 4,
  responseAddress: 5,
  queryPort: 6,
  responsePort: 7,
  queryTimeSeconds: 8,
  queryTimeNanoseconds: 9,
  queryMessage: 10,
  responseTimeSeconds: 12,
  responseTimeNanoseconds: 13,
  responseMessage: 14,
} as const;

const OUTER_FIELDS: ReadonlySet<number> = new Set([OUTER.message, OUTER.type]);
const IDENTITY_FIELD: ReadonlySet<number> = new Set([OUTER.identity]);
const MESSAGE_FIELDS: ReadonlySet<number> = new Set(Object.values(FIELD));

/** `Message.Type`, from 1 on. */
const MESSAGE_TYPES = [
  'auth query',
  'auth response',
  'resolver query',
  'resolver response',
  'client query',
  'client response',
  'forwarder query',
  'forwarder response',
  'stub query',
  'stub response',
  'tool query',
  'tool response',
  'update query',
  'update response',
] as const;
export type DnstapType = (typeof MESSAGE_TYPES)[number];

/** `SocketProtocol`, from 1 on. */
const SOCKET_PROTOCOLS = ['udp', 'tcp', 'dot', 'doh', 'dnscrypt-udp', 'dnscrypt-tcp', 'doq'] as const;
export type SocketProtocol = (typeof SOCKET_PROTOCOLS)[number];

/** One side of an exchange as dnstap tells of it. What the writer left out is undefined. */
export interface DnstapMessage {
  readonly type: DnstapType;
  readonly socketProtocol: SocketProtocol | undefined;
  /** The side that asks. */
  readonly queryAddress: Address | undefined;
  readonly queryPort: number | undefined;
  /** The side that answers. */
  readonly responseAddress: Address | undefined;
  readonly responsePort: number | undefined;
  /** Milliseconds since the epoch. */
  readonly queryAtMs: number | undefined;
  readonly responseAtMs: number | undefined;
  /** In wire form; a part of the octets that were read. */
  readonly queryMessage: Buffer | undefined;
  readonly responseMessage: Buffer | undefined;
}

/** Values of the fields wanted, by number: 64 bits of an integer as a number, octets as a part of those read. */
type Fields = Map<number, number | Buffer>;

/** Why a data frame cannot be read. */
export type DnstapProblem = 'no dnstap' | 'a type of message that is not known' | 'nanoseconds of a second and more';

/** Reads one data frame. */
export function readDnstap(octets: Buffer): DnstapMessage | DnstapProblem {
  const outer = readFields(octets, OUTER_FIELDS);
  const content = outer?.get(OUTER.message);
  if (outer?.get(OUTER.type) !== MESSAGE || !Buffer.isBuffer(content)) return 'no dnstap';
  const fields = readFields(content, MESSAGE_FIELDS);
  if (fields === undefined) return 'no dnstap';
  const type = MESSAGE_TYPES[numberOf(fields, FIELD.type) - 1];
  if (type === undefined) return 'a type of message that is not known';
  const queryAtMs = timeOf(fields, FIELD.queryTimeSeconds, FIELD.queryTimeNanoseconds);
  const responseAtMs = timeOf(fields, FIELD.responseTimeSeconds, FIELD.responseTimeNanoseconds);
  if (Number.isNaN(queryAtMs) || Number.isNaN(responseAtMs)) return 'nanoseconds of a second and more';
  return {
    type,
    socketProtocol: SOCKET_PROTOCOLS[numberOf(fields, FIELD.socketProtocol) - 1],
    queryAddress: addressOf(fields, FIELD.queryAddress),
    queryPort: portOf(fields, FIELD.queryPort),
    responseAddress: addressOf(fields, FIELD.responseAddress),
    responsePort: portOf(fields, FIELD.responsePort),
    queryAtMs,
    responseAtMs,
    queryMessage: octetsOf(fields, FIELD.queryMessage),
    responseMessage: octetsOf(fields, FIELD.responseMessage),
  };
}

/** What the writer of a data frame calls itself, a part of the octets; undefined where it does not say, or in no dnstap. */
export function readDnstapIdentity(octets: Buffer): Buffer | undefined {
  const identity = readFields(octets, IDENTITY_FIELD)?.get(OUTER.identity);
  return Buffer.isBuffer(identity) && identity.length > 0 ? identity : undefined;
}

/** Wire types of protocol buffers. */
const WIRE = { varint: 0, octets: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/** A message has 15 fields, each once; so many leave room for those of later versions. */
const MAX_FIELDS = 64;

/** Undefined when the octets are none of protocol buffers, or have more than MAX_FIELDS fields. Of a field that comes more than once the last counts. */
function readFields(octets: Buffer, wanted: ReadonlySet<number>): Fields | undefined {
  const fields: Fields = new Map();
  const reader = protobuf.Reader.create(octets);
  try {
    for (let count = 0; reader.pos < reader.len; count++) {
      if (count === MAX_FIELDS) return undefined;
      const tag = reader.uint32();
      const wireType = tag & 7;
      const field = tag >>> 3;
      // A group, which dnstap has none of, may have as many in it as a frame is long, and the library goes through all of them.
      if (field === 0 || wireType === WIRE.groupStart || wireType === WIRE.groupEnd) return undefined;
      if (!wanted.has(field)) reader.skipType(wireType);
      else if (wireType === WIRE.varint) fields.set(field, readVarint(reader));
      else if (wireType === WIRE.fixed32) fields.set(field, reader.fixed32());
      else if (wireType === WIRE.octets) fields.set(field, readOctets(reader, octets));
      else reader.skipType(wireType);
    }
  } catch {
    // The library's way to say that the octets end too early or make no sense.
    return undefined;
  }
  return fields;
}

function readVarint(reader: protobuf.Reader): number {
  const { high, low } = reader.uint64();
  return (high >>> 0) * 2 ** 32 + (low >>> 0);
}

function readOctets(reader: protobuf.Reader, octets: Buffer): Buffer {
  const length = reader.uint32();
  const start = reader.pos;
  reader.skip(length);
  return octets.subarray(start, start + length);
}

function numberOf(fields: Fields | undefined, field: number): number {
  const value = fields?.get(field);
  return typeof value === 'number' ? value : Number.NaN;
}

function octetsOf(fields: Fields, field: number): Buffer | undefined {
  const value = fields.get(field);
  return Buffer.isBuffer(value) ? value : undefined;
}

function addressOf(fields: Fields, field: number): Address | undefined {
  const octets = octetsOf(fields, field);
  return octets === undefined ? undefined : addressFromOctets(octets);
}

function portOf(fields: Fields, field: number): number | undefined {
  const port = numberOf(fields, field);
  return port >= 0 && port <= 0xffff ? port : undefined;
}

/** NaN when there are nanoseconds for a second and more. */
function timeOf(fields: Fields, secondsField: number, nanosecondsField: number): number | undefined {
  const seconds = numberOf(fields, secondsField);
  const nanoseconds = numberOf(fields, nanosecondsField);
  if (Number.isNaN(seconds)) return undefined;
  if (nanoseconds >= 1e9) return Number.NaN;
  return seconds * 1000 + (nanoseconds >= 0 ? nanoseconds / 1e6 : 0);
}
