/** One match field on the wire: OXM TLV of OpenFlow 1.3.5 §7.2.3.2. The fields themselves are in schema/oxm.ts. */
import type { Kind } from './kinds.ts';
import type { ErrorCodeName } from './schema/errors.ts';
import { EXPERIMENTER_CLASS, OPENFLOW_BASIC_CLASS, OXM_ROWS, type OxmRow } from './schema/oxm.ts';
import { faultWithin, type Reader, type Writer } from './wire.ts';

type OxmOf<R> =
  R extends OxmRow<infer N, infer T> ? { readonly field: N; readonly value: T; readonly mask?: T } : never;

/** A field of the table: `{ field: 'eth_type', value: 0x0800 }`, with a `mask` where not every bit counts. */
export type KnownOxm = OxmOf<(typeof OXM_ROWS)[number]>;

/** A field outside the table, kept as it came: its header's parts, and in `raw` the value with its mask, if any. */
export interface UnknownOxm {
  readonly field: 'unknown';
  readonly oxmClass: number;
  /** 7 bits. */
  readonly oxmField: number;
  readonly hasMask: boolean;
  /** At most 255 octets. Of an experimenter's field the first four are the experimenter's id. */
  readonly raw: Buffer;
}

export type Oxm = KnownOxm | UnknownOxm;

/** The name of a field of the table. */
export type OxmName = KnownOxm['field'];

/** Octets of an OXM header: class, field with the mask bit, length. */
export const OXM_HEADER_BYTES = 4;
/** Octets of the id before the value of an experimenter's field. */
const EXPERIMENTER_BYTES = 4;
const FIELDS_OF_A_CLASS = 128;

type AnyRow = OxmRow<string, unknown>;

const allRows: readonly AnyRow[] = OXM_ROWS;
const rowsByName: ReadonlyMap<string, AnyRow> = new Map(allRows.map((row) => [row.name, row]));
/** For each class its 128 fields by number; experimenters' fields are in a table by experimenter. */
const rowsByClass = tableBy((row) => (row.experimenter === undefined ? row.oxmClass : undefined));
const rowsByExperimenter = tableBy((row) => row.experimenter);
const basicRows = rowsByClass.get(OPENFLOW_BASIC_CLASS)!;

function tableBy(keyOf: (row: AnyRow) => number | undefined): ReadonlyMap<number, readonly (AnyRow | undefined)[]> {
  const table = new Map<number, (AnyRow | undefined)[]>();
  for (const row of allRows) {
    const key = keyOf(row);
    if (key === undefined) continue;
    const fields = table.get(key) ?? Array.from<AnyRow | undefined>({ length: FIELDS_OF_A_CLASS });
    fields[row.oxmField] = row;
    table.set(key, fields);
  }
  return table;
}

/** What the table says of a field; undefined for names it does not hold. */
export function oxmRow(name: string): OxmRow<string, unknown> | undefined {
  return rowsByName.get(name);
}

/** How many octets one OXM takes, header included. */
export function oxmLengthBytes(oxm: Oxm): number {
  if (oxm.field === 'unknown') return OXM_HEADER_BYTES + oxm.raw.length;
  return OXM_HEADER_BYTES + payloadBytes(oxmRow(oxm.field)!, oxm.mask !== undefined);
}

function payloadBytes(row: AnyRow, hasMask: boolean): number {
  const values = row.lengthBytes * (hasMask ? 2 : 1);
  return row.experimenter === undefined ? values : values + EXPERIMENTER_BYTES;
}

/** One OXM of a match. A known field whose length is not the table's is OFPBMC_BAD_LEN; an unknown one is kept whole. */
export const oxm: Kind<Oxm> = oxmKind('OFPBMC_BAD_LEN');

/**
 * The OXM that a set-field action writes (§7.2.5): the same but for the error codes. One without any octets, of whatever
 * field, sets nothing: OFPBAC_BAD_SET_TYPE.
 */
export const setFieldOxm: Kind<Oxm> = {
  decode(reader) {
    const value = anySetFieldOxm.decode(reader);
    if (value.field === 'unknown' && value.raw.length === 0) {
      reader.fail('OFPBAC_BAD_SET_TYPE', `field ${value.oxmField} of class ${value.oxmClass} has no value`);
    }
    return value;
  },
  encode(writer, value) {
    if (value.field === 'unknown' && value.raw.length === 0) writer.fail('a field without octets sets nothing');
    anySetFieldOxm.encode(writer, value);
  },
};
const anySetFieldOxm = oxmKind('OFPBAC_BAD_SET_LEN');

function oxmKind(badLength: ErrorCodeName): Kind<Oxm> {
  return {
    decode(reader) {
      const oxmClass = reader.u16();
      const fieldAndMask = reader.u8();
      const window = reader.sub(reader.u8(), badLength);
      const oxmField = fieldAndMask >>> 1;
      const hasMask = (fieldAndMask & 1) === 1;
      const row = findRow(oxmClass, oxmField, window);
      if (row !== undefined) return decodeKnown(row, hasMask, window);
      return { field: 'unknown', oxmClass, oxmField, hasMask, raw: window.bytes(window.remainingBytes) };
    },
    encode(writer, value) {
      if (value.field === 'unknown') encodeUnknown(writer, value);
      else encodeKnown(writer, value);
    },
  };
}

