import { formatAddress, type Ipv4Address, type Ipv6Address } from '../core/address.ts';
import { ip4, ip6 } from './kinds.ts';
import type { Message } from './message.ts';
import { type KnownOxm, oxmRow, type UnknownOxm } from './oxm.ts';
import { Group, Meter, NO_BUFFER, Port } from './schema/constants.ts';
import { errorNames } from './schema/errors.ts';

const MAX_LINE_CHARACTERS = 1000;
const MAX_LIST_ITEMS = 16;
/** Fields that hold bits or names rather than amounts. */
const HEX_FIELDS = /^(cookie|metadata|experimenter|datapathId|generationId|capabilities|etherType)/;
const HEX_MATCH_FIELDS = /^(eth_type|metadata|tunnel_id|vlan_vid)$/;
/** Numbers that have a name, for the fields in which they have it. */
const NAMED_NUMBERS: readonly { readonly fields: RegExp; readonly names: Readonly<Record<string, number>> }[] = [
  { fields: /^(port|portNo|inPort|outPort|watchPort|in_port|in_phy_port)$/, names: Port },
  { fields: /^(groupId|outGroup|watchGroup)$/, names: Group },
  { fields: /^meterId$/, names: Meter },
  { fields: /^bufferId$/, names: { NONE: NO_BUFFER } },
];

/**
 * A message as one line for a log: its type, its xid, then its fields in wire order. Printable ASCII only, at most
 * 1,000 characters; byte strings are shown as their length.
 */
export function describeMessage(message: Message): string {
  const { type, xid, ...fields } = message;
  const named = message.type === 'error' ? { ...fields, ...describeError(message.errorType, message.code) } : fields;
  const line = [type, `xid=${xid}`, ...fieldTexts(named)].join(' ');
  return line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS - 3)}...` : line;
}

function describeError(errorType: number, code: number): object {
  const names = errorNames(errorType, code);
  return { errorType: names.type, code: names.code };
}

function fieldTexts(fields: object): string[] {
  return Object.entries(fields).map(([name, value]) => `${name}=${valueText(name, value)}`);
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number') return numberText(name, value);
  if (typeof value === 'bigint') return HEX_FIELDS.test(name) ? `0x${value.toString(16)}` : String(value);
  if (typeof value === 'string') return plainText(value);
  if (Buffer.isBuffer(value)) return `<${value.length} octets>`;
  if (Array.isArray(value)) return listText(value);
  return objectText(value as object);
}

function numberText(name: string, value: number): string {
  const names = NAMED_NUMBERS.find((candidate) => candidate.fields.test(name))?.names ?? {};
  const found = Object.keys(names).find((candidate) => names[candidate] === value);
  if (found !== undefined) return found;
  return HEX_FIELDS.test(name) ? `0x${value.toString(16)}` : String(value);
}

/** Text that a switch chose must not be able to forge a log line. */
function plainText(value: string): string {
  const printable = value.replace(/[^ -~]/g, '?');
  return /^[\w:.-]+$/.test(printable) ? printable : JSON.stringify(printable);
}

function listText(values: readonly unknown[]): string {
  const shown = values.slice(0, MAX_LIST_ITEMS).map((value) => valueText('', value));
  if (values.length > shown.length) shown.push(`${values.length - shown.length} more`);
  return `[${shown.join(', ')}]`;
}

function objectText(value: object): string {
  if ('field' in value) return oxmText(value as KnownOxm | UnknownOxm);
  if (!('type' in value)) return `{${fieldTexts(value).join(' ')}}`;
  const { type, ...fields } = value;
  const texts = fieldTexts(fields);
  return texts.length === 0 ? String(type) : `${type}(${texts.join(' ')})`;
}

function oxmText(oxm: KnownOxm | UnknownOxm): string {
  if (oxm.field === 'unknown') return `oxm(${oxm.oxmClass}:${oxm.oxmField})=0x${oxm.raw.toString('hex')}`;
  const value = oxmValueText(oxm.field, oxm.value);
  return `${oxm.field}=${value}${oxm.mask === undefined ? '' : `/${oxmValueText(oxm.field, oxm.mask)}`}`;
}

function oxmValueText(field: string, value: KnownOxm['value']): string {
  const kind = oxmRow(field)?.kind;
  if (kind === ip4 || kind === ip6) return formatAddress(value as Ipv4Address | Ipv6Address);
  if (typeof value === 'string') return value;
  if (HEX_MATCH_FIELDS.test(field)) return `0x${value.toString(16)}`;
  return typeof value === 'number' ? numberText(field, value) : String(value);
}
