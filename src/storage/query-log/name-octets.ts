import { MAX_NAME_OCTETS, type Name } from '../../dns/name.ts';

const FIRST_CAPITAL = 0x41;
const LAST_CAPITAL = 0x5a;
const TO_LOWER_CASE = 0x20;

/** Octets for a moment: a buffer for each length, and all of them in the same place. */
export class PassingOctets {
  readonly #bySize: readonly Buffer[];

  constructor() {
    const octets = Buffer.alloc(MAX_NAME_OCTETS);
    this.#bySize = Array.from({ length: MAX_NAME_OCTETS + 1 }, (_, length) => octets.subarray(0, length));
  }

  /** `length` octets, MAX_NAME_OCTETS at most, until the next call. */
  take(length: number): Buffer {
    return this.#bySize[length]!;
  }

  /** As `take`, with a copy of `octets[start, end)`. */
  copy(octets: Buffer, start: number, end: number): Buffer {
    const copy = this.take(end - start);
    for (let at = start; at < end; at++) copy[at - start] = octets[at]!;
    return copy;
  }
}

/**
 * Writes the key (name-key.ts) of the name that stands at `nameAt` in wire form, and is sound; it fills `key`. Says whether the
 * name has letters in upper case.
 */
export function writeNameKey(octets: Buffer, nameAt: number, key: Buffer): boolean {
  let hasCapitals = false;
  let at = nameAt;
  for (let left = key.length; left > 0; ) {
    const label = octets[at]! + 1;
    left -= label;
    for (let octet = 0; octet < label; octet++) {
      const spelled = octets[at + octet]!;
      const isCapital = spelled >= FIRST_CAPITAL && spelled <= LAST_CAPITAL;
      hasCapitals ||= isCapital;
      key[left + octet] = isCapital ? spelled + TO_LOWER_CASE : spelled;
    }
    at += label;
  }
  return hasCapitals;
}

/** The name, in lower case, that a key was made of; undefined when it is no key. */
export function nameOfKey(key: Buffer): Name | undefined {
  if (key.length >= MAX_NAME_OCTETS) return undefined;
  const text = key.toString('latin1');
  let wire = '\0';
  let at = 0;
  while (at < text.length) {
    const end = at + 1 + text.charCodeAt(at);
    if (end === at + 1 || end > text.length) return undefined;
    wire = text.slice(at, end) + wire;
    at = end;
  }
  return wire as Name;
}

/** The name of octets in wire form; undefined when they are none. */
export function nameOfOctets(octets: Buffer): Name | undefined {
  let at = 0;
  while (at < octets.length && octets[at] !== 0) at += octets[at]! + 1;
  return at === octets.length - 1 && octets.length <= MAX_NAME_OCTETS ? (octets.toString('latin1') as Name) : undefined;
}
