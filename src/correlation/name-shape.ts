import type { Name } from '../dns/name.ts';

/** Below this many octets a label says too little to be called random. */
const LEAST_RANDOM_OCTETS = 16;
/** Bits an octet. Words of languages and of hosts stay below 3.3 at such lengths; base32 and hexadecimal digits are above. */
const RANDOM_BITS = 3.3;
const LEAST_GENERATED_OCTETS = 8;
const GENERATED = /[^aeiouy]{4}/;
const REVERSE = '\x04arpa\0';

/**
 * Where the part of a name begins that somebody registered, about: its last two labels, or three below a country's second level
 * such as co.uk. Looked at for each event, so it is told by lengths and not by a list; two domains that it takes for one make
 * a host look more harmless.
 */
export function domainStart(name: Name): number {
  let third = 0;
  let second = 0;
  let last = 0;
  let offset = 0;
  while (offset < name.length && name.charCodeAt(offset) !== 0) {
    third = second;
    second = last;
    last = offset;
    offset += name.charCodeAt(offset) + 1;
  }
  const isCountrySecondLevel = name.charCodeAt(second) <= 3 && name.charCodeAt(last) === 2;
  return isCountrySecondLevel ? third : second;
}

export function isReverseName(name: Name): boolean {
  return name.endsWith(REVERSE);
}

/** A name of one label, such as browsers make up to find out whether a provider answers for everything; or the root. */
export function isSingleLabel(name: Name): boolean {
  return name.length <= name.charCodeAt(0) + 2;
}

/**
 * The label at `at` looks drawn by lot, as domain generation does: eight octets or more with a run of four that no vowel parts. Few
 * words do, and most random letters and digits. In languages that this wrongs, `ch`, `sch` and `th` are the cause, so they count as one.
 */
export function looksGenerated(name: Name, at: number): boolean {
  const lengthOctets = name.charCodeAt(at);
  if (lengthOctets < LEAST_GENERATED_OCTETS) return false;
  return GENERATED.test(name.slice(at + 1, at + 1 + lengthOctets).replace(/sch|[cpst]h|ck|-/g, 'k'));
}

/** The name has a label that looks like encoded data, or is longer altogether than names of services are. */
export function looksEncoded(name: Name, scratch: Uint8Array): boolean {
  // Service labels such as _dmarc and selector._domainkey carry keys and digests by standard.
  if (name.length > 100 && !name.includes('_')) return !isReverseName(name);
  for (let offset = 0; offset < name.length && name.charCodeAt(offset) !== 0; offset += name.charCodeAt(offset) + 1) {
    const lengthOctets = name.charCodeAt(offset);
    if (lengthOctets < LEAST_RANDOM_OCTETS) continue;
    if (entropyBits(name, offset + 1, lengthOctets, scratch) >= RANDOM_BITS && !name.includes('_')) return true;
  }
  return false;
}

/** Shannon entropy of the octets, bits each. `scratch`: 256 octets, all zero before and after. */
function entropyBits(name: Name, at: number, lengthOctets: number, scratch: Uint8Array): number {
  let bits = 0;
  for (let index = at; index < at + lengthOctets; index++) scratch[name.charCodeAt(index) & 255]!++;
  for (let index = at; index < at + lengthOctets; index++) {
    const code = name.charCodeAt(index) & 255;
    const count = scratch[code]!;
    if (count > 0) bits -= (count / lengthOctets) * Math.log2(count / lengthOctets);
    scratch[code] = 0;
  }
  return bits;
}
