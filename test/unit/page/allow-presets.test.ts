import { describe, expect, it } from 'vitest';
import { allowPresets, type BlockedQuery } from '../../../page/src/inbox/allow-presets.ts';
import { parseMatch } from '../../../src/policy/rule-text.ts';

const QUERY: BlockedQuery = {
  client: '192.0.2.7',
  group: 'staff',
  destination: '198.51.100.9',
  queryName: 'a\\032b.example.org',
  queryType: 'AAAA',
  protocol: 'udp',
};

describe('what an allow rule may let through', () => {
  it('goes from the narrowest to the widest', () => {
    const presets = allowPresets([QUERY]);
    expect(presets.map(({ name }) => name)).toEqual(['query', 'name', 'client', 'group', 'everybody']);
    expect(presets[0]!.matches).toEqual([
      { from: '192.0.2.7', to: '198.51.100.9', zone: 'a\\032b.example.org', types: ['AAAA'], protocol: 'udp' },
    ]);
    expect(presets.at(-1)!.matches).toEqual([{ to: '198.51.100.9' }]);
  });

  it('is what rules are written in', () => {
    const matches = allowPresets([
      QUERY,
      { ...QUERY, client: '2001:db8::7', destination: '2001:db8::53', queryType: 'TYPE65280' },
    ]).flatMap(({ matches }) => matches);
    expect(matches.length).toBeGreaterThan(5);
    for (const match of matches) expect(parseMatch(match)).not.toHaveProperty('problem');
  });

  it('says nothing of a name that cannot be read', () => {
    const presets = allowPresets([{ ...QUERY, queryName: null, queryType: null }]);
    expect(presets.map(({ name }) => name)).toEqual(['client', 'group', 'everybody']);
  });

  it('makes one rule for queries that it would write alike', () => {
    const presets = allowPresets([QUERY, { ...QUERY, queryType: 'A' }, { ...QUERY, client: '192.0.2.8' }]);
    expect(presets.map(({ name, matches }) => [name, matches.length])).toEqual([
      ['query', 3],
      ['name', 2],
      ['client', 2],
      ['group', 1],
      ['everybody', 1],
    ]);
  });
});
