import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  addressFromOctets,
  addressOctets,
  networkContains,
  parseAddress,
} from '../../../src/core/address.ts';
import { canonicalName, isAtOrBelow, type Name, parseName } from '../../../src/dns/name.ts';
import { type Entry, formatEntry, parseEntry } from '../../../src/packs/entry.ts';
import { EntryBook } from '../../../src/packs/entry-book.ts';
import { ShardedMap } from '../../../src/packs/sharded-map.ts';

const address = (text: string) => parseAddress(text)!;
const name = (text: string) => canonicalName(parseName(text)!);
const entry = (text: string) => parseEntry(text) as Entry;
const named = (text: string, reach: 'zone' | 'exact' | 'below'): Entry => ({ kind: 'name', name: name(text), reach });

function bookOf(entries: readonly Entry[], exceptions: readonly Entry[] = []): EntryBook {
  const book = new EntryBook();
  for (const one of entries) book.add(one);
  for (const one of exceptions) book.add(one, true);
  return book;
}

describe('addresses and networks', () => {
  const book = bookOf(['192.0.2.7', '198.51.100.0/25', '2001:db8::53', '2001:db8:2::/47', '203.0.113.0/24'].map(entry));

  it.each([
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['198.51.100.127', true],
    ['198.51.100.128', false],
    ['203.0.113.255', true],
    ['2001:db8::53', true],
    ['2001:db8::54', false],
    ['2001:db8:3:ffff::1', true],
    ['2001:db8:1::', false],
  ])('%s is listed: %s', (text, isListed) => {
    expect(book.hasDestination(address(text))).toBe(isListed);
  });

  it('are counted once', () => {
    expect(book.counts()).toEqual({ addresses: 2, networks: 3, names: 0 });
    book.add(entry('192.0.2.7'));
    book.add(entry('192.0.2.7/32'));
    expect(book.size).toBe(5);
  });

  it('may be taken out by what is more specific, or the same', () => {
    const excepted = bookOf(
      [entry('198.51.100.0/24'), entry('192.0.2.1')],
      [entry('198.51.100.7'), entry('192.0.2.1')],
    );
    expect(excepted.hasDestination(address('198.51.100.7'))).toBe(false);
    expect(excepted.hasDestination(address('198.51.100.8'))).toBe(true);
    expect(excepted.hasDestination(address('192.0.2.1'))).toBe(false);
    excepted.add(entry('192.0.2.1'));
    expect(excepted.hasDestination(address('192.0.2.1'))).toBe(false);
  });

  it('do as a search through all of them does', () => {
    const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const anyAddress = fc
      .oneof(octets(4), octets(16))
      .map((part) => addressFromOctets(Buffer.from(part.map((octet) => octet & 0xc1)))!);
    const anyNetwork = fc.tuple(anyAddress, fc.nat(128)).map(([base, length]): Entry => {
      const bits = addressOctets(base);
      const prefixLength = Math.min(length, bits.length * 8);
      for (let bit = prefixLength; bit < bits.length * 8; bit++) bits[bit >> 3]! &= ~(0x80 >> (bit & 7));
      return { kind: 'network', network: { base: addressFromOctets(bits)!, prefixLength } };
    });
    fc.assert(
      fc.property(fc.array(anyNetwork), fc.array(anyAddress), (networks, addresses) => {
        const tried = bookOf(networks);
        for (const one of [
          ...addresses,
          ...networks.map((entry) => (entry as { network: { base: Address } }).network.base),
        ]) {
          const expected = networks.some((entry) => entry.kind === 'network' && networkContains(entry.network, one));
          expect(tried.hasDestination(one)).toBe(expected);
        }
      }),
    );
  });
});

describe('names', () => {
  const book = bookOf(
    [
      named('zone.example', 'zone'),
      named('exact.example', 'exact'),
      named('below.example', 'below'),
      named('wide.example', 'zone'),
    ],
    [named('ok.wide.example', 'exact'), named('fine.wide.example', 'below')],
  );

  it.each([
    ['zone.example', true],
    ['a.b.zone.example', true],
    ['notzone.example', false],
    ['exact.example', true],
    ['a.exact.example', false],
    ['below.example', false],
    ['a.below.example', true],
    ['a.b.below.example', true],
    ['ok.wide.example', false],
    ['a.ok.wide.example', true],
    ['fine.wide.example', true],
    ['a.fine.wide.example', false],
    ['a.b.fine.wide.example', false],
    ['example', false],
    ['.', false],
  ])('%s is listed: %s', (text, isListed) => {
    expect(book.hasName(name(text))).toBe(isListed);
  });

  it('become zones when both halves are listed', () => {
    const halves = bookOf([named('a.example', 'exact'), named('a.example', 'below')]);
    expect([...halves.entries()].map(({ entry }) => formatEntry(entry))).toEqual(['a.example']);
    expect(halves.hasName(name('x.a.example'))).toBe(true);
  });

  it('do as a search through all of them does', () => {
    const label = fc.constantFrom('a', 'b', 'cc');
    const anyName = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => name(labels.join('.')));
    const reach = fc.constantFrom('zone' as const, 'exact' as const, 'below' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(anyName, reach)), fc.array(anyName), (listed, names) => {
        const tried = bookOf(listed.map(([zone, how]): Entry => ({ kind: 'name', name: zone, reach: how })));
        for (const one of names) {
          const fits = ([zone, how]: readonly [Name, string]) =>
            how === 'exact' ? one === zone : isAtOrBelow(one, zone) && (how === 'zone' || one !== zone);
          expect(tried.hasName(one)).toBe(listed.some(fits));
        }
      }),
    );
  });
});

describe('all entries', () => {
  it('come back as they went in', () => {
    const texts = ['192.0.2.7', '198.51.100.0/25', '2001:db8::53', '2001:db8:2::/47', 'zone.example'];
    const listed = bookOf(texts.map(entry), [named('ok.zone.example', 'exact')]);
    const shown = [...listed.entries()].map(({ entry, passes }) => `${passes ? 'not ' : ''}${formatEntry(entry)}`);
    expect(shown.sort()).toEqual([...texts, 'not =ok.zone.example'].sort());
  });

  it('of a name that is listed and taken out come back as both', () => {
    const both = bookOf([named('a.example', 'zone')], [named('a.example', 'below')]);
    expect([...both.entries()].map(({ entry, passes }) => [formatEntry(entry), passes])).toEqual([
      ['a.example', false],
      ['*.a.example', true],
    ]);
  });
});

describe('the sharded map', () => {
  it('does as a Map does, however badly its hash spreads', () => {
    for (const hash of [() => 7, (key: number) => key, (key: number) => -key]) {
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.integer(), fc.nat())), (pairs) => {
          const sharded = new ShardedMap<number, number>(hash);
          for (const [key, value] of pairs) sharded.set(key, value);
          const plain = new Map(pairs);
          expect(sharded.size).toBe(plain.size);
          expect(new Map(sharded)).toEqual(plain);
          for (const [key] of pairs) expect(sharded.get(key)).toBe(plain.get(key));
        }),
      );
    }
  });
});
