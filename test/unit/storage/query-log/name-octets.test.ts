import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, type Name } from '../../../../src/dns/name.ts';
import { nameKey } from '../../../../src/storage/name-key.ts';
import { nameOfKey, nameOfOctets, PassingOctets, writeNameKey } from '../../../../src/storage/query-log/name-octets.ts';
import { HOSTILE_NAMES, nameFrom } from '../../../support/store-rows.ts';

const anyLabel = fc.uint8Array({ minLength: 1, maxLength: 63 }).map((octets) => Buffer.from(octets).toString('latin1'));
const anyName = fc.oneof(
  fc.constantFrom(...HOSTILE_NAMES),
  fc
    .array(anyLabel, { maxLength: 4 })
    .map((labels) => nameFrom(...labels))
    .filter((name) => name.length <= 255),
);

describe('writeNameKey', () => {
  it('writes what nameKey makes, wherever the name stands, and tells of capitals', () => {
    const property = fc.property(anyName, fc.nat(20), (name, nameAt) => {
      const octets = Buffer.concat([Buffer.alloc(nameAt, 0x41), Buffer.from(name, 'latin1'), Buffer.alloc(3, 0x41)]);
      const key = Buffer.alloc(name.length - 1);
      expect(writeNameKey(octets, nameAt, key)).toBe(canonicalName(name) !== name);
      expect(key).toEqual(nameKey(name));
    });
    fc.assert(property);
  });
});

describe('nameOfKey', () => {
  it('gives the name that a key was made of', () => {
    const property = fc.property(anyName, (name) => {
      expect(nameOfKey(nameKey(name))).toBe(canonicalName(name));
    });
    fc.assert(property);
  });

  it('gives a name that has this key, or none, of any octets', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      const key = Buffer.from(octets);
      const name = nameOfKey(key);
      if (name !== undefined) expect(nameOfOctets(Buffer.from(name, 'latin1'))).toBe(name);
    });
    fc.assert(property);
    for (const key of [Buffer.of(0), Buffer.of(2, 97), Buffer.of(1, 97, 0), Buffer.alloc(255, 1)]) {
      expect(nameOfKey(key)).toBeUndefined();
    }
  });
});

describe('nameOfOctets', () => {
  it('gives the name, and none where it is cut or goes on', () => {
    const property = fc.property(anyName, (name) => {
      const octets = Buffer.from(name, 'latin1');
      expect(nameOfOctets(octets)).toBe(name);
      for (let end = 0; end < octets.length; end++) expect(nameOfOctets(octets.subarray(0, end))).toBeUndefined();
      expect(nameOfOctets(Buffer.concat([octets, Buffer.of(0)]))).toBeUndefined();
    });
    fc.assert(property, { numRuns: 30 });
    const tooLong = `${'\x01a'.repeat(127)}\x01b\0` as Name;
    expect(nameOfOctets(Buffer.from(tooLong, 'latin1'))).toBeUndefined();
  });
});

describe('PassingOctets', () => {
  it('gives each length of the same place', () => {
    const passing = new PassingOctets();
    const copy = passing.copy(Buffer.from('abcdef'), 1, 4);
    expect(copy.toString()).toBe('bcd');
    expect(passing.take(0)).toHaveLength(0);
    expect(passing.take(255)).toHaveLength(255);
    passing.take(2).write('xy');
    expect(copy.toString()).toBe('xyd');
  });
});
