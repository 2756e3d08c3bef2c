/** Messages as people read them, one line each. */
import { type Address, formatAddress } from '../core/address.ts';
import { isAddress, isAddressField, prefixLength } from './address-fields.ts';
import { decodeExperimenter } from './experimenter.ts';
import { fieldFormat, numberText, oxmFormat } from './field-names.ts';
import type { Message, MessageOf } from './message.ts';
import type { KnownOxm, OxmId, UnknownOxm } from './oxm.ts';
import { HEADER_BYTES, OPENFLOW_VERSION } from './schema/constants.ts';
import { errorNames, errorNumbers } from './schema/errors.ts';
import { MESSAGE_ROWS } from './schema/messages.ts';

/** How much of a message is shown. */
export interface PrintLimits {
  /** Of the line: a longer one is cut and ends in `...`. */
  readonly characters: number;
  /** Of each list: how many more there are is said. */
  readonly listItems: number;
  /** Strings of more octets are shown as their length. */
  readonly octets: number;
}

/** For a line of a log. */
const LOG_LIMITS: PrintLimits = { characters: 1000, listItems: 16, octets: 16 };
/** All of a message, whose 65,535 octets never make so many characters. */
export const WHOLE_MESSAGE: PrintLimits = { characters: 2 ** 22, listItems: 2 ** 16, octets: 2 ** 16 };

/** Versions have eight bits: bitmaps behind this many say nothing. */
const VERSION_BITMAPS = 8;
const BITS_OF_BITMAP = 32;
const NANOSECOND_DIGITS = 9;
const { errorType: HELLO_FAILED } = errorNumbers('OFPHFC_INCOMPATIBLE');

/** What is shown of it, and whose fields: the `type` of the message or element around them. */
interface Place {
  readonly limits: PrintLimits;
  readonly owner: string;
}

/**
 * A message as one line: its type, its xid, then its fields in wire order, numbers by their names where they have one. A
 * message of an experimenter that is known is shown by what it says, an ERROR with the type of the request it quotes.
 * Printable ASCII only, whatever the switch has sent; short enough for a log unless `limits` say otherwise.
 */
export function describeMessage(message: Message, limits: PrintLimits = LOG_LIMITS): string {
  const line = messageTexts(message, limits).join(' ');
  return line.length > limits.characters ? `${line.slice(0, limits.characters - 3)}...` : line;
}

function messageTexts(message: Message, limits: PrintLimits): string[] {
  const { type, xid, ...fields } = message;
  const place = { limits, owner: type };
  const texts = message.type === 'error' ? errorTexts(message, place) : experimenterTexts(message, place);
  return [type, `xid=${xid}`, ...(texts ?? fieldTexts(fields, place))];
}

/** Undefined when it is no experimenter's message, or one that is not known. */
function experimenterTexts(message: Message, place: Place): string[] | undefined {
  if (message.type !== 'experimenter') return undefined;
  const decoded = decodeExperimenter(message);
  if (decoded === undefined) return undefined;
  if (decoded.ok) return [objectText(decoded.body, place)];
  const { experimenter, experimenterType, data } = message;
  return [...fieldTexts({ experimenter, experimenterType, data }, place), `malformed=${decoded.error.codeName}`];
}

/** With what an ERROR quotes: text where the versions do not agree, else the beginning of the request (§7.4.4). */
function errorTexts({ errorType, code, experimenter, data }: MessageOf<'error'>, place: Place): string[] {
  const names = errorNames(errorType, code, experimenter);
  const whose = experimenter === undefined ? [] : fieldTexts({ experimenter }, place);
  const head = [`errorType=${names.type}`, `code=${names.code}`, ...whose];
  if (errorType === HELLO_FAILED && data.length > 0) return [...head, `text=${plainText(data.toString('latin1'))}`];
  return [...head, ...requestTexts(data), `data=${octetsText(data, place)}`];
}

function requestTexts(quoted: Buffer): string[] {
  if (quoted.length < HEADER_BYTES || quoted[0] !== OPENFLOW_VERSION) return [];
  const name = MESSAGE_ROWS.find(({ number }) => number === quoted[1])?.name ?? `type ${quoted[1]}`;
  return [`request=${name}(xid=${quoted.readUInt32BE(4)})`];
}

function fieldTexts(fields: object, place: Place): string[] {
  return Object.entries(withDuration(fields)).map(([name, value]) => {
    if (place.owner === 'versionBitmap' && name === 'bitmaps') return versionsText(value as readonly number[]);
    return `${name}=${valueText(name, value, place)}`;
  });
}

/** Seconds and nanoseconds as one `duration` where they stand side by side. */
function withDuration(fields: object): object {
  if (!('durationSec' in fields && 'durationNsec' in fields)) return fields;
  const fraction = String(fields.durationNsec).padStart(NANOSECOND_DIGITS, '0').replace(/0+$/, '');
  const duration = `${fields.durationSec}${fraction === '' ? '' : `.${fraction}`}s`;
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      if (name === 'durationNsec') return [];
      return [name === 'durationSec' ? ['duration', duration] : [name, value]];
    }),
  );
}

