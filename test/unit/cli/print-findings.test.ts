import pc from 'picocolors';
import { expect, it } from 'vitest';
import { printFindings } from '../../../src/cli/print-findings.ts';

it('shows a line for each finding, its remedy below, and only what is wrong in red', () => {
  const lines = printFindings([
    { check: 'bridge', ok: true, message: 'there' },
    { check: 'fail-mode', ok: false, message: 'standalone', remedy: 'set it' },
    { check: 'flows', ok: null, message: 'not known' },
  ]);
  expect(lines.map((line) => (typeof line === 'string' ? line : line.text))).toEqual([
    'ok    bridge     there',
    'FAIL  fail-mode  standalone',
    '                 → set it',
    '?     flows      not known',
  ]);
  expect(lines.map((line) => (typeof line === 'string' ? undefined : line.paint))).toEqual([
    String,
    pc.red,
    undefined,
    pc.yellow,
  ]);
});

it('has nothing to show of nothing', () => {
  expect(printFindings([])).toEqual([]);
});
