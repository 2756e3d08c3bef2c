import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, type Name, parseName } from '../../../src/dns/name.ts';
import { isPublicSuffix, isRegistrableDomain, isSharedSuffix } from '../../../src/dns/public-suffix.ts';

const nameOf = (text: string) => canonicalName(parseName(text)!);

describe('isPublicSuffix', () => {
  it.each([
    ['the root', '.'],
    ['a TLD', 'com'],
    ['a TLD in upper case', 'COM'],
    ['a TLD of two labels', 'co.uk'],
    ['the TLD above it', 'uk'],
    ['an internationalised TLD', 'xn--p1ai'],
    ['an internationalised name below a TLD', 'xn--55qx5d.cn'],
    ['what a wildcard rule covers', 'anything.ck'],
    ['what a wildcard rule covers, with an odd octet', '\\000.ck'],
    ['what a wildcard rule covers, with a dot in a label', 'a\\.b.ck'],
    ['the name above a wildcard', 'ck'],
    ['reverse zones', 'in-addr.arpa'],
    ['a TLD that is not on the list', 'unlisted'],
    ['a TLD of digits', '4'],
    ['a TLD with a dot in it', 'example\\.com'],
    ['the longest TLD', 'x'.repeat(63)],
  ])('%s is one: %s', (_, text) => {
    expect(isPublicSuffix(nameOf(text))).toBe(true);
  });

  it.each([
    ['a registrable domain', 'example.com'],
    ['one below a suffix of two labels', 'example.co.uk'],
    ['one below an unlisted TLD', 'example.unlisted'],
    ['an exception to a wildcard', 'www.ck'],
    ['one below a wildcard', 'example.anything.ck'],
    ['a suffix of the private section', 'github.io'],
    ['another one', 'compute.amazonaws.com'],
    ['a name below one', 'example.github.io'],
    ['what looks like an IPv4 address', '192.0.2.1'],
    ['what looks like a URL', 'com/a.com'],
    ['a suffix within one label', 'co\\.uk.example'],
    ['a suffix in part of a label', 'example\\.co.uk'],
    ['a name with an escaped octet', '\\255.com'],
  ])('%s is none: %s', (_, text) => {
    expect(isPublicSuffix(nameOf(text))).toBe(false);
  });

  it('says something of any name, and of one below any but the wildcards that it is none', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const octets = labels.flatMap((octets) => [octets.length, ...octets]);
        const name = canonicalName(`${Buffer.from(octets).toString('latin1')}\0` as Name);
        expect(typeof isPublicSuffix(name)).toBe('boolean');
        expect(isPublicSuffix(`\x01a\x01b\x01c${name === '\0' ? '\x03com\0' : name}` as Name)).toBe(false);
      }),
    );
  });
});

describe('isSharedSuffix', () => {
  it.each([
    ['com', true],
    ['github.io', true],
    ['compute.amazonaws.com', true],
    ['example.github.io', false],
    ['example.com', false],
  ])('%s: %s', (text, isShared) => {
    expect(isSharedSuffix(nameOf(text))).toBe(isShared);
  });
});

describe('isRegistrableDomain', () => {
  it.each([
    ['.', false],
    ['com', false],
    ['example.com', true],
    ['example.co.uk', true],
    ['github.io', true],
    ['www.example.com', false],
  ])('%s: %s', (text, isOne) => {
    expect(isRegistrableDomain(nameOf(text))).toBe(isOne);
  });
});