function versionsText(bitmaps: readonly number[]): string {
  const versions: string[] = [];
  for (let version = 0; version < VERSION_BITMAPS * BITS_OF_BITMAP; version++) {
    const bitmap = bitmaps[Math.floor(version / BITS_OF_BITMAP)] ?? 0;
    if (((bitmap >>> (version % BITS_OF_BITMAP)) & 1) === 1)
      versions.push(`0x${version.toString(16).padStart(2, '0')}`);
  }
  if (bitmaps.length > VERSION_BITMAPS) versions.push(`${bitmaps.length - VERSION_BITMAPS} more bitmaps`);
  return `versions=[${versions.join(', ')}]`;
}

function valueText(name: string, value: unknown, place: Place): string {
  if (isAddress(name, value)) return formatAddress(value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return numberText(value, fieldFormat(place.owner, name, value));
  }
  if (typeof value === 'string') return plainText(value);
  if (Buffer.isBuffer(value)) return octetsText(value, place);
  if (Array.isArray(value)) return listText(name, value, place);
  return typeof value === 'object' && value !== null ? objectText(value, place) : String(value);
}

/** Text that a switch chose must not be able to forge a log line or to steer a terminal. */
function plainText(text: string): string {
  if (/^[\w:./-]+$/.test(text)) return text;
  const escaped = text.replace(/["\\]/g, '\\$&');
  return `"${escaped.replace(/[^ -~]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}

function octetsText(octets: Buffer, { limits }: Place): string {
  const isShown = octets.length > 0 && octets.length <= limits.octets;
  return isShown ? `0x${octets.toString('hex')}` : `<${octets.length} octets>`;
}

/** Items are shown as the list's name asks. */
function listText(name: string, values: readonly unknown[], place: Place): string {
  const shown = values.slice(0, place.limits.listItems).map((value) => valueText(name, value, place));
  if (values.length > shown.length) shown.push(`${values.length - shown.length} more`);
  return `[${shown.join(', ')}]`;
}

function objectText(value: object, place: Place): string {
  if ('field' in value && typeof value.field === 'string') {
    return 'lengthBytes' in value ? oxmIdText(value as OxmId) : oxmText(value as KnownOxm | UnknownOxm, place);
  }
  if ('type' in value && 'xid' in value) {
    const [type, ...texts] = messageTexts(value as Message, place.limits);
    return `${type}(${texts.join(' ')})`;
  }
  if ('type' in value) return elementText(value as { readonly type: string }, place);
  const texts = partTexts(value, place);
  return 'firstBit' in value && texts.length === 1 ? texts[0]! : `{${texts.join(' ')}}`;
}

function elementText({ type, ...fields }: { readonly type: string }, { limits }: Place): string {
  const texts = partTexts(fields, { limits, owner: type });
  return texts.length === 0 ? type : `${type}(${texts.join(' ')})`;
}

/** The fields of an element; a match field and the range of its bits become one, such as `reg0[0..15]`. */
function partTexts(fields: object, place: Place): string[] {
  if (!('field' in fields && 'firstBit' in fields)) return fieldTexts(fields, place);
  const { field, firstBit, ...others } = fields;
  const first = Number(firstBit);
  if (!('nBits' in others)) return [`${oxmIdText(field as OxmId)}[${first}..]`, ...fieldTexts(others, place)];
  const { nBits, ...rest } = others;
  return [`${oxmIdText(field as OxmId)}[${first}..${first + Number(nBits) - 1}]`, ...fieldTexts(rest, place)];
}

function oxmIdText(id: OxmId): string {
  const mask = id.hasMask ? '/mask' : '';
  if (id.field !== 'unknown') return `${id.field}${mask}`;
  const experimenter = id.experimenter === undefined ? '' : `:0x${id.experimenter.toString(16)}`;
  return `oxm(${id.oxmClass}:${id.oxmField}${experimenter})${mask}`;
}

function oxmText(oxm: KnownOxm | UnknownOxm, place: Place): string {
  if (oxm.field === 'unknown') {
    const mask = oxm.hasMask ? '/mask' : '';
    return `oxm(${oxm.oxmClass}:${oxm.oxmField})${mask}=${octetsText(oxm.raw, place)}`;
  }
  const { field, value, mask } = oxm;
  if (mask === undefined) return `${field}=${oxmValueText(field, value, oxmFormat(field))}`;
  // Against a mask a number is bits, and what has a name as a whole need not mean it.
  const format = { bits: oxmFormat(field).bits ?? {}, rest: 'hex' } as const;
  const prefix = isAddressField(field) ? prefixLength(mask as Address) : undefined;
  return `${field}=${oxmValueText(field, value, format)}/${prefix ?? oxmValueText(field, mask, format)}`;
}

function oxmValueText(field: string, value: KnownOxm['value'], format: ReturnType<typeof oxmFormat>): string {
  if (isAddressField(field)) return formatAddress(value as Address);
  return typeof value === 'string' ? value : numberText(value, format);
}
