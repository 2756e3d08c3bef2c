/** Parts of match fields, as Nicira's actions name them (Open vSwitch, nicira-ext.h). */
import type { Kind } from './kinds.ts';
import { type OxmId, shortOxmId } from './oxm.ts';
import type { Reader, Writer } from './wire.ts';

/** The bits of a field from `firstBit` on, counted from the lowest. */
export interface Subfield {
  readonly field: OxmId;
  readonly firstBit: number;
  /** 1 to 64. */
  readonly nBits: number;
}

/** `ofs_nbits`: ten bits for the first bit, six for the number of bits less one. */
function readRange(reader: Reader): { readonly firstBit: number; readonly nBits: number } {
  const range = reader.u16();
  return { firstBit: range >>> 6, nBits: (range & 0x3f) + 1 };
}

function writeRange(writer: Writer, { firstBit, nBits }: Subfield): void {
  if (firstBit > 0x3ff || nBits < 1 || nBits > 64) writer.fail(`no ${nBits} bits from bit ${firstBit} on`);
  writer.u16((firstBit << 6) | (nBits - 1));
}

/** The range, then the header of the field. */
export const subfield: Kind<Subfield> = {
  decode(reader) {
    const range = readRange(reader);
    return { field: shortOxmId.decode(reader), ...range };
  },
  encode(writer, value) {
    writeRange(writer, value);
    shortOxmId.encode(writer, value.field);
  },
};

/** Where `ct` takes the zone from: a number as it stands, or the bits of a field. The header of the field comes first. */
export const zone: Kind<number | Subfield> = {
  decode(reader) {
    if (reader.peekU32(0) === 0) {
      reader.skip(4);
      return reader.u16();
    }
    const field = shortOxmId.decode(reader);
    return { field, ...readRange(reader) };
  },
  encode(writer, value) {
    if (typeof value === 'number') {
      writer.zeros(4);
      writer.u16(value);
    } else {
      shortOxmId.encode(writer, value.field);
      writeRange(writer, value);
    }
  },
};

/** A field, and the first of its bits that count. */
export interface FieldBits {
  readonly field: OxmId;
  readonly firstBit: number;
}

/** One thing that a `learn` action puts into the flow it makes: so many bits from somewhere to somewhere. */
export interface LearnSpec {
  /** 1 to 1023. */
  readonly nBits: number;
  /** A field of the packet, or the octets themselves: two for each sixteen bits begun. */
  readonly from: FieldBits | Buffer;
  /** What the new flow matches on, what it loads, or the port that it sends to. */
  readonly to: ({ readonly type: 'match' | 'load' } & FieldBits) | { readonly type: 'output' };
}

/** Bits of a spec's header: NX_LEARN_SRC_*, NX_LEARN_DST_*, NX_LEARN_N_BITS_MASK. */
const Header = {
  IMMEDIATE: 0x2000,
  DESTINATION: 0xd800,
  MATCH: 0,
  LOAD: 0x0800,
  OUTPUT: 0x1000,
  BITS: 0x03ff,
} as const;
const HEADER_KNOWN = Header.IMMEDIATE | Header.DESTINATION | Header.BITS;

/** The specs of a `learn` action to the end of its element: a header of zero, or less than one, ends them. */
export const learnSpecs: Kind<readonly LearnSpec[]> = {
  decode(reader) {
    const specs: LearnSpec[] = [];
    while (reader.remainingBytes >= 2 && reader.peekU16(0) !== 0) specs.push(readSpec(reader));
    const padding = reader.remainingBytes;
    if (padding !== (-reader.offset & 7)) reader.fail('OFPBAC_BAD_LEN', `${padding} octets behind the last spec`);
    reader.skip(padding);
    return specs;
  },
  encode(writer, specs) {
    for (const spec of specs) writeSpec(writer, spec);
    writer.zeros(-writer.offset & 7);
  },
};

function readSpec(reader: Reader): LearnSpec {
  const header = reader.u16();
  const nBits = header & Header.BITS;
  const destination = header & Header.DESTINATION;
  const isKnown = (header & ~HEADER_KNOWN) === 0 && destination <= Header.OUTPUT && nBits > 0;
  if (!isKnown) reader.fail('OFPBAC_BAD_ARGUMENT', `a learn spec cannot start with 0x${header.toString(16)}`);
  const from = header & Header.IMMEDIATE ? reader.bytes(immediateBytes(nBits)) : readBits(reader);
  if (destination === Header.OUTPUT) return { nBits, from, to: { type: 'output' } };
  return { nBits, from, to: { type: destination === Header.LOAD ? 'load' : 'match', ...readBits(reader) } };
}

function writeSpec(writer: Writer, { nBits, from, to }: LearnSpec): void {
  if (nBits < 1 || nBits > Header.BITS) writer.fail(`a learn spec cannot have ${nBits} bits`);
  const isImmediate = Buffer.isBuffer(from);
  const destination = { match: Header.MATCH, load: Header.LOAD, output: Header.OUTPUT }[to.type];
  writer.u16(nBits | destination | (isImmediate ? Header.IMMEDIATE : 0));
  if (!isImmediate) writeBits(writer, from);
  else if (from.length === immediateBytes(nBits)) writer.bytes(from);
  else writer.fail(`${nBits} bits take ${immediateBytes(nBits)} octets, not ${from.length}`);
  if (to.type !== 'output') writeBits(writer, to);
}

function immediateBytes(nBits: number): number {
  return Math.ceil(nBits / 16) * 2;
}

function readBits(reader: Reader): FieldBits {
  const field = shortOxmId.decode(reader);
  return { field, firstBit: reader.u16() };
}

function writeBits(writer: Writer, { field, firstBit }: FieldBits): void {
  shortOxmId.encode(writer, field);
  writer.u16(firstBit);
}
