/** Rules as people write them, in gluewall.yaml, on the command line and in the store, and back. */
import { formatAddress, type Network, networkAround, parseAddress, parseNetwork } from '../core/address.ts';
import { formatMac, parseMac } from '../core/mac-address.ts';
import { canonicalName, formatName, parseName } from '../dns/name.ts';
import { formatRecordType, parseRecordType } from '../dns/registry.ts';
import type { ClientSelector, DestinationSelector, RuleMatch } from './rule.ts';

/** A match as it is written; each key may be left out. */
export interface WrittenMatch {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly zone?: string | undefined;
  /** One RR type or some: mnemonics or TYPE and a number (RFC 3597 §5). */
  readonly types?: readonly string[] | undefined;
  readonly protocol?: 'udp' | 'tcp' | undefined;
}

export const WANT_CLIENT = 'want an address, a network, mac:02:00:00:00:00:01, port:NAME or group:NAME';
export const WANT_DESTINATION = 'want an address, a network, pack:NAME or name:NAME-SERVER';
const MAX_WORD = 63;
const WORD = new RegExp(`^[\\w.-]{1,${MAX_WORD}}$`);
/** OFPP_MAX (OpenFlow 1.3.5 §7.2.1). */
const MAX_PORT = 0xffffff00;

/** Names of groups and packs: letters, digits, `_`, `.` and `-`, at most 63. */
export function isRuleWord(text: string): boolean {
  return WORD.test(text);
}

/** Undefined when it selects no clients. */
export function parseClientSelector(text: string): ClientSelector | undefined {
  const [, kind, value = ''] = /^(mac|port|group):(.+)$/.exec(text) ?? [];
  if (kind === 'mac') {
    const mac = parseMac(value);
    return mac === undefined ? undefined : { kind, mac };
  }
  if (kind === 'port') return parsePort(value);
  if (kind === 'group') return isRuleWord(value) ? { kind, group: value } : undefined;
  return parsePlace(text);
}

/** A number is an OpenFlow port number. */
function parsePort(value: string): ClientSelector | undefined {
  if (/^\d{1,10}$/.test(value)) {
    const port = Number(value);
    return port >= 1 && port < MAX_PORT ? { kind: 'port', port } : undefined;
  }
  return /^[!-~]{1,63}$/.test(value) ? { kind: 'port', port: value } : undefined;
}

export function formatClientSelector(selector: ClientSelector): string {
  switch (selector.kind) {
    case 'mac':
      return `mac:${formatMac(selector.mac)}`;
    case 'port':
      return `port:${selector.port}`;
    case 'group':
      return `group:${selector.group}`;
    default:
      return formatPlace(selector);
  }
}

/** Undefined when it selects no destinations. */
export function parseDestinationSelector(text: string): DestinationSelector | undefined {
  const [, kind, value = ''] = /^(pack|name):(.+)$/s.exec(text) ?? [];
  if (kind === 'pack') return isRuleWord(value) ? { kind, pack: value } : undefined;
  if (kind === 'name') {
    const name = parseName(value);
    return name === undefined ? undefined : { kind, name: canonicalName(name) };
  }
  return parsePlace(text);
}

export function formatDestinationSelector(selector: DestinationSelector): string {
  switch (selector.kind) {
    case 'pack':
      return `pack:${selector.pack}`;
    case 'name':
      return `name:${formatName(selector.name)}`;
    default:
      return formatPlace(selector);
  }
}

/** The match, or what is wrong with which key. */
export function parseMatch(
  written: WrittenMatch,
): RuleMatch | { readonly key: keyof WrittenMatch; readonly problem: string } {
  const { protocol } = written;
  const from = written.from === undefined ? undefined : parseClientSelector(written.from);
  if (from === undefined && written.from !== undefined) return mistake('from', written.from, WANT_CLIENT);
  const to = written.to === undefined ? undefined : parseDestinationSelector(written.to);
  if (to === undefined && written.to !== undefined) return mistake('to', written.to, WANT_DESTINATION);
  const zone = written.zone === undefined ? undefined : parseName(written.zone);
  if (zone === undefined && written.zone !== undefined) return mistake('zone', written.zone, 'want a domain name');
  const types: number[] = [];
  for (const text of written.types ?? []) {
    const type = parseRecordType(text);
    if (type === undefined) return mistake('types', text, 'want RR types such as A, TXT or TYPE65280');
    if (!types.includes(type)) types.push(type);
  }
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(zone === undefined ? {} : { zone: canonicalName(zone) }),
    ...(types.length === 0 ? {} : { types: types.sort((one, other) => one - other) }),
    ...(protocol === undefined ? {} : { protocol }),
  };
}

/** What parseMatch reads back to an equal match; equal matches are written alike. */
export function composeMatch({ from, to, zone, types, protocol }: RuleMatch): WrittenMatch {
  return {
    ...(from === undefined ? {} : { from: formatClientSelector(from) }),
    ...(to === undefined ? {} : { to: formatDestinationSelector(to) }),
    ...(zone === undefined ? {} : { zone: formatName(zone) }),
    ...(types === undefined ? {} : { types: types.map(formatRecordType) }),
    ...(protocol === undefined ? {} : { protocol }),
  };
}

/** As people read it: `from 192.0.2.0/24 to pack:public-resolvers`; `everything` when nothing is left out. */
export function describeMatch(match: RuleMatch): string {
  const { from, to, zone, types, protocol } = composeMatch(match);
  const parts = [
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(to === undefined ? [] : [`to ${to}`]),
    ...(zone === undefined ? [] : [`zone ${zone}`]),
    ...(types === undefined ? [] : [`type ${types.join(' or ')}`]),
    ...(protocol === undefined ? [] : [`over ${protocol}`]),
  ];
  return parts.length === 0 ? 'everything' : parts.join(' ');
}

type Place = Extract<ClientSelector, { readonly kind: 'address' | 'network' }>;

function parsePlace(text: string): Place | undefined {
  const address = parseAddress(text);
  if (address !== undefined) return { kind: 'address', address };
  const network = parseNetwork(text);
  return network === undefined ? undefined : { kind: 'network', network };
}

function formatPlace(place: Place): string {
  return place.kind === 'address' ? formatAddress(place.address) : formatNetwork(place.network);
}

function formatNetwork({ base, prefixLength }: Network): string {
  return `${formatAddress(base)}/${prefixLength}`;
}

function mistake(key: keyof WrittenMatch, text: string, want: string) {
  return { key, problem: `${JSON.stringify(text)} ${misunderstood(text, want)}` };
}

/** What is wrong with a text that was not understood, and what is wanted. */
export function misunderstood(text: string, want: string): string {
  const meant = networkAround(text);
  if (meant === undefined) return `is not understood: ${want}`;
  return `has bits set beyond its length: write ${formatNetwork(meant)}, or ${text.split('/')[0]}`;
}
