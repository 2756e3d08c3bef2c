import { expect, test } from 'vitest';
import {
  byHour,
  dataOf,
  type Steps,
  searchLink,
  searchOfStep,
  shortNumber,
  sinceOf,
  stacked,
  timeRangeOf,
  totalOf,
} from '../../../page/src/charts/time-steps.ts';

const MINUTE_MS = 60_000;

function stepsFrom(at: string, count: number, stepMs: number): Steps {
  return Array.from({ length: count }, (_, index) => ({
    at: new Date(Date.parse(at) + index * stepMs).toISOString(),
    allow: 3,
    block: 2,
    wouldBlock: 1,
    newAddresses: index,
    packetIns: 10,
    lost: 0,
  }));
}

test('the range of an address of the page is one of four, and a day where it says nothing of use', () => {
  expect(['1h', '7d', null, '', '5 years', '24H'].map(timeRangeOf)).toEqual(['1h', '7d', '24h', '24h', '24h', '24h']);
});

test('a range begins at a whole minute', () => {
  expect(sinceOf('1h', Date.parse('2026-11-22T08:00:59.999Z'))).toBe('2026-11-22T07:00:00.000Z');
  expect(sinceOf('30d', Date.parse('2026-11-22T08:00:00.000Z'))).toBe('2026-10-23T08:00:00.000Z');
});

test('stacked series stand upon each other, and the last has the sum of all', () => {
  const steps = stepsFrom('2026-11-22T07:00:00.000Z', 3, MINUTE_MS);
  const data = dataOf(steps, ['block', 'wouldBlock', 'allow']);
  expect(data[0][1]! - data[0][0]!).toBe(60);
  expect(stacked(data).slice(1)).toEqual([
    [2, 2, 2],
    [3, 3, 3],
    [6, 6, 6],
  ]);
  expect(stacked([[]])).toEqual([[]]);
});

test('steps are joined to hours without losing one, and larger steps stay', () => {
  const steps = stepsFrom('2026-11-22T06:50:00.000Z', 25, 10 * MINUTE_MS);
  const hours = byHour(steps, 10 * MINUTE_MS);
  expect(hours.map(({ at }) => at)).toEqual([
    '2026-11-22T06:00:00.000Z',
    '2026-11-22T07:00:00.000Z',
    '2026-11-22T08:00:00.000Z',
    '2026-11-22T09:00:00.000Z',
    '2026-11-22T10:00:00.000Z',
  ]);
  for (const key of ['allow', 'block', 'wouldBlock', 'newAddresses', 'packetIns', 'lost'] as const) {
    expect(totalOf(hours, key)).toBe(totalOf(steps, key));
  }
  const days = stepsFrom('2026-11-01T00:00:00.000Z', 3, 24 * 60 * MINUTE_MS);
  expect(byHour(days, 24 * 60 * MINUTE_MS)).toBe(days);
});

test('a step of the chart is a search from its beginning to the next', () => {
  const search = searchOfStep('2026-11-22T07:00:00.000Z', MINUTE_MS, 'verdict:blocked');
  expect(search).toBe('verdict:blocked since:2026-11-22T07:00:00.000Z until:2026-11-22T07:01:00.000Z');
  expect(new URL(searchLink('inbox', search), 'http://x').searchParams.get('search')).toBe(search);
  expect(searchLink('events', '')).toBe('/events');
});

test.each([
  [0, '0'],
  [9999, '9999'],
  [0.25, '0.3'],
  [12_345, '12.3 k'],
  [20_000, '20 k'],
  [123_456, '123 k'],
  [999_499, '999 k'],
  [999_500, '1 M'],
  [4_560_000_000, '4.6 G'],
])('%d is short as %s', (value, text) => {
  expect(shortNumber(value)).toBe(text);
});
