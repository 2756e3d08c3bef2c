import { type Address, addressOctets, isIpv4, parseAddress } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';
import { parseRecordType, parseResponseCode, RCODE, RECORD_TYPE } from '../../dns/registry.ts';
import { readPlainName } from '../plain-name.ts';

/** What stands between the prefix and the words of a line, with `log-queries=extra` and `=proto`. */
export interface DnsmasqCall {
  /** Tells the query that the line is of from others; undefined: the line does not say. */
  readonly call: string | undefined;
  readonly client: string | undefined;
  readonly clientPort: string | undefined;
  /** What follows. */
  readonly words: string;
}

/** What is said of a name, or of an address whose name is looked for. */
export interface DnsmasqFact {
  /** The address of a record. */
  readonly address?: Address;
  /** The type of the query that this answers, where it says so. */
  readonly type?: number;
  /** An alias: what it stands for is in the next line. */
  readonly isAlias?: boolean;
  /** The data of a record that is no address, as TXT and PTR are shown. */
  readonly isText?: boolean;
  readonly responseCode: number;
}

/** What dnsmasq says in a line. */
export type DnsmasqWords =
  | {
      readonly kind: 'query';
      readonly isAuth: boolean;
      readonly type: string;
      readonly name: string;
      readonly client: string;
    }
  | { readonly kind: 'forwarded'; readonly name: string }
  /** `told`: `NAME is VALUE`; both may hold an ` is ` themselves. */
  | { readonly kind: 'fact'; readonly isLocal: boolean; readonly told: string }
  | { readonly kind: 'other' };

const CALL = /(?:(?:(UDP|TCP) )?(-?\d{1,11}) )?(?:([\dA-Fa-f.:]{2,45}(?:%[\w.-]{1,16})?)\/(\d{1,5}) )?/y;
const QUERY = /(query|auth)\[([^\]\s]{1,32})\] /y;
/** Who says it, in one word; hosts files say it as their path, Pi-hole in several words. */
const SOURCES: ReadonlySet<string> = new Set(['reply', 'cached', 'cached-stale', 'config', 'auth', 'DHCP']);
const NOT_OF_CLIENTS: ReadonlySet<string> = new Set(['validation', 'dnssec-query', 'dnssec-retry']);
/** What dnsmasq says of keys and delegations that it asks for itself. */
const OF_DNSSEC = /^(?:no DS|DS |DNSKEY |BOGUS |RRSIG |NSEC3? )/;
const MAX_WAYS = 8;
const OTHER: DnsmasqWords = { kind: 'other' };

/** Takes the number of the query and its client off what stands behind the prefix. */
export function takeCall(text: string): DnsmasqCall {
  CALL.lastIndex = 0;
  const match = CALL.exec(text)!;
  const [all, transport, serial, client, clientPort] = match;
  const call = all === '' ? undefined : `${transport ?? ''} ${serial ?? ''}`;
  return { call, client, clientPort, words: text.slice(all.length) };
}

/** Reads what stands behind prefix and call. */
export function readWords(words: string): DnsmasqWords {
  QUERY.lastIndex = 0;
  const query = QUERY.exec(words);
  if (query !== null) return readQuery(words.slice(query[0].length), query[1] === 'auth', query[2]!);
  const text = withoutRemark(words);
  const blank = text.indexOf(' ');
  const first = blank < 0 ? text : text.slice(0, blank);
  if (first === 'forwarded') {
    const to = text.lastIndexOf(' to ');
    return to <= blank ? OTHER : { kind: 'forwarded', name: text.slice(blank + 1, to) };
  }
  const is = text.indexOf(' is ', blank);
  if (is < 0 || NOT_OF_CLIENTS.has(first)) return OTHER;
  const nameAt = SOURCES.has(first) ? blank + 1 : text.lastIndexOf(' ', is - 1) + 1;
  return { kind: 'fact', isLocal: first !== 'reply', told: text.slice(nameAt) };
}

/** The ways in which `NAME is VALUE` can be read, the one with the shortest name first. */
export function readTold(told: string): { readonly subject: string; readonly value: string }[] {
  const ways: { subject: string; value: string }[] = [];
  for (let is = told.indexOf(' is '); is >= 0 && ways.length < MAX_WAYS; is = told.indexOf(' is ', is + 1)) {
    ways.push({ subject: told.slice(0, is), value: told.slice(is + 4) });
  }
  return ways;
}

function readQuery(rest: string, isAuth: boolean, type: string): DnsmasqWords {
  const from = rest.lastIndexOf(' from ');
  const [name, client] = from < 0 ? [rest, ''] : [rest.slice(0, from), rest.slice(from + 6).trimEnd()];
  return { kind: 'query', isAuth, type, name, client };
}

/** Without ` (EDE: …)` or ` (DNSSEC signed)` at its end. */
function withoutRemark(words: string): string {
  const text = words.trimEnd();
  const at = text.endsWith(')') ? text.lastIndexOf(' (') : -1;
  return at < 0 ? text : text.slice(0, at);
}

/** What a value says; undefined when it says nothing about the query of a client. */
export function readFact(value: string): DnsmasqFact | undefined {
  const address = parseAddress(value.slice(0, 64));
  if (address !== undefined && value.length < 64) {
    return { address, type: isIpv4(address) ? RECORD_TYPE.A : RECORD_TYPE.AAAA, responseCode: RCODE.NOERROR };
  }
  if (value === '<CNAME>') return { isAlias: true, responseCode: RCODE.NOERROR };
  const inBrackets = /^<([^<>\s]{1,32})>$/.exec(value);
  if (inBrackets !== null) {
    const type = readType(inBrackets[1]!);
    return type === undefined ? undefined : { type, responseCode: RCODE.NOERROR };
  }
  if (value === 'NODATA') return { responseCode: RCODE.NOERROR };
  if (value === 'NODATA-IPv4') return { type: RECORD_TYPE.A, responseCode: RCODE.NOERROR };
  if (value === 'NODATA-IPv6') return { type: RECORD_TYPE.AAAA, responseCode: RCODE.NOERROR };
  const responseCode = readResponseCode(value);
  if (responseCode !== undefined) return { responseCode };
  return OF_DNSSEC.test(value) ? undefined : { isText: true, responseCode: RCODE.NOERROR };
}

function readResponseCode(value: string): number | undefined {
  return value === 'not implemented' ? RCODE.NOTIMP : parseResponseCode(value);
}

/** A type as dnsmasq writes it: also `type=65`, and one mnemonic in a way of its own. */
export function readType(word: string): number | undefined {
  if (word === 'NSAP_PTR') return RECORD_TYPE['NSAP-PTR'];
  return parseRecordType(word.replace(/^type=/, 'TYPE'));
}

/** The name under which the name of an address is looked for (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: Address): Name {
  const octets = [...addressOctets(address)].reverse();
  if (isIpv4(address)) return readPlainName(`${octets.join('.')}.in-addr.arpa`)!;
  const nibbles = octets.flatMap((octet) => [(octet & 15).toString(16), (octet >> 4).toString(16)]);
  return readPlainName(`${nibbles.join('.')}.ip6.arpa`)!;
}
