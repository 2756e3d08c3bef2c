/** How kinds combine into structures, lists and families of type-length-value elements, with the types inferred. */
import type { Kind, Padding, TypeOf } from './kinds.ts';
import type { ErrorCodeName } from './schema/errors.ts';
import { faultWithin, type Reader, type Writer } from './wire.ts';

type Fields = Readonly<Record<string, Kind<unknown>>>;

/** The object that a struct's fields make; padding is left out. */
export type StructOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Padding ? never : K]: TypeOf<F[K]>;
};

/** Fields one after the other, in the order they are listed. */
export function struct<const F extends Fields>(fields: F): Kind<StructOf<F>> {
  const entries = Object.entries(fields);
  return {
    decode(reader) {
      const value: Record<string, unknown> = {};
      let current = '';
      try {
        for (const [name, kind] of entries) {
          current = name;
          const part = kind.decode(reader);
          if (!('padding' in kind)) value[name] = part;
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
        for (const [name, kind] of entries) {
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

/** One member of a union: its number on the wire, its name in `type`, and its fields. */
export interface Row<N extends string, T> {
  readonly number: number;
  readonly name: N;
  readonly body: Kind<T>;
}

export type Rows = readonly Row<string, object>[];

export function row<const N extends string, T extends object>(number: number, name: N, body: Kind<T>): Row<N, T> {
  return { number, name, body };
}

type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The object that a row makes: its name as `type`, then its fields. */
export type RowValue<R> = R extends Row<infer N, infer T> ? Flat<{ readonly type: N } & T> : never;

/** An element whose number no row has, kept as it came. `raw` is what follows its header. */
export interface Unknown {
  readonly type: 'unknown';
  readonly typeCode: number;
  readonly raw: Buffer;
}

/** Any value that the rows can make, or one that none of them knows. */
export type OneOf<R extends Rows> = RowValue<R[number]> | Unknown;

/** Finds rows by number and by name. */
export class RowIndex<R extends Rows> {
  readonly #byNumber: ReadonlyMap<number, Row<string, object>>;
  readonly #byName: ReadonlyMap<string, Row<string, object>>;

  constructor(rows: R) {
    this.#byNumber = new Map(rows.map((candidate) => [candidate.number, candidate]));
    this.#byName = new Map(rows.map((candidate) => [candidate.name, candidate]));
  }

  has(typeCode: number): boolean {
    return this.#byNumber.has(typeCode);
  }

  /** The name of a row; `unknown` where there is none. */
  nameOf(typeCode: number): string {
    return this.#byNumber.get(typeCode)?.name ?? 'unknown';
  }

  /** Reads the body of element `typeCode` from the whole of `window`. */
  decode(typeCode: number, window: Reader): OneOf<R> {
    const found = this.#byNumber.get(typeCode);
    if (found === undefined) {
      return { type: 'unknown', typeCode, raw: window.bytes(window.remainingBytes) };
    }
    const value = { type: found.name, ...found.body.decode(window) };
    window.expectEnd();
    return value as unknown as OneOf<R>;
  }

  /** The number that goes on the wire for a value. */
  numberOf(value: OneOf<R>, writer: Writer): number {
    if (isUnknown(value)) return value.typeCode;
    return (this.#byName.get(value.type) ?? writer.fail(`nothing here is called ${value.type}`)).number;
  }

  encodeBody(writer: Writer, value: OneOf<R>): void {
    if (isUnknown(value)) writer.bytes(value.raw);
    else this.#byName.get(value.type)!.body.encode(writer, value);
  }
}

function isUnknown(value: { readonly type: string }): value is Unknown {
  return value.type === 'unknown';
}

/** A family of elements that start with a u16 type and a u16 length (OpenFlow 1.3.5 §7.2). */
export interface Family<R extends Rows> {
  readonly rows: R;
  readonly badLength: ErrorCodeName;
  /** True when the length counts the padding to a multiple of eight, false when that padding follows uncounted. */
  readonly lengthCountsPadding: boolean;
}

/** A list of such elements to the end of the window. An unknown type is kept with its octets. */
export function tlvs<R extends Rows>(family: Family<R>): Kind<readonly OneOf<R>[]> {
  const elements = list(tlv(family));
  return {
    decode: (reader) => elements.decode(reader.sub(reader.remainingBytes, family.badLength)),
    encode: elements.encode,
  };
}

function tlv<R extends Rows>(family: Family<R>): Kind<OneOf<R>> {
  const index = new RowIndex(family.rows);
  return {
    decode(reader) {
      const lengthBytes = reader.peekU16(2);
      if (family.lengthCountsPadding && lengthBytes % 8 !== 0) {
        reader.fail(family.badLength, `an element cannot be ${lengthBytes} octets long`);
      }
      // The header is read inside the window: a length below its four octets fails here.
      const window = reader.sub(lengthBytes, family.badLength);
      const typeCode = window.u16();
      window.skip(2);
      const value = index.decode(typeCode, window);
      // The last element of a message may come without its uncounted padding.
      if (!family.lengthCountsPadding) reader.skip(Math.min(-lengthBytes & 7, reader.remainingBytes));
      return value;
    },
    encode(writer, value) {
      const start = writer.offset;
      writer.u16(index.numberOf(value, writer));
      writer.zeros(2);
      index.encodeBody(writer, value);
      const lengthBytes = writer.offset - start;
      writer.patchU16(start + 2, lengthBytes);
      if (!family.lengthCountsPadding) writer.zeros(-lengthBytes & 7);
      else if (lengthBytes % 8 !== 0) writer.fail(`an element of ${lengthBytes} octets is no multiple of eight`);
    },
  };
}
