import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pack } from '../../../src/policy/pack.ts';
import type { RuleAction } from '../../../src/policy/rule.ts';
import { findRivals } from '../../../src/policy/rule-rivals.ts';
import type { WrittenMatch } from '../../../src/policy/rule-text.ts';
import { outdoes } from '../../../src/policy/rule-warnings.ts';
import { addressOf } from '../../support/observations.ts';
import { ruleOf } from '../../support/policies.ts';

const NONE = () => undefined;
const A = '203.0.113.1';

type Written = readonly [RuleAction, WrittenMatch];
const rulesOf = (list: readonly Written[]) => list.map(([action, match]) => ruleOf(action, match));
const rivals = (...list: Written[]) => findRivals(rulesOf(list), NONE).map(({ index, rival }) => [index, rival]);

describe('rules that leave another one nothing to decide', () => {
  it.each<[string, Written[], number[][]]>([
    [
      'none',
      [
        ['allow', { to: A }],
        ['allow', { to: '203.0.113.2' }],
      ],
      [],
    ],
    [
      'the same twice',
      [
        ['allow', { to: A }],
        ['allow', { to: A }],
      ],
      [[1, 0]],
    ],
    [
      'a wider one before',
      [
        ['allow', { to: '203.0.113.0/24' }],
        ['allow', { to: A }],
      ],
      [[1, 0]],
    ],
    [
      'a wider one behind, of the same step',
      [
        ['allow', { to: A }],
        ['allow', { to: '203.0.113.0/24' }],
      ],
      [],
    ],
    [
      'an allow that a deny contradicts, behind',
      [
        ['allow', { to: A }],
        ['deny', { to: '203.0.113.0/24' }],
      ],
      [[0, 1]],
    ],
    [
      'an allow that a deny contradicts, before',
      [
        ['deny', { to: A }],
        ['allow', { to: A }],
      ],
      [[1, 0]],
    ],
    [
      'an allow of more than is denied',
      [
        ['deny', { to: A, from: '192.0.2.1' }],
        ['allow', { to: A }],
      ],
      [],
    ],
    [
      'a deny is never outdone by an allow',
      [
        ['allow', {}],
        ['deny', { to: A }],
      ],
      [],
    ],
    [
      'a deny of a pack is by an allow',
      [
        ['deny', { to: 'pack:bad', from: '192.0.2.1' }],
        ['allow', { from: '192.0.2.0/24' }],
      ],
      [[0, 1]],
    ],
    [
      'an allow is not by a deny of a pack',
      [
        ['deny', { to: 'pack:bad' }],
        ['allow', { to: A }],
      ],
      [],
    ],
    [
      'everything',
      [
        ['deny', {}],
        ['allow', { zone: 'example', types: ['A'], protocol: 'tcp', from: 'group:lab' }],
      ],
      [[1, 0]],
    ],
    [
      'a zone above',
      [
        ['deny', { zone: 'example' }],
        ['allow', { zone: 'www.example', to: A }],
      ],
      [[1, 0]],
    ],
    [
      'a zone beside',
      [
        ['deny', { zone: 'example' }],
        ['allow', { zone: 'myexample', to: A }],
      ],
      [],
    ],
    [
      'types',
      [
        ['deny', { types: ['A', 'TXT'] }],
        ['allow', { types: ['TXT'] }],
        ['allow', { types: ['TXT', 'MX'] }],
      ],
      [[1, 0]],
    ],
    [
      'a name server',
      [
        ['deny', { to: 'name:ns.example' }],
        ['allow', { to: 'name:NS.example', from: '192.0.2.1' }],
      ],
      [[1, 0]],
    ],
    [
      'IPv6 is not IPv4',
      [
        ['deny', { from: '0.0.0.0/0' }],
        ['allow', { from: '2001:db8::1' }],
        ['allow', { from: '192.0.2.1' }],
      ],
      [[2, 0]],
    ],
  ])('%s', (_what, list, found) => {
    expect(rivals(...list)).toEqual(found);
  });

  it('a pack by what it holds now', () => {
    const pack: Pack = {
      name: 'bad',
      hasNames: false,
      hasDestination: (destination) => destination === addressOf(A),
      hasName: () => false,
    };
    const list = rulesOf([
      ['deny', { to: 'pack:bad' }],
      ['deny', { to: 'pack:bad', protocol: 'tcp' }],
    ]);
    expect(findRivals(list, (name) => (name === 'bad' ? pack : undefined))).toEqual([{ index: 1, rival: 0 }]);
  });

  it('what ends before it leaves it something to decide', () => {
    const deny = ruleOf('deny', { to: '203.0.113.0/24' }, { expiresAtMs: 1000 });
    const allow = (expiresAtMs: number) => ruleOf('allow', { to: A }, { expiresAtMs });
    expect(findRivals([deny, allow(1001)], NONE)).toEqual([]);
    expect(findRivals([deny, allow(1000)], NONE)).toEqual([{ index: 1, rival: 0 }]);
    expect(findRivals([deny, allow(Number.POSITIVE_INFINITY)], NONE)).toEqual([]);
  });

  const places = fc.constantFrom(
    A,
    '203.0.113.2',
    '203.0.113.0/24',
    '203.0.0.0/16',
    '2001:db8::1',
    'name:ns.example',
    'pack:x',
  );
  const clients = fc.constantFrom('192.0.2.1', '192.0.2.0/24', 'group:lab', 'mac:02:00:00:00:00:01', 'port:3');
  const someMatch: fc.Arbitrary<WrittenMatch> = fc.record(
    {
      to: places,
      from: clients,
      zone: fc.constantFrom('example', 'www.example'),
      protocol: fc.constantFrom('udp', 'tcp'),
    },
    { requiredKeys: [] },
  );
  const someRules = fc.array(fc.tuple(fc.constantFrom<RuleAction>('allow', 'deny'), someMatch), { maxLength: 12 });

  it('finds what comparing each with all that are asked before it finds', () => {
    fc.assert(
      fc.property(someRules, (list) => {
        const rules = rulesOf(list);
        const found = new Set(findRivals(rules, NONE).map(({ index }) => index));
        const stepOf = (at: number) =>
          rules[at]!.action === 'allow' ? 1 : rules[at]!.match.to?.kind === 'pack' ? 2 : 0;
        const expected = rules.flatMap((rule, at) => {
          const before = rules.filter(
            (_, other) => stepOf(other) < stepOf(at) || (stepOf(other) === stepOf(at) && other < at),
          );
          return before.some((other) => outdoes(other, rule, NONE)) ? [at] : [];
        });
        expect([...found].sort()).toEqual(expected.sort());
      }),
    );
  });

  it.each<[string, (n: number) => WrittenMatch]>([
    ['about one address each', (n) => ({ to: `198.18.${n >> 8}.${n & 255}` })],
    ['about one client and one address each', (n) => ({ from: `198.18.${n >> 8}.${n & 255}`, to: A })],
  ])(
    'many rules %s take a time that grows as they do',
    (_what, matchOf) => {
      const many = Array.from({ length: 65_536 }, (_, n) => ruleOf('allow', matchOf(n)));
      const startMs = performance.now();
      expect(findRivals([...many, many[0]!], NONE)).toEqual([{ index: 65_536, rival: 0 }]);
      expect(performance.now() - startMs).toBeLessThan(10_000);
    },
    30_000,
  );

  it('of more than can be compared nothing is said, rather than late', () => {
    const wide = Array.from({ length: 5000 }, (_, n) => ruleOf('allow', { from: `198.18.${n >> 8}.${n & 255}/32` }));
    const startMs = performance.now();
    expect(findRivals([...wide, wide[0]!], NONE).length).toBeLessThanOrEqual(1);
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });
});
