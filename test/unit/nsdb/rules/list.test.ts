import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CAP } from '../../../../src/nsdb/rules/caps.ts';
import {
  ADDRESS_RULES,
  CLIENT_RULES,
  OWNER_RULES,
  RESPONDER_RULES,
  RESPONSE_RULES,
  RULE_NAMES,
} from '../../../../src/nsdb/rules/list.ts';

const PAGE = readFileSync(new URL('../../../../docs/learning.md', import.meta.url), 'utf8');
const refusals = [CLIENT_RULES, RESPONSE_RULES, OWNER_RULES, RESPONDER_RULES, ADDRESS_RULES].flatMap((rules) =>
  rules.map(({ refusal }) => refusal),
);

describe('the rules', () => {
  it('have names and counters of their own', () => {
    expect(new Set(RULE_NAMES).size).toBe(RULE_NAMES.length);
    expect(new Set([...refusals, ...Object.values(CAP)]).size).toBe(refusals.length + Object.keys(CAP).length);
  });

  it.each(RULE_NAMES)('docs/learning.md says what %s is for', (name) => {
    expect(PAGE).toContain(`| \`${name}\` |`);
  });

  it.each([...refusals, ...Object.values(CAP)])('docs/learning.md names the counter "%s"', (refusal) => {
    expect(PAGE).toContain(`\`refused: ${refusal}\``);
  });

  it('docs/learning.md names no rule that is not there', () => {
    const named = [...PAGE.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
    expect([...named].sort()).toEqual([...RULE_NAMES].sort());
  });
});
