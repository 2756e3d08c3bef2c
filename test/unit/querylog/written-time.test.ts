import { describe, expect, it } from 'vitest';
import { SourceTime } from '../../../src/querylog/source-time.ts';
import { readTime } from '../../../src/querylog/written-time.ts';

const NOW_MS = Date.parse('2026-11-21T18:00:00Z');

/** `TIME REST`: what the time is, and what stands behind it; undefined when none stands there. */
function read(text: string, at = 0, assumed: string[] = []): string | undefined {
  const written = readTime(text, at);
  if (written === undefined) return undefined;
  const time = new SourceTime({
    zone: 'Europe/Vienna',
    nowMs: () => NOW_MS,
  });
  const atMs = written.resolve(time);
  assumed.push(...time.assumptions);
  return `${typeof atMs === 'number' ? new Date(atMs).toISOString() : atMs}${text.slice(written.end)}`;
}

describe('readTime', () => {
  it.each([
    ['21-Nov-2026 10:11:12.123 client', '2026-11-21T09:11:12.123Z client'],
    ['1-Jul-2026 10:11:12 client', '2026-07-01T08:11:12.000Z client'],
    ['2026-11-21T10:11:12.123456789+05:45 x', '2026-11-21T04:26:12.123Z x'],
    ['2026-11-21 10:11:12 -0330 x', '2026-11-21T13:41:12.000Z x'],
    ['2026-11-21t10:11:12z x', '2026-11-21T10:11:12.000Z x'],
    ['2026/11/21 10:11:12.5 x', '2026-11-21T09:11:12.500Z x'],
    ['Nov 21 10:11:12 ns1', '2026-11-21T09:11:12.000Z ns1'],
    ['Nov 22 10:11:12 ns1', '2026-11-22T09:11:12.000Z ns1'],
    ['Nov 24 10:11:12 ns1', '2025-11-24T09:11:12.000Z ns1'],
    ['Sat, Nov  7 10:11:12: ns1', '2026-11-07T09:11:12.000Z: ns1'],
    ['Nov 21 2019 10:11:12 ns1', '2019-11-21T09:11:12.000Z ns1'],
    ['2019 Nov 21 10:11:12 ns1', '2019-11-21T09:11:12.000Z ns1'],
    ['Nov 21 10:11:12 2019 ns1', '2019-11-21T09:11:12.000Z ns1'],
    // A host that is a number of four digits, and no year.
    ['Nov 21 10:11:12 3019 ns1', '2026-11-21T09:11:12.000Z 3019 ns1'],
    ['10:11:12.123 client', '2026-11-21T09:11:12.123Z client'],
    ['23:11:12 client', '2026-11-20T22:11:12.000Z client'],
    ['[1795255872.5] x', '2026-11-21T10:11:12.500Z x'],
    ['[1795255872] x', '2026-11-21T10:11:12.000Z x'],
    // No such time.
    ['21-Nox-2026 10:11:12 x', 'no such time x'],
    ['30-Feb-2026 10:11:12 x', 'no such time x'],
    ['21-Nov-2026 24:11:12 x', 'no such time x'],
    ['2026-13-21T10:11:12Z x', 'no such time x'],
    ['2026-11-00T10:11:12Z x', 'no such time x'],
    ['21-Nov-2027 10:11:12 x', 'a time that is to come x'],
  ])('%s', (text, expected) => expect(read(text)).toBe(expected));

  it.each([
    '',
    'client x',
    '21-Nov-2026',
    '21-Nov-2026 10:11',
    '21-Nov-2026 10:11:12x',
    '2026-11-21T10:11:12.Z',
    'Nov 21 1:11:12 x',
    '1795255872 x',
    '[12345678] x',
  ])('finds none in %j', (text) => expect(read(text)).toBeUndefined());

  it('reads where it is told to, and nowhere else', () => {
    const text = 'queries: 21-Nov-2026 10:11:12.123 client';
    expect([read(text), read(text, 9)]).toEqual([undefined, '2026-11-21T09:11:12.123Z client']);
  });

  it.each([
    ['2026-11-21T10:11:12Z', []],
    ['[1795255872]', []],
    ['21-Nov-2026 10:11:12', ['zone']],
    ['Nov 21 10:11:12', ['year', 'zone']],
    ['10:11:12', ['date', 'zone']],
  ])('assumes what %s does not say', (text, expected) => {
    const assumed: string[] = [];
    read(text, 0, assumed);
    expect(assumed).toEqual(expected);
  });
});
