/** Unions of elements that a number tells apart: messages, multipart bodies, and lists of type-length-value elements. */
import type { Kind } from './kinds.ts';
import type { ErrorCodeName } from './schema/errors.ts';
import { list } from './structure.ts';
import type { Reader, Writer } from './wire.ts';

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

type AnyRow = Row<string, object>;

/** Numbers below this are found by their place in an array: nearly all there are but that of experimenters. */
const DENSE_NUMBERS = 64;

/** Finds rows by number and by name. */
export class RowIndex<R extends Rows> {
  readonly #dense: readonly (AnyRow | undefined)[];
  readonly #sparse: ReadonlyMap<number, AnyRow>;
  readonly #byName: ReadonlyMap<string, AnyRow>;

  constructor(rows: R) {
    this.#sparse = new Map(rows.map((candidate) => [candidate.number, candidate]));
    this.#dense = Array.from({ length: DENSE_NUMBERS }, (_, number) => this.#sparse.get(number));
    this.#byName = new Map(rows.map((candidate) => [candidate.name, candidate]));
  }

  has(typeCode: number): boolean {
    return this.#find(typeCode) !== undefined;
  }

  /** Whether a row has this name. */
  names(type: string): boolean {
    return this.#byName.has(type);
  }

  /** The name of a row; `unknown` where there is none. */
  nameOf(typeCode: number): string {
    return this.#find(typeCode)?.name ?? 'unknown';
  }

  /** Reads the body of element `typeCode` from the whole of `window`. */
  decode(typeCode: number, window: Reader): OneOf<R> {
    const found = this.#find(typeCode);
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

  #find(typeCode: number): AnyRow | undefined {
    return typeCode < DENSE_NUMBERS ? this.#dense[typeCode] : this.#sparse.get(typeCode);
  }
}

function isUnknown(value: { readonly type: string }): value is Unknown {
  return value.type === 'unknown';
}

/** OFPAT_EXPERIMENTER and its like in every family: the number under which experimenters have elements of their own. */
const EXPERIMENTER_NUMBER = 0xffff;
const SUBTYPES = 0x10000;

/** The number of a row of `Family.experimenters`: an experimenter's id, and the u16 by which it tells its elements apart. */
export function experimenterNumber(experimenter: number, subtype: number): number {
  return experimenter * SUBTYPES + subtype;
}

/** A family of elements that start with a u16 type and a u16 length (OpenFlow 1.3.5 §7.2). */
export interface Family<R extends Rows, E extends Rows = readonly []> {
  readonly rows: R;
  /** Elements of experimenters, by `experimenterNumber`. All others are for the row of number 0xffff. */
  readonly experimenters?: E;
  readonly badLength: ErrorCodeName;
  /** The error for an element of number 0, where the specification begins at 1: so zeroed memory is not an element. */
  readonly zeroType?: ErrorCodeName;
  /** True when the length counts the padding to a multiple of eight, false when that padding follows uncounted. */
  readonly lengthCountsPadding: boolean;
}

/** Any element of a family. */
export type ElementOf<R extends Rows, E extends Rows = readonly []> = OneOf<R> | RowValue<E[number]>;

/** A list of such elements to the end of the window. An unknown type is kept with its octets. */
export function tlvs<R extends Rows, E extends Rows = readonly []>(
  family: Family<R, E>,
): Kind<readonly ElementOf<R, E>[]> {
  const elements = list(tlv(family));
  return {
    decode: (reader) => elements.decode(reader.sub(reader.remainingBytes, family.badLength)),
    encode: elements.encode,
  };
}

function tlv<R extends Rows, E extends Rows>(family: Family<R, E>): Kind<ElementOf<R, E>> {
  const body = elementBody(family);
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
      const value = body.decode(typeCode, window);
      // The last element of a message may come without its uncounted padding.
      if (!family.lengthCountsPadding) reader.skip(Math.min(-lengthBytes & 7, reader.remainingBytes));
      return value;
    },
    encode(writer, value) {
      const start = writer.offset;
      body.encode(writer, value);
      const lengthBytes = writer.offset - start;
      writer.patchU16(start + 2, lengthBytes);
      if (!family.lengthCountsPadding) writer.zeros(-lengthBytes & 7);
      else if (lengthBytes % 8 !== 0) writer.fail(`an element of ${lengthBytes} octets is no multiple of eight`);
    },
  };
}

