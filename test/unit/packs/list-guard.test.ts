import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, type Network, parseNetwork } from '../../../src/core/address.ts';
import { parseEntry } from '../../../src/packs/entry.ts';
import { ListGuard } from '../../../src/packs/list-guard.ts';
import { type ReadOrder, readList } from '../../../src/packs/read-list.ts';

const guardOf = (isBroad = false) => new ListGuard({ trustedResolvers: [], insideNetworks: [], isBroad });

function problemOf(networks: readonly (string | Network)[], isBroad = false, passes = false): string | undefined {
  const guard = guardOf(isBroad);
  for (const given of networks) {
    const network = typeof given === 'string' ? parseNetwork(given)! : given;
    guard.kept({ kind: 'network', network }, passes);
  }
  return guard.problem();
}

const eights = (count: number) => Array.from({ length: count }, (_, n) => `${n + 1}.0.0.0/8`);
const COVERS = /^covers \d+ % of all (IPv4|global unicast IPv6) addresses, more than a sixteenth \(set "broad: true"/;

describe('a list covers in sum', () => {
  it.each<[string, readonly string[]]>([
    ['sixteen /8', eights(16)],
    ['one /8 sixteen times and more', Array.from({ length: 40 }, () => '1.0.0.0/8')],
    ['a /8 and all /9 to /24 at its start', ['1.0.0.0/8', ...Array.from({ length: 16 }, (_, n) => `1.0.0.0/${n + 9}`)]],
    ['the parts of fifteen /8 before these', [...eights(15).map((text) => text.replace('/8', '/9')), ...eights(15)]],
    ['two /8 of IPv6', ['2000::/8', '2100::/8']],
    ['what is not global unicast', ['fc00::/7', '8000::/1', '4000::/2']],
    ['no network', []],
  ])('not too much: %s', (_what, networks) => {
    expect(problemOf(networks)).toBeUndefined();
  });

  it.each<[string, readonly string[]]>([
    ['seventeen /8', eights(17)],
    ['223 of them', eights(223)],
    ['sixteen /8 and an address', [...eights(16), '203.0.113.53/32']],
    ['the upper half of the numbers as well', Array.from({ length: 40 }, (_, n) => `${200 + n}.0.0.0/8`)],
    ['a part more than a sixteenth of 2000::/3', ['2000::/8', '2100::/8', '2200::/16']],
  ])('too much: %s', (_what, networks) => {
    expect(problemOf(networks)).toMatch(COVERS);
    expect(problemOf(networks, true)).toBeUndefined();
    expect(problemOf(networks, false, true)).toBeUndefined();
  });

  it('says how much', () => {
    expect(problemOf(eights(128))).toContain('covers 50 % of all IPv4 addresses');
  });

  it('what the networks cover, whatever lies within another', () => {
    const network = fc.tuple(fc.integer({ min: 2, max: 10 }), fc.nat()).map(([prefixLength, bits]): Network => {
      const base = (Math.imul(bits, 2654435761) & (-1 << (32 - prefixLength))) | 0;
      return { base: base as Address, prefixLength };
    });
    fc.assert(
      fc.property(fc.array(network, { maxLength: 60 }), (networks) => {
        // Every network is made of tenths of a /10.
        const parts = new Uint8Array(1024);
        for (const { base, prefixLength } of networks) {
          const first = ((base as number) >>> 0) / 2 ** 22;
          parts.fill(1, first, first + 2 ** (10 - prefixLength));
        }
        const covered = parts.reduce((sum, part) => sum + part, 0);
        expect(problemOf(networks) !== undefined).toBe(covered > 64);
      }),
    );
  });
});

describe('IPv6 networks of a list', () => {
  const lengths = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, n) => `2001:db8::/${from + n}`).map((text) => parseNetwork(text)!);

  it('have 32 different lengths', () => {
    expect(problemOf([...lengths(32, 62), '2001:db8::1/128'])).toBeUndefined();
  });

  it('and no more: each is a step of every look-up', () => {
    const problem = /^has IPv6 networks of 33 different lengths, more than 32/;
    expect(problemOf([...lengths(32, 63), '2001:db8::1/128'])).toMatch(problem);
    expect(problemOf(lengths(32, 64), true)).toMatch(problem);
    expect(problemOf(lengths(32, 64), false, true)).toMatch(problem);
  });
});

describe('a list that is read', () => {
  const ORDER: ReadOrder = {
    file: '',
    format: 'plain',
    maxBytes: 1 << 20,
    maxEntries: 10_000,
    maxBadPercent: 5,
    guard: { trustedResolvers: [], insideNetworks: [], isBroad: false },
    nowMs: 0,
  };
  const problemOfText = (lines: readonly string[], guard = ORDER.guard) => {
    const batches = readList(Buffer.from(lines.join('\n')), { ...ORDER, guard });
    for (;;) {
      const step = batches.next();
      if (step.done === true) return step.value.problem;
    }
  };

  it('is refused as a whole when it denies the Internet line by line', () => {
    expect(problemOfText(eights(223))).toMatch(COVERS);
    expect(problemOfText(eights(223), { ...ORDER.guard, isBroad: true })).toBeUndefined();
  });

  it('is not, for what is left out of it anyway', () => {
    const inside = { ...ORDER.guard, insideNetworks: eights(20).map((text) => parseNetwork(text)!) };
    expect(problemOfText([...eights(20), '203.0.113.0/24'], inside)).toBeUndefined();
    expect(problemOfText(['0.0.0.0/1', '203.0.113.0/24'])).toBeUndefined();
  });

  it('is refused for 113 lengths of IPv6 networks', () => {
    const lines = Array.from({ length: 113 }, (_, n) => `2001::/${n + 16}`);
    for (const line of lines) expect(parseEntry(line)).toMatchObject({ kind: 'network' });
    expect(problemOfText(lines)).toMatch(/113 different lengths/);
  });
});
