/** What single values of the search language mean. */

import { parseMac } from '../core/mac-address.ts';
import { folded } from '../core/nearest.ts';
import { canonicalName, formatName, parseName } from '../dns/name.ts';
import { parseRecordType, RECORD_TYPE } from '../dns/registry.ts';
import { addressValue } from './address-text.ts';
import { ENTRY_STATES, SEVERITIES } from './entry.ts';
import type { NameValue, SearchTerm } from './search.ts';
import { SEARCH_FIELDS } from './search-fields.ts';
import type { SearchValue, SearchWord } from './search-words.ts';

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
/** A term, before it is said whether it is negated. */
type Meaning = Without<SearchTerm, 'isNegated'>;

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
/** ISO 8601 with its zone: a time without one is another for each who reads it. */
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)$/i;
const MAX_PORT = 0xffffffff;
const MAX_CLIENT_NAME_CHARACTERS = 253;

const VERDICTS = new Map([
  ['blocked', 'block'],
  ['block', 'block'],
  ['allowed', 'allow'],
  ['allow', 'allow'],
  ['wouldblock', 'would block'],
] as const);
const REASONS = Object.keys(SEARCH_FIELDS.find(({ name }) => name === 'reason')?.values ?? {});
const TRUTHS = new Map([
  ['yes', true],
  ['no', false],
] as const);

const READERS: Readonly<Record<string, (text: string) => Meaning | undefined>> = {
  client: readClient,
  destination: (text) => ifThere(addressValue(text), (value) => ({ field: 'destination', anyOf: [value] })),
  name: (text) => ifThere(readName(text), (value) => ({ field: 'name', anyOf: [value] })),
  type: (text) => ifThere(parseRecordType(text), (value) => ({ field: 'type', anyOf: [value] })),
  verdict: (text) => ifThere(VERDICTS.get(folded(text) as 'block'), (value) => ({ field: 'verdict', anyOf: [value] })),
  reason: (text) => ifThere(wordOf(REASONS, text), (value) => ({ field: 'reason', anyOf: [value] })),
  severity: (text) => ifThere(wordOf(SEVERITIES, text), (value) => ({ field: 'severity', anyOf: [value] })),
  state: (text) => ifThere(wordOf(ENTRY_STATES, text), (value) => ({ field: 'state', anyOf: [value] })),
  protocol: (text) =>
    ifThere(wordOf(['udp', 'tcp'] as const, text), (value) => ({ field: 'protocol', anyOf: [value] })),
  rd: (text) => ifThere(TRUTHS.get(folded(text) as 'yes'), (value) => ({ field: 'rd', anyOf: [value] })),
  group: (text) => ({ field: 'group', anyOf: [text] }),
  mac: (text) => ifThere(parseMac(text), (value) => ({ field: 'mac', anyOf: [value] })),
  switch: (text) => (/^[0-9a-f]{1,16}$/i.test(text) ? { field: 'switch', anyOf: [datapathId(text)] } : undefined),
  port: (text) =>
    /^\d{1,10}$/.test(text) && Number(text) <= MAX_PORT ? { field: 'switch-port', anyOf: [Number(text)] } : undefined,
  rule: (text) => ({ field: 'rule', anyOf: [text] }),
};

/** What a value says by itself; undefined where its field does not take it. Times are no terms. */
export function readTerm({ field, isNegated }: SearchWord, { text }: SearchValue): SearchTerm | undefined {
  const meaning = field === undefined ? readText(text) : READERS[field.name]?.(text);
  return meaning === undefined ? undefined : { isNegated, ...meaning };
}

/** Two terms of one field and one sign. */
export function eitherTerm(a: SearchTerm, b: SearchTerm): SearchTerm {
  const anyOf = new Map([...a.anyOf, ...b.anyOf].map((value) => [JSON.stringify(value), value]));
  return { ...a, anyOf: [...anyOf.values()] } as SearchTerm;
}

/** An instant, milliseconds: how long before now, or a time with its zone. */
export function readInstant(text: string, nowMs: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, nowMs - Number(count) * UNIT_MS[unit]!);
  const [, time, zone = ''] = INSTANT.exec(text) ?? [];
  const atMs = Date.parse(`${time}${zone.replace(/(\d\d)(\d\d)$/, '$1:$2')}`.toUpperCase());
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** The mnemonics of RR types. */
export function typeNames(): string[] {
  return Object.keys(RECORD_TYPE);
}

function ifThere<T>(value: T | undefined, meaning: (value: T) => Meaning): Meaning | undefined {
  return value === undefined ? undefined : meaning(value);
}

/** In any case, and however its parts are joined. */
function wordOf<W extends string>(words: readonly W[], text: string): W | undefined {
  return words.find((word) => folded(word) === folded(text));
}

function datapathId(text: string): string {
  return text.toLowerCase().padStart(16, '0');
}

function readClient(text: string): Meaning | undefined {
  const value = addressValue(text);
  if (value !== undefined) return { field: 'client', anyOf: [value] };
  const isMeantAsAddress = /^\d+\.[\d.*]*$|[:/]/.test(text);
  if (isMeantAsAddress || text.length > MAX_CLIENT_NAME_CHARACTERS) return undefined;
  return { field: 'client-name', anyOf: [text] };
}

function readName(text: string): NameValue | undefined {
  if (text.toLowerCase() === 'none') return { name: '', match: 'none' };
  const isBelow = text === '*' || text.startsWith('*.');
  const zone = isBelow ? text.slice(2) : text;
  if (hasStar(zone)) return undefined;
  const name = parseName(isBelow && zone === '' ? '.' : inAscii(zone));
  if (name === undefined) return undefined;
  return { name: formatName(canonicalName(name)), match: isBelow ? 'below' : 'exactly' };
}

/** Whether there is a `*` that no backslash stands before. */
export function hasStar(text: string): boolean {
  return text.replace(/\\./gsu, '').includes('*');
}

/** A word that people type in their own script is in the names that are asked for as IDNA makes it (RFC 5891). */
function readText(text: string): Meaning {
  const ascii = /[\s\\]/.test(text) ? text : inAscii(text);
  return { field: 'text', anyOf: ascii === text ? [text] : [text, ascii] };
}

/** With each label that is not ASCII as browsers send it; as it is where that cannot be. */
function inAscii(text: string): string {
  return text.replace(/[^.\\]*[^\0-\x7f][^.\\]*/gu, (label) => {
    try {
      return new URL(`http://${label}.x/`).hostname.slice(0, -'.x'.length);
    } catch {
      return label;
    }
  });
}
