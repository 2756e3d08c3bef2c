import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalName,
  formatName,
  isAtOrBelow,
  labelCount,
  type Name,
  parentName,
  parseName,
  ROOT,
} from '../../../src/dns/name.ts';

const label = fc
  .oneof(
    fc.array(fc.constantFrom(...'abXY.\\;"@$() -_09'), { minLength: 1, maxLength: 12 }).map((c) => c.join('')),
    fc.uint8Array({ minLength: 1, maxLength: 63 }).map((octets) => Buffer.from(octets).toString('latin1')),
  )
  .map((text) => String.fromCharCode(text.length) + text);
const name = fc
  .array(label, { maxLength: 6 })
  .map((labels) => `${labels.join('')}\0` as Name)
  .filter((wire) => wire.length <= 255);

function n(text: string): Name {
  return parseName(text)!;
}

describe('names in text', () => {
  it('goes from octets to text and back, whatever the octets', () => {
    fc.assert(
      fc.property(name, (wire) => {
        expect(parseName(formatName(wire))).toBe(wire);
      }),
    );
  });

  it('writes printable ASCII only', () => {
    fc.assert(
      fc.property(name, (wire) => {
        expect(formatName(wire)).toMatch(/^[!-~]+$/);
      }),
    );
  });

  it.each([
    ['.', '\0'],
    ['a', '\x01a\0'],
    ['example.org.', '\x07example\x03org\0'],
    ['a\\.b.c', '\x03a.b\x01c\0'],
    ['\\000\\255', '\x02\0\xff\0'],
    ['\\\\', '\x01\\\0'],
  ])('%s is %j', (text, wire) => {
    expect(parseName(text)).toBe(wire);
  });

  it.each(['', '..', '.a', 'a..b', 'a..', '\\', 'a\\', '\\25', '\\256', 'é€', '𐍈', '\\𐍈', 'a'.repeat(64)])(
    '%j is no name',
    (text) => {
      expect(parseName(text)).toBeUndefined();
    },
  );

  it('ends at 255 octets', () => {
    const label63 = 'a'.repeat(63);
    expect(n(`${label63}.${label63}.${label63}.${'a'.repeat(61)}`).length).toBe(255);
    expect(parseName(`${label63}.${label63}.${label63}.${'a'.repeat(62)}`)).toBeUndefined();
  });
});

describe('the tree of names', () => {
  it('compares ASCII letters only (RFC 4343)', () => {
    expect(canonicalName(n('WwW.\\196.Example'))).toBe(n('www.\\196.example'));
    fc.assert(
      fc.property(name, (wire) => {
        expect(canonicalName(wire)).toBe(wire.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
      }),
    );
  });

  it('leaves the length octets alone, the largest too', () => {
    expect(labelCount(canonicalName(n(`${'A'.repeat(63)}.${'B'.repeat(10)}`)))).toBe(2);
  });

  it('counts labels and climbs to the root', () => {
    fc.assert(
      fc.property(name, (wire) => {
        let at = wire;
        for (let left = labelCount(wire); left > 0; left--) {
          expect(labelCount(at)).toBe(left);
          at = parentName(at);
          expect(isAtOrBelow(wire, at)).toBe(true);
        }
        expect(at).toBe(ROOT);
        expect(parentName(ROOT)).toBe(ROOT);
      }),
    );
  });

  it.each([
    ['example.org', 'example.org', true],
    ['www.example.org', 'example.org', true],
    ['www.example.org', '.', true],
    ['.', '.', true],
    ['badexample.org', 'example.org', false],
    ['org', 'example.org', false],
    ['.', 'org', false],
    ['example.org.evil', 'example.org', false],
    // The octets agree at the end, the labels do not: "\\003org" is part of one label.
    ['x\\003org', 'org', false],
  ])('%s at or below %s: %s', (below, zone, expected) => {
    expect(isAtOrBelow(n(below), n(zone))).toBe(expected);
  });

  it('knows no zone that is not an ancestor', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const ancestors: Name[] = [];
        for (let at = a; ; at = parentName(at)) {
          ancestors.push(at);
          if (at === ROOT) break;
        }
        expect(isAtOrBelow(a, b)).toBe(ancestors.includes(b));
      }),
    );
  });
});
