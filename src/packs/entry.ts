/** What a pack or a list holds: networks and names, as text and back. */
import { domainToASCII } from 'node:url';
import {
  type Address,
  formatAddress,
  isIpv4,
  type Network,
  networkAround,
  parseAddress,
  parseNetwork,
} from '../core/address.ts';
import { canonicalName, formatName, type Name, parseName } from '../dns/name.ts';

/** `zone`: the name and all below it; `exact`: the name alone; `below`: what is below it, and not the name. */
export type Reach = 'zone' | 'exact' | 'below';

/** Addresses, an address being a network of one; or names (canonical). */
export type Entry =
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'name'; readonly name: Name; readonly reach: Reach };

/** No line of a file that holds entries is longer. */
export const MAX_LINE_CHARACTERS = 4096;
const MAX_QUOTED = 80;

/** Letters, digits, hyphens and underscores; other octets only as escapes (RFC 1035 §5.1). */
const NAME_TEXT = /^(?:[\w.-]|\\\d{3}|\\[^\d])+$/s;
const DIGITS_AND_DOTS = /^[\d.]+$/;

/** The network or name that `text` is, or what is wrong with it and what to do. */
export function parseEntry(text: string): Entry | string {
  const network = parsePlace(text);
  if (network !== undefined) return typeof network === 'string' ? network : { kind: 'network', network };
  const name = parseListedName(text);
  return typeof name === 'object' ? name : `${quote(text)} ${name}`;
}

/** The network that an address or `ADDRESS/LENGTH` is; undefined for what looks like neither. */
export function parsePlace(text: string): Network | string | undefined {
  const address = parseAddress(text);
  if (address !== undefined) return networkOfOne(address);
  if (text.includes('/')) return parseNetwork(text) ?? networkProblem(text);
  if (text.includes(':')) return `${quote(text)} is no IPv6 address: write one such as 2001:db8::53, without a zone`;
  if (DIGITS_AND_DOTS.test(text) && text !== '.')
    return `${quote(text)} is no IPv4 address: write four numbers up to 255`;
  return undefined;
}

export function networkOfOne(address: Address): Network {
  return { base: address, prefixLength: isIpv4(address) ? 32 : 128 };
}

function networkProblem(text: string): string {
  const meant = networkAround(text);
  if (meant === undefined) return `${quote(text)} is no network: write ADDRESS/LENGTH, such as 192.0.2.0/24`;
  const { base, prefixLength } = meant;
  const network = `${formatAddress(base)}/${prefixLength}`;
  return `${quote(text)} has bits set beyond its length: write ${network}, or ${text.split('/')[0]}`;
}

function parseListedName(text: string): Entry | string {
  // A wildcard, as in lists for other programs: gluewall's names reach below themselves anyway.
  const bare = text.startsWith('*.') ? text.slice(2) : text.startsWith('.') && text !== '.' ? text.slice(1) : text;
  const ascii = /[^\0-\x7f]/.test(bare) ? domainToASCII(bare) : bare;
  if (!NAME_TEXT.test(ascii)) return 'is neither an address, a network nor a domain name';
  const name = parseName(ascii);
  if (name === undefined) return 'is no domain name: labels have 1 to 63 octets, and all together at most 255';
  return { kind: 'name', name: canonicalName(name), reach: 'zone' };
}

/** As parseEntry reads it, but for the names that reach less far: `=NAME` is exact, `*.NAME` below. */
export function formatEntry(entry: Entry): string {
  if (entry.kind === 'network') return formatNetwork(entry.network);
  const name = formatName(entry.name);
  return { zone: name, exact: `=${name}`, below: `*.${name}` }[entry.reach];
}

function formatNetwork({ base, prefixLength }: Network): string {
  const address = formatAddress(base);
  return prefixLength === (isIpv4(base) ? 32 : 128) ? address : `${address}/${prefixLength}`;
}

/** `text` for a message, cut short. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}
