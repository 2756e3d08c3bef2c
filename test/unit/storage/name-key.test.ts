import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, isAtOrBelow, type Name } from '../../../src/dns/name.ts';
import { nameKey, nameKeyRange } from '../../../src/storage/name-key.ts';
import { HOSTILE_NAMES, nameFrom, nameOf } from '../../support/store-rows.ts';

/** Few different octets, so that names often lie below each other, or nearly. */
const octet = fc.constantFrom('\0', '\x01', '\x02', '?', '@', 'a', 'A', '\xff');
const label = fc.array(octet, { minLength: 1, maxLength: 3 }).map((octets) => octets.join(''));
const anyName = fc.array(label, { maxLength: 4 }).map((labels) => nameFrom(...labels));

const isWithin = (name: Name, zone: Name) => {
  const { first, end } = nameKeyRange(canonicalName(zone));
  const key = nameKey(name);
  return key.compare(first) >= 0 && key.compare(end) < 0;
};

describe('the key of a name', () => {
  it('has the labels from the root down, in lower case', () => {
    expect(nameKey(nameOf('WWW.example.com')).toString('latin1')).toBe('\x03com\x07example\x03www');
    expect(nameKey(nameOf('.'))).toHaveLength(0);
  });

  it('lies in the range of a zone exactly when the name is at or below it', () => {
    fc.assert(
      fc.property(anyName, anyName, label, (name, zone, more) => {
        const below = `${String.fromCharCode(more.length)}${more}${zone}` as Name;
        for (const one of [name, zone, below]) {
          const expected = isAtOrBelow(canonicalName(one), canonicalName(zone));
          expect(isWithin(one, zone)).toBe(expected);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(HOSTILE_NAMES.map((name, index) => [index, name] as const))('of hostile name %i is its own', (_, name) => {
    expect(isWithin(name, name)).toBe(true);
    expect(isWithin(name, nameOf('.'))).toBe(true);
    for (const other of HOSTILE_NAMES) expect(nameKey(other).equals(nameKey(name))).toBe(other === name);
  });
});
