import { describe, expect, it } from 'vitest';
import { manyRules, queryOfRule } from '../../../bench/support/many-rules.ts';
import { composeMatch, parseMatch } from '../../../src/policy/rule-text.ts';

describe.each([1000, 10_000])('%i rules', (count) => {
  const rules = manyRules(count, 'test');

  it('are as many as are wanted, each about something else', () => {
    const matches = rules.map(({ action: _action, reason: _reason, ...match }) => {
      const parsed = parseMatch(match);
      return 'problem' in parsed ? parsed.problem : JSON.stringify(composeMatch(parsed));
    });
    expect(rules).toHaveLength(count);
    expect(matches.filter((match) => !match.startsWith('{'))).toEqual([]);
    expect(new Set(matches).size).toBe(count);
  });

  it('have queries that say what each asks for', () => {
    for (const [index, { zone, types, protocol }] of rules.entries()) {
      const query = queryOfRule(index, count, 7);
      if (zone !== undefined) expect(query.name).toBe(`h7.${zone}`);
      if (types !== undefined) expect(types).toContain(query.type);
      if (protocol !== undefined) expect(query.protocol).toBe(protocol);
    }
    expect(() => queryOfRule(count, count, 0)).toThrow('there is no rule');
  });
});