/** What stands between an element's length and its end, the experimenter's id and subtype included; `encode` writes the type. */
function elementBody<R extends Rows, E extends Rows>({ rows, experimenters, zeroType }: Family<R, E>) {
  const index = new RowIndex(rows);
  const ofExperimenters = experimenters === undefined ? undefined : new RowIndex<E>(experimenters);
  return {
    decode(typeCode: number, window: Reader): ElementOf<R, E> {
      if (typeCode === EXPERIMENTER_NUMBER && ofExperimenters !== undefined && window.remainingBytes >= 6) {
        const number = experimenterNumber(window.peekU32(0), window.peekU16(4));
        if (ofExperimenters.has(number)) {
          window.skip(6);
          return ofExperimenters.decode(number, window) as RowValue<E[number]>;
        }
      }
      if (typeCode === 0 && zeroType !== undefined) window.fail(zeroType, 'no element has the number 0');
      return index.decode(typeCode, window);
    },
    encode(writer: Writer, value: ElementOf<R, E>): void {
      if (ofExperimenters?.names(value.type)) {
        const element = value as OneOf<E>;
        const number = ofExperimenters.numberOf(element, writer);
        writer.u16(EXPERIMENTER_NUMBER);
        writer.zeros(2);
        writer.u32(Math.floor(number / SUBTYPES));
        writer.u16(number % SUBTYPES);
        ofExperimenters.encodeBody(writer, element);
      } else {
        const element = value as OneOf<R>;
        writer.u16(index.numberOf(element, writer));
        writer.zeros(2);
        index.encodeBody(writer, element);
      }
    },
  };
}

/** The bare id of a row: its name as `type`. Open vSwitch puts octets behind some: they are kept in `extra`. */
type IdValue<R> =
  R extends Row<infer N, object>
    ? N extends 'experimenter'
      ? never
      : { readonly type: N; readonly extra?: Buffer }
    : never;

/** The id of an experimenter's element: `data` is what follows the experimenter's own id. */
interface ExperimenterId {
  readonly type: 'experimenter';
  readonly experimenter: number;
  readonly data: Buffer;
}

/** Which element of a family is meant, without the element itself. */
export type IdOf<R extends Rows> = IdValue<R[number]> | ExperimenterId | Unknown;

/**
 * A list of ids of a family's elements, as table features name instructions and actions (OpenFlow 1.3.5 §7.3.5.5.2): the
 * header of the element alone, with the experimenter's id behind it where it is an experimenter's.
 */
export function ids<R extends Rows, E extends Rows>({ rows }: Family<R, E>): Kind<readonly IdOf<R>[]> {
  const index = new RowIndex(rows);
  return list<IdOf<R>>({
    decode(reader) {
      const window = reader.sub(reader.peekU16(2));
      const typeCode = window.u16();
      window.skip(2);
      if (typeCode === EXPERIMENTER_NUMBER && window.remainingBytes >= 4) {
        return { type: 'experimenter', experimenter: window.u32(), data: window.bytes(window.remainingBytes) };
      }
      const extra = window.bytes(window.remainingBytes);
      if (typeCode === EXPERIMENTER_NUMBER || !index.has(typeCode)) return { type: 'unknown', typeCode, raw: extra };
      const type = index.nameOf(typeCode);
      return (extra.length === 0 ? { type } : { type, extra }) as IdValue<R[number]>;
    },
    encode(writer, value) {
      const start = writer.offset;
      writer.u16(index.numberOf(value as OneOf<R>, writer));
      writer.zeros(2);
      if (isExperimenterId(value)) {
        writer.u32(value.experimenter);
        writer.bytes(value.data);
      } else if (isUnknown(value)) writer.bytes(value.raw);
      else if (value.extra !== undefined) writer.bytes(value.extra);
      writer.patchU16(start + 2, writer.offset - start);
    },
  });
}

function isExperimenterId(value: { readonly type: string }): value is ExperimenterId {
  return value.type === 'experimenter';
}
