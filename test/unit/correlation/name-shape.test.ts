import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainStart, isSingleLabel, looksEncoded, looksGenerated } from '../../../src/correlation/name-shape.ts';
import { formatName, type Name, ROOT } from '../../../src/dns/name.ts';
import { name } from '../../support/host-events.ts';

const scratch = new Uint8Array(256);
const domainOf = (text: string) => formatName(name(text).slice(domainStart(name(text))) as Name);

describe('domainStart', () => {
  it.each([
    ['www.example.com', 'example.com'],
    ['a.b.c.example.com', 'example.com'],
    ['www.example.co.uk', 'example.co.uk'],
    ['example.jp', 'example.jp'],
    ['www.t.co', 'www.t.co'],
    ['com', 'com'],
    ['.', '.'],
  ])('of %s begins at %s', (text, domain) => {
    expect(domainOf(text)).toBe(domain);
  });
});

describe('shapes of names', () => {
  it('knows single labels', () => {
    expect([name('qwxzt'), ROOT, name('a.example')].map(isSingleLabel)).toEqual([true, true, false]);
  });

  it.each(['xkqzvbwm.example', 'a8f3k2zq9d.example', 'qwrtpsdf.test'])('%s looks drawn by lot', (text) => {
    expect(looksGenerated(name(text), domainStart(name(text)))).toBe(true);
  });

  it.each([
    'wikipedia.example',
    'newspaper.example',
    'christchurch.example',
    'geschichte.example',
    'mywebsite-shop.example',
    'bbc.example',
  ])('%s does not', (text) => {
    expect(looksGenerated(name(text), domainStart(name(text)))).toBe(false);
  });

  it('neither throws nor leaves anything behind for any octets', () => {
    const label = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 63 })
      .map((text) => Buffer.from(text).subarray(0, 63).toString('latin1'));
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const wire = `${labels.map((octets) => String.fromCharCode(octets.length) + octets).join('')}\0` as Name;
        const start = domainStart(wire);
        expect(start).toBeLessThan(wire.length);
        looksGenerated(wire, start);
        looksEncoded(wire, scratch);
        expect(scratch.every((count) => count === 0)).toBe(true);
      }),
    );
  });
});
