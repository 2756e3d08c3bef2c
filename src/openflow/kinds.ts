/** The kinds of field that OpenFlow messages are made of. How they combine is in structure.ts. */
import { addressOctets, type Ipv4Address, type Ipv6Address, readIpv4, readIpv6 } from '../core/address.ts';
import type { ErrorCodeName } from './schema/errors.ts';
import type { Reader, Writer } from './wire.ts';

/** One kind of field: how it is read and how it is written. `T` is what it is in TypeScript. */
export interface Kind<T> {
  decode(reader: Reader): T;
  encode(writer: Writer, value: T): void;
}

/** The TypeScript type that a kind stands for. */
export type TypeOf<K> = K extends Kind<infer T> ? T : never;

/** Octets that carry nothing: not part of the value, written as zero. */
export interface Padding extends Kind<unknown> {
  readonly padding: true;
}

export const u8: Kind<number> = {
  decode: (reader) => reader.u8(),
  encode: (writer, value) => writer.u8(value),
};

export const u16: Kind<number> = {
  decode: (reader) => reader.u16(),
  encode: (writer, value) => writer.u16(value),
};

/** Three octets: the service id of a provider backbone bridge. */
export const u24: Kind<number> = {
  decode: (reader) => (reader.u8() << 16) | reader.u16(),
  encode(writer, value) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffff) writer.fail(`${value} does not fit in 24 bits`);
    writer.u8(value >>> 16);
    writer.u16(value & 0xffff);
  },
};

export const u32: Kind<number> = {
  decode: (reader) => reader.u32(),
  encode: (writer, value) => writer.u32(value),
};

export const u64: Kind<bigint> = {
  decode: (reader) => reader.u64(),
  encode: (writer, value) => writer.u64(value),
};

/** Sixteen octets as one number: a connection's label, a wide register. */
export const u128: Kind<bigint> = {
  decode: (reader) => (reader.u64() << 64n) | reader.u64(),
  encode(writer, value) {
    if (typeof value !== 'bigint' || value < 0n || value >> 128n !== 0n) {
      writer.fail(`${value} is not a bigint from 0 to 2^128 - 1`);
    }
    writer.u64(value >> 64n);
    writer.u64(value & 0xffffffffffffffffn);
  },
};

/** An Ethernet address as text: `00:00:5e:00:53:01`, lower case. */
export const mac: Kind<string> = {
  decode: (reader) =>
    reader
      .bytes(6)
      .toString('hex')
      .replace(/..(?=.)/g, '$&:'),
  encode(writer, value) {
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value)) writer.fail(`${value} is not an Ethernet address`);
    writer.bytes(Buffer.from(value.replaceAll(':', ''), 'hex'));
  },
};

export const ip4: Kind<Ipv4Address> = {
  decode: (reader) => readIpv4(reader.bytes(4), 0),
  encode(writer, value) {
    if (value !== (value | 0)) writer.fail(`${value} is not an IPv4 address`);
    writer.bytes(addressOctets(value));
  },
};

export const ip6: Kind<Ipv6Address> = {
  decode: (reader) => readIpv6(reader.bytes(16), 0),
  encode(writer, value) {
    if (typeof value !== 'string' || !/^[\0-\xff]{16}$/.test(value)) writer.fail('not an IPv6 address of 16 octets');
    writer.bytes(addressOctets(value));
  },
};

/** Text in a field of fixed size, ended by a zero octet unless it fills the field. One character per octet. */
export function ascii(lengthBytes: number): Kind<string> {
  return {
    decode(reader) {
      const text = reader.bytes(lengthBytes).toString('latin1');
      const end = text.indexOf('\0');
      return end < 0 ? text : text.slice(0, end);
    },
    encode(writer, value) {
      if (value.length > lengthBytes || value.includes('\0') || /[^\0-\xff]/.test(value)) {
        writer.fail(`${JSON.stringify(value)} does not fit in ${lengthBytes} octets without a zero`);
      }
      writer.bytes(Buffer.from(value, 'latin1'));
      writer.zeros(lengthBytes - value.length);
    },
  };
}

/** Octets without meaning for us, to the end of the window: a view on the message, not a copy. */
export const rest: Kind<Buffer> = {
  decode: (reader) => reader.bytes(reader.remainingBytes),
  encode: (writer, value) => writer.bytes(value),
};

export function pad(lengthBytes: number): Padding {
  return {
    padding: true,
    decode: (reader) => reader.skip(lengthBytes),
    encode: (writer) => writer.zeros(lengthBytes),
  };
}

/** Padding up to the next multiple of eight octets from the start of the message. */
export const padTo8: Padding = {
  padding: true,
  decode: (reader) => reader.skip(-reader.offset & 7),
  encode: (writer) => writer.zeros(-writer.offset & 7),
};

/** A number that stands for one of a closed set of words; any other number is `badValue`. */
export function choice<const W extends Readonly<Record<string, number>>>(
  number: Kind<number>,
  words: W,
  badValue: ErrorCodeName,
): Kind<keyof W & string> {
  const byNumber = new Map<number, keyof W & string>(Object.entries(words).map(([word, value]) => [value, word]));
  return {
    decode(reader) {
      const value = number.decode(reader);
      return byNumber.get(value) ?? reader.fail(badValue, `${value} is none of ${Object.keys(words).join(', ')}`);
    },
    encode(writer, word) {
      number.encode(writer, words[word] ?? writer.fail(`${word} is none of ${Object.keys(words).join(', ')}`));
    },
  };
}
