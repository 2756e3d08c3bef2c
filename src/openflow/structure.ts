/** How kinds combine into structures and lists, with the types inferred. Families of elements are in families.ts. */
import type { Kind, Padding, TypeOf } from './kinds.ts';
import type { ErrorCodeName } from './schema/errors.ts';
import { faultWithin } from './wire.ts';

type Fields = Readonly<Record<string, Kind<unknown>>>;

/** The object that a struct's fields make; padding is left out. */
export type StructOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Padding ? never : K]: TypeOf<F[K]>;
};

/** Fields one after the other, in the order they are listed. */
export function struct<const F extends Fields>(fields: F): Kind<StructOf<F>> {
  const entries = Object.entries(fields).map(([name, kind]) => ({ name, kind, isPadding: 'padding' in kind }));
  return {
    decode(reader) {
      const value: Record<string, unknown> = {};
      let current = '';
      try {
        for (let index = 0; index < entries.length; index++) {
          const { name, kind, isPadding } = entries[index]!;
          current = name;
          const part = kind.decode(reader);
          if (!isPadding) value[name] = part;
        }
      } catch (error) {
        throw faultWithin(error, current);
      }
      return value as StructOf<F>;
    },
    encode(writer, value) {
      const values = value as Readonly<Record<string, unknown>>;
      let current = '';
      try {
        for (const { name, kind } of entries) {
          current = name;
          kind.encode(writer, values[name]);
        }
      } catch (error) {
        throw faultWithin(error, current);
      }
    },
  };
}

/** The same kind again and again to the end of the window. Every kind used here reads at least one octet. */
export function list<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    decode(reader) {
      const values: T[] = [];
      try {
        while (reader.remainingBytes > 0) values.push(item.decode(reader));
      } catch (error) {
        throw faultWithin(error, `[${values.length}]`);
      }
      return values;
    },
    encode(writer, values) {
      let index = 0;
      try {
        for (; index < values.length; index++) item.encode(writer, values[index]!);
      } catch (error) {
        throw faultWithin(error, `[${index}]`);
      }
    },
  };
}

/** A u16 count, padding, then that many of the kind. */
export function counted<T>(padBytes: number, item: Kind<T>): Kind<readonly T[]> {
  return {
    decode(reader) {
      const count = reader.u16();
      reader.skip(padBytes);
      return Array.from({ length: count }, () => item.decode(reader));
    },
    encode(writer, values) {
      writer.u16(values.length);
      writer.zeros(padBytes);
      for (const value of values) item.encode(writer, value);
    },
  };
}

/** The u16 in which an element says how long it is; `sized` fills it in. */
export const ownLength: Padding = {
  padding: true,
  decode: (reader) => reader.skip(2),
  encode: (writer) => writer.zeros(2),
};

/** Where an element keeps its own length, and what that length must obey. */
export interface SizeRule {
  /** Octets from the element's start to its u16 length. */
  readonly lengthAt: number;
  readonly badLength: ErrorCodeName;
}

/**
 * An element that carries its own length, a multiple of eight; `body` has `ownLength` at `rule.lengthAt`. A length that
 * does not reach over the fixed fields fails when they are read inside it, so that no length can make a list stall.
 */
export function sized<T>(rule: SizeRule, body: Kind<T>): Kind<T> {
  return {
    decode(reader) {
      const lengthBytes = reader.peekU16(rule.lengthAt);
      if (lengthBytes % 8 !== 0) {
        reader.fail(rule.badLength, `an element cannot be ${lengthBytes} octets long`);
      }
      const window = reader.sub(lengthBytes, rule.badLength);
      const value = body.decode(window);
      window.expectEnd();
      return value;
    },
    encode(writer, value) {
      const start = writer.offset;
      body.encode(writer, value);
      const lengthBytes = writer.offset - start;
      if (lengthBytes % 8 !== 0) writer.fail(`an element of ${lengthBytes} octets is no multiple of eight`);
      writer.patchU16(start + rule.lengthAt, lengthBytes);
    },
  };
}

/** A u16 length, padding, then that many octets of `body`: the action list of a packet_out. */
export function behindLength<T>(padBytes: number, badLength: ErrorCodeName, body: Kind<T>): Kind<T> {
  return {
    decode(reader) {
      const lengthBytes = reader.u16();
      reader.skip(padBytes);
      const window = reader.sub(lengthBytes, badLength);
      const value = body.decode(window);
      window.expectEnd();
      return value;
    },
    encode(writer, value) {
      const lengthAt = writer.offset;
      writer.zeros(2 + padBytes);
      const start = writer.offset;
      body.encode(writer, value);
      writer.patchU16(lengthAt, writer.offset - start);
    },
  };
}

/** The object of those fields that are there. */
export type OptionalsOf<F extends Fields> = { readonly [K in keyof F]?: TypeOf<F[K]> };

/**
 * A u16 that says with one bit each, from the lowest, which of the fields follow; a bit without a field is `badBit`.
 * Fields follow in the order they are listed.
 */
export function optionals<const F extends Fields>(fields: F, badBit: ErrorCodeName): Kind<OptionalsOf<F>> {
  const entries = Object.entries(fields).map(([name, kind], index) => ({ name, kind, bit: 1 << index }));
  return {
    decode(reader) {
      const present = reader.u16();
      if (present >>> entries.length !== 0) reader.fail(badBit, `presence bits 0x${present.toString(16)}`);
      const value: Record<string, unknown> = {};
      for (const { name, kind, bit } of entries) if ((present & bit) !== 0) value[name] = kind.decode(reader);
      return value as OptionalsOf<F>;
    },
    encode(writer, value) {
      const values = value as Readonly<Record<string, unknown>>;
      const there = entries.filter(({ name }) => values[name] !== undefined);
      writer.u16(there.reduce((bits, { bit }) => bits | bit, 0));
      for (const { name, kind } of there) kind.encode(writer, values[name]);
    },
  };
}

/** Why a value cannot stand although its octets can be read. */
export interface Trouble {
  readonly codeName: ErrorCodeName;
  readonly detail: string;
}

/** The same kind, of which some values are refused, both ways. */
export function checked<T>(kind: Kind<T>, troubleWith: (value: T) => Trouble | undefined): Kind<T> {
  return {
    decode(reader) {
      const value = kind.decode(reader);
      const trouble = troubleWith(value);
      if (trouble !== undefined) reader.fail(trouble.codeName, trouble.detail);
      return value;
    },
    encode(writer, value) {
      const trouble = troubleWith(value);
      if (trouble !== undefined) writer.fail(trouble.detail);
      kind.encode(writer, value);
    },
  };
}
