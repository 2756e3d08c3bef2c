import { describe, expect, it } from 'vitest';
import { isAtOrBelow } from '../../../src/dns/name.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { Pack } from '../../../src/policy/pack.ts';
import type { Rule, RuleAction } from '../../../src/policy/rule.ts';
import type { WrittenMatch } from '../../../src/policy/rule-text.ts';
import { ruleWarnings } from '../../../src/policy/rule-warnings.ts';
import { historyOptions } from '../../support/learning.ts';
import { addressOf, nameOf } from '../../support/observations.ts';
import { groupOf, policiesOn, ruleOf } from '../../support/policies.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const A = '203.0.113.1';
const RESOLVER = '192.0.2.2';
const PACK: Pack = {
  name: 'bad',
  hasNames: true,
  hasDestination: (destination) => destination === addressOf(A),
  hasName: (name) => isAtOrBelow(name, nameOf('evil.example')),
};

function warnings(
  action: RuleAction,
  match: WrittenMatch,
  others: readonly Rule[] = [],
  fields: Partial<Rule> = {},
): readonly string[] {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, historyOptions({}));
  const groups = [groupOf(7, 'lab', ['192.0.2.10'])];
  const packs = { get: (name: string) => (name === 'bad' ? PACK : undefined) };
  const policies = policiesOn(clock, history, others, groups, packs);
  return ruleWarnings(ruleOf(action, match, { id: 'new', ...fields }), policies, [addressOf(RESOLVER)]);
}

describe('warnings about a rule', () => {
  it.each<[string, RuleAction, WrittenMatch]>([
    ['an allow of an address', 'allow', { to: A }],
    ['a deny of a network for a client', 'deny', { to: '203.0.113.0/24', from: '192.0.2.1' }],
    ['a rule about a group and a protocol', 'deny', { from: 'group:lab', to: A, protocol: 'tcp' }],
    ['a rule about the default group', 'allow', { from: 'group:default', to: A }],
  ])('%s: none', (_what, action, match) => {
    expect(warnings(action, match)).toEqual([]);
  });

  it('an allow that cannot win, with the deny that wins', () => {
    const deny = ruleOf('deny', { to: '203.0.113.0/24' }, { id: 'd1', reason: 'hosting of an attack' });
    expect(warnings('allow', { to: A }, [deny])).toEqual([
      'this allow cannot win: deny rule d1 (to 203.0.113.0/24: hosting of an attack) is asked first, and is about all of it',
    ]);
    expect(warnings('allow', { to: '203.0.0.0/16' }, [deny])).toEqual([]);
    expect(warnings('deny', { to: A }, [ruleOf('allow', { to: A })])).toEqual([]);
  });

  it('a deny of a pack that an allow outdoes', () => {
    const allow = ruleOf('allow', { from: '192.0.2.0/24' }, { id: 'a1', reason: 'servers' });
    expect(warnings('deny', { to: 'pack:bad', from: '192.0.2.7' }, [allow])[0]).toBe(
      'this deny cannot win: allow rule a1 (from 192.0.2.0/24: servers) is asked first, and is about all of it',
    );
    expect(warnings('allow', { from: '192.0.2.7', to: A }, [ruleOf('deny', { to: 'pack:bad' })])).toEqual([]);
  });

  it('a rule that decides the same as another does already', () => {
    const wide = ruleOf('allow', { to: '203.0.113.0/24' }, { id: 'a1' });
    expect(warnings('allow', { to: A }, [wide])).toEqual([
      'allow rule a1 (to 203.0.113.0/24: test) decides the same already: this one never will while that stands',
    ]);
    const listed = ruleOf('deny', { to: 'pack:bad' }, { id: 'd1' });
    expect(warnings('deny', { to: 'pack:bad', protocol: 'tcp' }, [listed])[0]).toContain('decides the same already');
  });

  it('is not its own rival: a rule that is renewed', () => {
    expect(warnings('allow', { to: A }, [ruleOf('allow', { to: A }, { id: 'new' })])).toEqual([]);
  });

  it('none about a rule that is over', () => {
    const over = ruleOf('deny', { to: A }, { expiresAtMs: 5000, origin: 'configuration' });
    const lasting = ruleOf('deny', { to: A }, { expiresAtMs: 5001, origin: 'configuration' });
    const now = { createdAtMs: 5000 };
    expect(warnings('allow', { to: A }, [over], now)).toEqual([]);
    expect(warnings('allow', { to: A }, [lasting], now)).toHaveLength(1);
  });

  it('groups and packs that there are not', () => {
    expect(warnings('deny', { from: 'group:labs', to: A })).toEqual([
      'there is no group labs: the rule holds for nobody until `groups` has one of that name',
    ]);
    expect(warnings('deny', { to: 'pack:gone' })[0]).toBe(
      'there is no pack gone: the rule holds for nothing until there is (gluewall pack list)',
    );
  });

  it('trusted resolvers, which no rule is asked about', () => {
    expect(warnings('deny', { to: RESOLVER })).toEqual([
      `${RESOLVER} is a trusted resolver: its queries, and queries to it, are not judged at all`,
    ]);
    expect(warnings('deny', { from: RESOLVER, to: A })).toHaveLength(1);
  });

  it.each<[WrittenMatch, string]>([
    [{ zone: 'example' }, 'every direct query is judged'],
    [{ types: ['TXT'], from: '192.0.2.0/24' }, 'every direct query from 192.0.2.0/24 is judged'],
    [{ zone: 'example', to: A }, `every direct query to ${A} is judged`],
    [{ to: 'pack:bad' }, 'every direct query is judged'],
  ])('%j reads messages, and what that costs', (match, text) => {
    expect(warnings('deny', match)).toEqual([expect.stringContaining(text)]);
    expect(warnings('deny', match)[0]).toMatch(/^it reads the message of the query, which no flow can match on/);
  });
});
