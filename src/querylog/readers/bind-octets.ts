import { type Address, type Ipv4Address, type Ipv6Address, readIpv6 } from '../../core/address.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name } from '../../dns/name.ts';
import { RCODE, RECORD_CLASS, RECORD_TYPE } from '../../dns/registry.ts';
import type { LogEntry } from '../log-entry.ts';
import type { ReaderParts } from '../log-reader.ts';

/** A query as it has been read, without its name; one for all lines. */
type Fields = { -readonly [K in keyof Omit<LogEntry, 'name'>]: LogEntry[K] };

const BLANK = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const HASH = 0x23;
const AT_SIGN = 0x40;
const BACKSLASH = 0x5c;
const POINTER = Buffer.from('@0x');
const QUERY = Buffer.from(': query: ');
const RESPONSE = Buffer.from(': response: ');
const VIEW = Buffer.from(': view ');
const CLASS_IN = Buffer.from(' IN ');
const MAX_POINTER_DIGITS = 16;
const MAX_FLAGS = 32;
/** Words of so many letters are read here: as a number to the base 96, which is exact up to this. */
const MAX_LETTERS = 8;
const TYPES = byLetters(RECORD_TYPE);
const RESPONSE_CODES = byLetters(RCODE);

/** What an octet may be part of: a name, where it stands for itself; the flags. */
const IN_NAME = 1;
const IN_FLAGS = 2;
const KINDS = Uint8Array.from({ length: 256 }, (_, octet) => {
  const isInName = octet > BLANK && octet < 0x7f && octet !== BACKSLASH;
  return (isInName ? IN_NAME : 0) | (/[A-Za-z0-9()]/.test(String.fromCharCode(octet)) ? IN_FLAGS : 0);
});

/**
 * Reads lines of queries and responses in their common form straight from their octets: with plain addresses, a name without
 * escapes, class IN. What is not of that form is left to others.
 */
export class BindOctets {
  /** The query that `read` has read, but for its name. */
  readonly fields: Fields;
  /** Its name in wire form, in the first `nameOctets` of these. */
  readonly wire: Buffer = Buffer.alloc(MAX_NAME_OCTETS);
  readonly #client: ReaderParts['client'];
  readonly #groups = new Uint16Array(8);
  readonly #ipv6Octets = Buffer.alloc(16);
  #nameOctets = 0;
  /** Where the reading has come to, and the address and port that it read last. */
  #at = 0;
  #port = 0;
  #address: Address = 0 as Ipv4Address;

  constructor({ client }: Pick<ReaderParts, 'client'>) {
    this.#client = client;
    this.fields = {
      atMs: 0.5,
      type: 0,
      class: RECORD_CLASS.IN,
      client: undefined,
      clientPort: 0,
      server: undefined,
      role: 'recursive',
      responseCode: undefined,
      answers: [],
      mark: undefined,
    };
  }

  get nameOctets(): number {
    return this.#nameOctets;
  }