/** The row of a header; of an experimenter's field, `window` starts with the experimenter's id. */
function findRow(oxmClass: number, oxmField: number, window: Reader): AnyRow | undefined {
  if (oxmClass === OPENFLOW_BASIC_CLASS) return basicRows[oxmField];
  if (oxmClass !== EXPERIMENTER_CLASS) return rowsByClass.get(oxmClass)?.[oxmField];
  if (window.remainingBytes < EXPERIMENTER_BYTES) return undefined;
  return rowsByExperimenter.get(window.peekU32(0))?.[oxmField];
}

function decodeKnown(row: AnyRow, hasMask: boolean, window: Reader): KnownOxm {
  const wantedBytes = payloadBytes(row, hasMask);
  if (window.remainingBytes !== wantedBytes) {
    window.failLength(`${row.name} has ${window.remainingBytes} octets instead of ${wantedBytes}`);
  }
  if (row.experimenter !== undefined) window.skip(EXPERIMENTER_BYTES);
  const value = row.kind.decode(window);
  const known = hasMask ? { field: row.name, value, mask: row.kind.decode(window) } : { field: row.name, value };
  return known as KnownOxm;
}

function encodeKnown(writer: Writer, value: KnownOxm): void {
  const row = rowsByName.get(value.field) ?? writer.fail(`no match field is called ${value.field}`);
  const hasMask = value.mask !== undefined;
  writeHeader(writer, row, hasMask, payloadBytes(row, hasMask));
  if (row.experimenter !== undefined) writer.u32(row.experimenter);
  try {
    row.kind.encode(writer, value.value);
    if (hasMask) row.kind.encode(writer, value.mask);
  } catch (error) {
    throw faultWithin(error, value.field);
  }
}

function encodeUnknown(writer: Writer, value: UnknownOxm): void {
  writeHeader(writer, value, value.hasMask, value.raw.length);
  writer.bytes(value.raw);
}

interface ClassAndField {
  readonly oxmClass: number;
  readonly oxmField: number;
}

function writeHeader(
  writer: Writer,
  { oxmClass, oxmField }: ClassAndField,
  hasMask: boolean,
  lengthBytes: number,
): void {
  if (oxmField > 0x7f) writer.fail(`OXM field ${oxmField} does not fit in 7 bits`);
  writer.u16(oxmClass);
  writer.u8((oxmField << 1) | (hasMask ? 1 : 0));
  writer.u8(lengthBytes);
}

/** The header of a field of the table, without a value: which field is meant. */
interface KnownOxmId {
  readonly field: OxmName;
  readonly hasMask: boolean;
  /** The length in the header: that of the value, and of the mask with it where the writer counts both. */
  readonly lengthBytes: number;
}

interface UnknownOxmId {
  readonly field: 'unknown';
  readonly oxmClass: number;
  readonly oxmField: number;
  readonly hasMask: boolean;
  readonly lengthBytes: number;
  /** Of an experimenter's field only. */
  readonly experimenter?: number;
}

/** A bare OXM header, as table features and Nicira's actions name a field. */
export type OxmId = KnownOxmId | UnknownOxmId;

/** A bare header with the experimenter's id behind it when it is an experimenter's. */
export const oxmId: Kind<OxmId> = {
  decode(reader) {
    const { oxmClass, oxmField, hasMask, lengthBytes } = readHeader(reader);
    if (oxmClass !== EXPERIMENTER_CLASS) return shortId(oxmClass, oxmField, hasMask, lengthBytes);
    const experimenter = reader.u32();
    const row = rowsByExperimenter.get(experimenter)?.[oxmField];
    if (row !== undefined) return { field: row.name as OxmName, hasMask, lengthBytes };
    return { field: 'unknown', oxmClass, oxmField, hasMask, lengthBytes, experimenter };
  },
  encode(writer, value) {
    const { oxmClass, oxmField, experimenter } = placeOf(writer, value);
    writeHeader(writer, { oxmClass, oxmField }, value.hasMask, value.lengthBytes);
    if ((oxmClass === EXPERIMENTER_CLASS) !== (experimenter !== undefined)) {
      writer.fail(`class ${oxmClass} and an experimenter do not go together`);
    }
    if (experimenter !== undefined) writer.u32(experimenter);
  },
};

/** A bare header of four octets whatever its class: where Nicira's actions have no room for an experimenter's id. */
export const shortOxmId: Kind<OxmId> = {
  decode(reader) {
    const { oxmClass, oxmField, hasMask, lengthBytes } = readHeader(reader);
    return shortId(oxmClass, oxmField, hasMask, lengthBytes);
  },
  encode(writer, value) {
    const { oxmClass, oxmField, experimenter } = placeOf(writer, value);
    if (experimenter !== undefined) writer.fail('there is no room for the id of an experimenter');
    writeHeader(writer, { oxmClass, oxmField }, value.hasMask, value.lengthBytes);
  },
};

function readHeader(reader: Reader) {
  const oxmClass = reader.u16();
  const fieldAndMask = reader.u8();
  return { oxmClass, oxmField: fieldAndMask >>> 1, hasMask: (fieldAndMask & 1) === 1, lengthBytes: reader.u8() };
}

function shortId(oxmClass: number, oxmField: number, hasMask: boolean, lengthBytes: number): OxmId {
  const row = rowsByClass.get(oxmClass)?.[oxmField];
  if (row !== undefined) return { field: row.name as OxmName, hasMask, lengthBytes };
  return { field: 'unknown', oxmClass, oxmField, hasMask, lengthBytes };
}

function placeOf(writer: Writer, id: OxmId): ClassAndField & { readonly experimenter?: number } {
  if (id.field === 'unknown') return id;
  return rowsByName.get(id.field) ?? writer.fail(`no match field is called ${id.field}`);
}
