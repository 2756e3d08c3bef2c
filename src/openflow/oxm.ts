/** One match field on the wire: OXM TLV of OpenFlow 1.3.5 §7.2.3.2. The fields themselves are in schema/oxm.ts. */
import type { Kind } from './kinds.ts';
import type { ErrorCodeName } from './schema/errors.ts';
import { OXM_ROWS, type OxmRow } from './schema/oxm.ts';
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
  /** At most 255 octets. */
  readonly raw: Buffer;
}

export type Oxm = KnownOxm | UnknownOxm;

/** The name of a field of the table. */
export type OxmName = KnownOxm['field'];

/** Octets of an OXM header: class, field with the mask bit, length. */
export const OXM_HEADER_BYTES = 4;

type AnyRow = OxmRow<string, unknown>;

const rowsByHeader: ReadonlyMap<number, AnyRow> = new Map(
  OXM_ROWS.map((row: AnyRow) => [(row.oxmClass << 7) | row.oxmField, row]),
);
const rowsByName: ReadonlyMap<string, AnyRow> = new Map(OXM_ROWS.map((row: AnyRow) => [row.name, row]));

/** What the table says of a field; undefined for names it does not hold. */
export function oxmRow(name: string): OxmRow<string, unknown> | undefined {
  return rowsByName.get(name);
}

/** How many octets one OXM takes, header included. */
export function oxmLengthBytes(oxm: Oxm): number {
  if (oxm.field === 'unknown') return OXM_HEADER_BYTES + oxm.raw.length;
  return OXM_HEADER_BYTES + oxmRow(oxm.field)!.lengthBytes * (oxm.mask === undefined ? 1 : 2);
}

/** One OXM of a match. A known field whose length is not the table's is OFPBMC_BAD_LEN; an unknown one is kept whole. */
export const oxm: Kind<Oxm> = oxmKind('OFPBMC_BAD_LEN');

/** The OXM that a set-field action writes (§7.2.5): the same but for the error code. */
export const setFieldOxm: Kind<Oxm> = oxmKind('OFPBAC_BAD_SET_LEN');

function oxmKind(badLength: ErrorCodeName): Kind<Oxm> {
  return {
    decode(reader) {
      const oxmClass = reader.u16();
      const fieldAndMask = reader.u8();
      const window = reader.sub(reader.u8(), badLength);
      const oxmField = fieldAndMask >>> 1;
      const hasMask = (fieldAndMask & 1) === 1;
      const row = rowsByHeader.get((oxmClass << 7) | oxmField);
      if (row !== undefined) return decodeKnown(row, hasMask, window);
      return { field: 'unknown', oxmClass, oxmField, hasMask, raw: window.bytes(window.remainingBytes) };
    },
    encode(writer, value) {
      if (value.field === 'unknown') encodeUnknown(writer, value);
      else encodeKnown(writer, value);
    },
  };
}

function decodeKnown(row: AnyRow, hasMask: boolean, window: Reader): KnownOxm {
  const wantedBytes = row.lengthBytes * (hasMask ? 2 : 1);
  if (window.remainingBytes !== wantedBytes) {
    window.failLength(`${row.name} has ${window.remainingBytes} octets instead of ${wantedBytes}`);
  }
  const value = row.kind.decode(window);
  const known = hasMask ? { field: row.name, value, mask: row.kind.decode(window) } : { field: row.name, value };
  return known as KnownOxm;
}

function encodeKnown(writer: Writer, value: KnownOxm): void {
  const row = rowsByName.get(value.field) ?? writer.fail(`no match field is called ${value.field}`);
  const hasMask = value.mask !== undefined;
  writer.u16(row.oxmClass);
  writer.u8((row.oxmField << 1) | (hasMask ? 1 : 0));
  writer.u8(row.lengthBytes * (hasMask ? 2 : 1));
  try {
    row.kind.encode(writer, value.value);
    if (hasMask) row.kind.encode(writer, value.mask);
  } catch (error) {
    throw faultWithin(error, value.field);
  }
}

function encodeUnknown(writer: Writer, value: UnknownOxm): void {
  if (value.oxmField > 0x7f) writer.fail(`OXM field ${value.oxmField} does not fit in 7 bits`);
  writer.u16(value.oxmClass);
  writer.u8((value.oxmField << 1) | (value.hasMask ? 1 : 0));
  writer.u8(value.raw.length);
  writer.bytes(value.raw);
}