  /** The query in memory of its own. */
  entry(): LogEntry {
    return { ...this.fields, name: this.wire.toString('latin1', 0, this.#nameOctets) as Name };
  }

  /**
   * What the line tells of a query, if it is of the common form; then `fields` but for the time, and `wire`, are those of the
   * query. `at`: behind `client `.
   */
  read(octets: Buffer, at: number, end: number): 'query' | 'response' | undefined {
    const { fields } = this;
    this.#at = at;
    if (octets[at] === AT_SIGN && !this.#skipPointer(octets)) return undefined;
    if (!this.#readAddress(octets) || !this.#readPort(octets)) return undefined;
    const client = this.#address;
    fields.clientPort = this.#port;
    if (!this.#skipName(octets, end) || !this.#skipView(octets)) return undefined;
    const told = this.#readMessage(octets, end);
    if (told === undefined || !this.#readFlags(octets) || !this.#readServer(octets, end)) return undefined;
    fields.client = this.#client(client);
    return told;
  }

  /** `: query: www.example.com IN A `, or of a response what stands before its flags. */
  #readMessage(octets: Buffer, end: number): 'query' | 'response' | undefined {
    const isQuery = this.#skip(octets, QUERY);
    if (!isQuery && !this.#skip(octets, RESPONSE)) return undefined;
    if (!this.#readName(octets, end) || !this.#skip(octets, CLASS_IN)) return undefined;
    const type = this.#readWord(octets, TYPES);
    if (type === undefined) return undefined;
    this.fields.type = type;
    this.fields.responseCode = undefined;
    if (isQuery) return 'query';
    const responseCode = this.#readWord(octets, RESPONSE_CODES);
    if (responseCode === undefined) return undefined;
    this.fields.responseCode = responseCode;
    return this.#skipCount(octets) && this.#skipCount(octets) && this.#skipCount(octets) ? 'response' : undefined;
  }

  /** `192.0.2.53)` or `192.0.2.53#53)`; more may follow. */
  #readServer(octets: Buffer, end: number): boolean {
    if (!this.#readAddress(octets)) return false;
    if (octets[this.#at] === HASH && !this.#readPort(octets)) return false;
    if (octets[this.#at] !== CLOSE) return false;
    const behind = this.#at + 1;
    this.fields.server = this.#address;
    // Then nothing has been read behind the end of the line.
    return behind === end || (behind < end && octets[behind] === BLANK);
  }

  #skip(octets: Buffer, text: Buffer): boolean {
    const at = this.#at;
    for (let index = 0; index < text.length; index++) if (octets[at + index] !== text[index]) return false;
    this.#at = at + text.length;
    return true;
  }

  /** `@0x7f2c04000b01 `. */
  #skipPointer(octets: Buffer): boolean {
    if (!this.#skip(octets, POINTER)) return false;
    const start = this.#at;
    let at = start;
    while (isHexDigit(octets[at]!)) at++;
    this.#at = at + 1;
    return octets[at] === BLANK && at > start && at - start <= MAX_POINTER_DIGITS;
  }

  #readAddress(octets: Buffer): boolean {
    return this.#readIpv4(octets) || this.#readIpv6(octets);
  }

  #readIpv4(octets: Buffer): boolean {
    let at = this.#at;
    let address = 0;
    for (let group = 0; group < 4; group++) {
      if (group > 0 && octets[at++] !== DOT) return false;
      let value = octets[at++]! - ZERO;
      if (!isDigit(value)) return false;
      let digit = octets[at]! - ZERO;
      // A zero in front is no address to anybody else.
      if (isDigit(digit) && value === 0) return false;
      for (; isDigit(digit) && value < 26; digit = octets[++at]! - ZERO) value = value * 10 + digit;
      if (value > 255) return false;
      address = (address << 8) | value;
    }
    this.#at = at;
    this.#address = address as Ipv4Address;
    return true;
  }

  /** One without an IPv4 address in its end; a scope is left. */
  #readIpv6(octets: Buffer): boolean {
    const groups = this.#groups;
    let at = this.#at;
    let count = 0;
    let gapAt = -1;
    while (count < 8) {
      if (gapAt < 0 && octets[at] === COLON && octets[at + 1] === COLON) {
        gapAt = count;
        at += 2;
      } else if (count > 0) {
        if (octets[at] !== COLON) break;
        at++;
      }
      const start = at;
      let group = 0;
      for (; at < start + 4 && isHexDigit(octets[at]!); at++) group = (group << 4) | hexDigit(octets[at]!);
      if (at > start) groups[count++] = group;
      else if (gapAt === count && octets[at - 1] === COLON) break;
      else return false;
    }
    if (gapAt < 0 ? count < 8 : count === 8) return false;
    this.#at = at;
    this.#address = this.#ipv6(count, gapAt);
    return true;
  }

  /** Of groups where zeros are left out before that at `gapAt`. */
  #ipv6(count: number, gapAt: number): Ipv6Address {
    const octets = this.#ipv6Octets.fill(0);
    for (let index = 0; index < count; index++) {
      const at = 2 * (gapAt >= 0 && index >= gapAt ? index + 8 - count : index);
      const group = this.#groups[index]!;
      octets[at] = group >> 8;
      octets[at + 1] = group;
    }
    return readIpv6(octets, 0);
  }

  /** `#53`. */
  #readPort(octets: Buffer): boolean {
    if (octets[this.#at] !== HASH) return false;
    const start = this.#at + 1;
    let at = start;
    let port = 0;
    for (let digit = octets[at]! - ZERO; isDigit(digit) && at < start + 5; digit = octets[++at]! - ZERO) {
      port = port * 10 + digit;
    }
    this.#at = at;
    this.#port = port;
    return at > start && port <= 0xffff;
  }

  /** ` (www.example.com)`, which stands there in the newer versions. */
  #skipName(octets: Buffer, end: number): boolean {
    if (octets[this.#at] === COLON) return true;
    if (octets[this.#at] !== BLANK || octets[this.#at + 1] !== OPEN) return false;
    const start = this.#at + 2;
    let at = start;
    while (at < end && octets[at] !== CLOSE && (KINDS[octets[at]!]! & IN_NAME) !== 0) at++;
    this.#at = at + 1;
    return octets[at] === CLOSE && at > start && at - start <= MAX_NAME_OCTETS;
  }

  /** `: view internal`, if there is one. */
  #skipView(octets: Buffer): boolean {
    const start = this.#at;
    if (!this.#skip(octets, VIEW)) return true;
    let at = start + VIEW.length;
    while (at - start <= MAX_NAME_OCTETS && (KINDS[octets[at]!]! & IN_NAME) !== 0 && octets[at] !== COLON) at++;
    this.#at = at;
    return octets[at] === COLON && at > start + VIEW.length;
  }

  #readName(octets: Buffer, end: number): boolean {
    const { wire } = this;
    const start = this.#at;
    const last = Math.min(end, start + MAX_NAME_OCTETS - 2);
    let label = 0;
    let at = start;
    for (; at < last; at++) {
      const octet = octets[at]!;
      const next = at - start + 1;
      if (octet === DOT) {
        if (next - label === 1 || next - label > MAX_LABEL_OCTETS + 1) return false;
        wire[label] = next - label - 1;
        label = next;
      } else if ((KINDS[octet]! & IN_NAME) !== 0) wire[next] = octet;
      else break;
    }
    const length = at - start - label;
    if (octets[at] !== BLANK || length === 0 || length > MAX_LABEL_OCTETS) return false;
    wire[label] = length;
    wire[at - start + 1] = 0;
    this.#nameOctets = at - start + 2;
    this.#at = at;
    return true;
  }

  /** A word of few letters with a blank behind it, and what it stands for. */
  #readWord(octets: Buffer, meanings: ReadonlyMap<number, number>): number | undefined {
    const last = this.#at + MAX_LETTERS;
    let at = this.#at;
    let word = 0;
    for (; at < last && (KINDS[octets[at]!]! & IN_NAME) !== 0; at++) word = word * 96 + octets[at]! - BLANK;
    this.#at = at + 1;
    return octets[at] === BLANK ? meanings.get(word) : undefined;
  }

  /** `13 `. */
  #skipCount(octets: Buffer): boolean {
    const start = this.#at;
    let at = start;
    while (at < start + 5 && isDigit(octets[at]! - ZERO)) at++;
    this.#at = at + 1;
    return octets[at] === BLANK && at > start;
  }

  /** `+E(0)K (`. */
  #readFlags(octets: Buffer): boolean {
    let at = this.#at;
    const flag = octets[at++];
    if (flag !== PLUS && flag !== MINUS) return false;
    const last = at + MAX_FLAGS;
    while (at < last && (KINDS[octets[at]!]! & IN_FLAGS) !== 0) at++;
    if (octets[at] !== BLANK || octets[at + 1] !== OPEN) return false;
    this.fields.role = flag === PLUS ? 'recursive' : 'authoritative';
    this.#at = at + 2;
    return true;
  }
}

/** As `#readWord` reads the words. */
function byLetters(values: Readonly<Record<string, number>>): ReadonlyMap<number, number> {
  const numberOf = (word: string) => [...Buffer.from(word)].reduce((sum, letter) => sum * 96 + letter - BLANK, 0);
  const short = Object.entries(values).filter(([word]) => word.length <= MAX_LETTERS);
  return new Map(short.map(([word, value]) => [numberOf(word), value]));
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}

function isHexDigit(octet: number): boolean {
  const letter = octet | 0x20;
  return (octet >= ZERO && octet <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}

function hexDigit(octet: number): number {
  return octet <= 0x39 ? octet - ZERO : (octet | 0x20) - 0x57;
}
