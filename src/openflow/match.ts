/** The match of a flow entry or packet_in (OpenFlow 1.3.5 §7.2.3), and the check that a switch will accept it. */
import { OpenFlowError } from './errors.ts';
import type { Kind } from './kinds.ts';
import { type KnownOxm, type Oxm, oxm, oxmLengthBytes, oxmRow } from './oxm.ts';
import type { ErrorCodeName } from './schema/errors.ts';
import type { Prerequisite } from './schema/oxm.ts';
import { list } from './structure.ts';
import { WireFault, Writer } from './wire.ts';

/** Match fields in wire order: a field stands after those it requires. */
export type Match = readonly Oxm[];

/** OFPMT_OXM, the only match type that OpenFlow 1.3 has left. */
const MATCH_TYPE_OXM = 1;
const MATCH_HEADER_BYTES = 4;
const oxms = list(oxm);

/** A match with its header and the padding to eight octets, which the length does not count. */
export const match: Kind<Match> = {
  decode(reader) {
    const type = reader.u16();
    const lengthBytes = reader.u16();
    if (type !== MATCH_TYPE_OXM) reader.fail('OFPBMC_BAD_TYPE', `match type ${type} is not OXM`);
    if (lengthBytes < MATCH_HEADER_BYTES) {
      reader.fail('OFPBMC_BAD_LEN', `a match cannot be ${lengthBytes} octets long`);
    }
    if (lengthBytes - MATCH_HEADER_BYTES > reader.remainingBytes) {
      reader.fail('OFPBMC_BAD_LEN', `the match says ${lengthBytes} octets, ${reader.remainingBytes} are left`);
    }
    const fields = oxms.decode(reader.sub(lengthBytes - MATCH_HEADER_BYTES, 'OFPBMC_BAD_LEN'));
    reader.skip(-lengthBytes & 7);
    return fields;
  },
  encode(writer, fields) {
    const start = writer.offset;
    writer.u16(MATCH_TYPE_OXM);
    writer.zeros(2);
    oxms.encode(writer, fields);
    const lengthBytes = writer.offset - start;
    writer.patchU16(start + 2, lengthBytes);
    writer.zeros(-lengthBytes & 7);
  },
};

/**
 * Says why a switch would refuse this match (§7.2.3.6, §7.2.3.8): a field without those it requires in front of it, a
 * field twice, a mask where none may be, or value bits that the mask leaves out. Undefined when there is nothing to
 * say. Unknown fields are taken as they are.
 */
export function checkPrerequisites(fields: Match): OpenFlowError | undefined {
  const earlier = new Map<string, KnownOxm>();
  let offset = MATCH_HEADER_BYTES;
  for (const [index, field] of fields.entries()) {
    if (field.field !== 'unknown') {
      const trouble = troubleWith(field, earlier);
      if (trouble !== undefined) return new OpenFlowError(trouble.codeName, offset, `match[${index}]`, trouble.detail);
      earlier.set(field.field, field);
    }
    offset += oxmLengthBytes(field);
  }
  return undefined;
}

interface Trouble {
  readonly codeName: ErrorCodeName;
  readonly detail: string;
}

function troubleWith(field: KnownOxm, earlier: ReadonlyMap<string, KnownOxm>): Trouble | undefined {
  const row = oxmRow(field.field);
  if (row === undefined) return { codeName: 'OFPBMC_BAD_FIELD', detail: `no match field is called ${field.field}` };
  if (earlier.has(field.field)) return { codeName: 'OFPBMC_DUP_FIELD', detail: `${field.field} stands twice` };
  if (field.mask !== undefined && !row.maskable) {
    return { codeName: 'OFPBMC_BAD_MASK', detail: `${field.field} takes no mask` };
  }
  const valueOctets = octetsOf(row.kind, field.value);
  const maskOctets = field.mask === undefined ? undefined : octetsOf(row.kind, field.mask);
  if (valueOctets === undefined || (field.mask !== undefined && maskOctets === undefined)) {
    return { codeName: 'OFPBMC_BAD_VALUE', detail: `${field.field} cannot hold its value` };
  }
  if (maskOctets !== undefined && valueOctets.some((octet, index) => (octet & ~maskOctets[index]!) !== 0)) {
    return { codeName: 'OFPBMC_BAD_WILDCARDS', detail: `${field.field} has bits that its mask leaves out` };
  }
  const missing = row.prerequisites.find((prerequisite) => !isMet(prerequisite, earlier));
  if (missing === undefined) return undefined;
  return { codeName: 'OFPBMC_BAD_PREREQ', detail: `${field.field} needs ${describe(missing)} before it` };
}

function describe({ field, values, except }: Prerequisite): string {
  const hex = (numbers: readonly number[]) => numbers.map((value) => `0x${value.toString(16)}`).join(' or ');
  if (values !== undefined) return `${field} ${hex(values)}`;
  return except === undefined ? field : `${field} other than ${hex(except)}`;
}

function isMet(prerequisite: Prerequisite, earlier: ReadonlyMap<string, KnownOxm>): boolean {
  const found = earlier.get(prerequisite.field);
  if (found === undefined) return false;
  const isOneOf = (numbers: readonly number[]) => numbers.some((value) => value === found.value);
  if (prerequisite.values !== undefined) return isOneOf(prerequisite.values);
  return prerequisite.except === undefined || !isOneOf(prerequisite.except);
}

/** The octets of a value as they go on the wire; undefined when the field cannot hold it. */
function octetsOf(kind: Kind<unknown>, value: unknown): Buffer | undefined {
  const writer = new Writer();
  try {
    kind.encode(writer, value);
  } catch (error) {
    if (error instanceof WireFault) return undefined;
    throw error;
  }
  return writer.finish();
}
