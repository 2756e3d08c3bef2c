import { expect, it } from 'vitest';
import { LossReport } from '../../../src/cli/loss-report.ts';
import { silentLog } from '../../../src/core/log.ts';

it('tells only what grew since the last report, in one line', () => {
  const said: string[] = [];
  let losses = new Map([
    ['a', 0],
    ['b', 2],
  ]);
  const report = new LossReport(() => losses, { ...silentLog, warn: (_fields, message) => said.push(message) });
  report.report();
  report.report();
  losses = new Map([
    ['a', 3],
    ['b', 2],
    ['c', 1],
  ]);
  report.report();
  expect(said).toEqual(['since the last report b: 2', 'since the last report a: 3, c: 1']);
});

it('takes a figure that went back, as when a switch connects anew, for no loss', () => {
  const said: string[] = [];
  const values = [5, 1, 2];
  const report = new LossReport(() => new Map([['copies', values.shift()!]]), {
    ...silentLog,
    warn: (_fields, message) => said.push(message),
  });
  for (let round = 0; round < 3; round++) report.report();
  expect(said).toEqual(['since the last report copies: 5', 'since the last report copies: 1']);
});
