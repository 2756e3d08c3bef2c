import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { configuredRules } from '../../../src/cli/configured-rules.ts';
import { ruleLines } from '../../../src/cli/rule-lines.ts';
import { loadConfig } from '../../../src/config/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'gluewall-rule-lines-'));
const file = join(folder, 'gluewall.yaml');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds the line of each rule, of two equal ones the first', () => {
  const text = `mode: monitor
allow:
  - 192.0.2.1
  - 192.0.2.2
rules:
  - action: deny
    zone: a.example
    reason: one
  - { action: allow, to: 192.0.2.3, reason: two }
  - action: deny
    reason: one again
    zone: A.example
`;
  writeFileSync(file, text);
  const lines = ruleLines(file);
  const rules = configuredRules(loadConfig(file), 0);
  expect(rules.map(({ id }) => lines.get(id))).toEqual([6, 9, 6, 3, 4]);
});

it.each(['', 'rules: [', 'rules: [{ action: nothing }]', '- a list'])('finds none in %j', (text) => {
  writeFileSync(file, text);
  expect(ruleLines(file).size).toBe(0);
});

it('finds none in a file that is not there', () => {
  expect(ruleLines(join(folder, 'missing.yaml')).size).toBe(0);
});
