/** Messages as people read them. */
import { type Address, formatAddress } from '../core/address.ts';
import { decodeExperimenter } from './experimenter.ts';
import { ip4, ip6 } from './kinds.ts';
import { HEADER_BYTES, OPENFLOW_VERSION } from './schema/constants.ts';
import type { Message, MessageOf } from './message.ts';
import { type KnownOxm, oxmRow, type UnknownOxm } from './oxm.ts';
import { errorNames } from './schema/errors.ts';
import { MESSAGE_ROWS } from './schema/messages.ts';
import { BITS, bitNames, CHOICES } from './schema/names.ts';

/** How much of a message is shown; what is left out is counted. */
export interface PrintLimits {
  readonly characters: number;
  readonly listItems: number;
  /** Octets of a byte string that are shown; one that is longer is shown as its length. */
  readonly octets: number;
}

/** For a log, whose lines a switch must not fill at will. */
const LOG_LIMITS: PrintLimits = { characters: 1000, listItems: 16, octets: 0 };
/** Fields that hold bits or names rather than amounts. */
const HEX_FIELDS = /^(cookie|metadata|experimenter|datapathId|generationId|etherType)/;
const HEX_MATCH_FIELDS = /^(eth_type|metadata|tunnel_id|vlan_vid)$/;
/** Fields outside a match that hold an address. */
const ADDRESS_FIELDS = /^ipv[46]/;

/**
 * A message as one line: its type, its xid, then its fields in wire order, numbers by their names where the specification
 * has one. Printable ASCII only, and for a log unless `limits` say otherwise.
 */
export function describeMessage(message: Message, limits: PrintLimits = LOG_LIMITS): string {
  const { type, xid } = message;
  const line = [type, `xid=${xid}`, ...new Printer(limits).fields(type, fieldsOf(message))].join(' ');
  return line.length > limits.characters ? `${line.slice(0, limits.characters - 3)}...` : line;
}

/** What there is to show of a message beside its type and xid: what stands inside opaque octets, too, where it is known. */
function fieldsOf(message: Message): object {
  const { type: _type, xid: _xid, ...fields } = message;
  if (message.type === 'error') return errorFields(message);
  const body = message.type === 'experimenter' ? decodeExperimenter(message) : undefined;
  return body?.ok === true ? { body: body.body } : fields;
}

function errorFields({ errorType, code, experimenter, data }: MessageOf<'error'>): object {
  const names = errorNames(errorType, code, experimenter);
  const about = data.length >= HEADER_BYTES && data[0] === OPENFLOW_VERSION ? { about: typeName(data[1]!) } : {};
  const whose = experimenter === undefined ? {} : { experimenter };
  return { errorType: names.type, code: names.code, ...whose, ...about, data };
}

function typeName(typeCode: number): string {
  return MESSAGE_ROWS.find(({ number }) => number === typeCode)?.name ?? `type ${typeCode}`;
}

class Printer {
  readonly #limits: PrintLimits;

  constructor(limits: PrintLimits) {
    this.#limits = limits;
  }

  /** `owner` is the message or element whose fields they are. */
  fields(owner: string, fields: object): string[] {
    return Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${this.#value(owner, name, value)}`);
  }

  #value(owner: string, name: string, value: unknown): string {
    if (ADDRESS_FIELDS.test(name)) return formatAddress(value as Address);
    if (typeof value === 'number') return numberText(owner, name, value);
    if (typeof value === 'bigint') return HEX_FIELDS.test(name) ? `0x${value.toString(16)}` : String(value);
    if (typeof value === 'string') return plainText(value);
    if (typeof value === 'boolean') return String(value);
    if (Buffer.isBuffer(value)) return this.#octets(value);
    if (Array.isArray(value)) return this.#list(owner, value);
    return this.#object(owner, value as object);
  }

  #octets(value: Buffer): string {
    const isShown = value.length > 0 && value.length <= this.#limits.octets;
    return isShown ? `0x${value.toString('hex')}` : `<${value.length} octets>`;
  }

  #list(owner: string, values: readonly unknown[]): string {
    const shown = values.slice(0, this.#limits.listItems).map((value) => this.#value(owner, '', value));
    if (values.length > shown.length) shown.push(`${values.length - shown.length} more`);
    return `[${shown.join(', ')}]`;
  }

  #object(owner: string, value: object): string {
    if ('field' in value && 'value' in value) return oxmText(value as KnownOxm);
    if ('field' in value && 'raw' in value) return unknownOxmText(value as UnknownOxm);
    if (!('type' in value)) return `{${this.fields(owner, value).join(' ')}}`;
    if ('xid' in value) return `(${describeMessage(value as Message, this.#limits)})`;
    const { type, ...fields } = value;
    const texts = this.fields(String(type), fields);
    return texts.length === 0 ? String(type) : `${type}(${texts.join(' ')})`;
  }
}

function numberText(owner: string, name: string, value: number): string {
  const field = `${owner}.${name}`;
  const bits = BITS.find(({ fields }) => fields.test(field));
  if (bits !== undefined) return bitNames(bits.names, value);
  const names = CHOICES.find(({ fields }) => fields.test(field))?.names ?? {};
  const found = Object.keys(names).find((candidate) => names[candidate] === value);
  if (found !== undefined) return found;
  return HEX_FIELDS.test(name) ? `0x${value.toString(16)}` : String(value);
}

/** Text that a switch chose must not be able to forge a log line. */
function plainText(value: string): string {
  const printable = value.replace(/[^ -~]/g, '?');
  return /^[\w:.-]+$/.test(printable) ? printable : JSON.stringify(printable);
}

function unknownOxmText({ oxmClass, oxmField, raw }: UnknownOxm): string {
  return `oxm(${oxmClass}:${oxmField})=0x${raw.toString('hex')}`;
}

function oxmText({ field, value, mask }: KnownOxm): string {
  return `${field}=${oxmValueText(field, value)}${mask === undefined ? '' : `/${oxmValueText(field, mask)}`}`;
}

function oxmValueText(field: string, value: KnownOxm['value']): string {
  const kind = oxmRow(field)?.kind;
  if (kind === ip4 || kind === ip6) return formatAddress(value as Address);
  if (typeof value === 'string') return value;
  if (HEX_MATCH_FIELDS.test(field)) return `0x${value.toString(16)}`;
  return typeof value === 'number' ? numberText('oxm', field, value) : String(value);
}

/**
 * A message as JSON can hold it: 64-bit numbers as decimal strings, byte strings in hexadecimal, addresses as text; an
 * ERROR and a known experimenter message with what stands inside.
 */
export function messageToJson(message: Message): object {
  const { type, xid } = message;
  return { type, xid, ...(toJson(fieldsOf(message)) as object) };
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  const row = 'field' in value && typeof value.field === 'string' ? oxmRow(value.field) : undefined;
  const isAddress = (name: string) =>
    ADDRESS_FIELDS.test(name) || ((row?.kind === ip4 || row?.kind === ip6) && /^(value|mask)$/.test(name));
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    entries.map(([name, part]) => [name, isAddress(name) ? formatAddress(part as Address) : toJson(part)]),
  );
}
