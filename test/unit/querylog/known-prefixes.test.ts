import { describe, expect, it } from 'vitest';
import { KnownPrefixes } from '../../../src/querylog/known-prefixes.ts';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const FILE = '21-Nov-2026 12:00:00.123 queries: info: client ';
const SYSLOG = 'Nov 21 12:00:00 ns1 named[7]: client ';

/** The milliseconds past noon that a line with this beginning is of; undefined: it is not known. */
function match(prefixes: KnownPrefixes, line: string): number | undefined {
  const octets = Buffer.from(`before${line}`, 'latin1');
  const length = prefixes.match(octets, 6, octets.length);
  if (length === 0) return undefined;
  expect(line.slice(0, length).endsWith('client ')).toBe(true);
  return prefixes.atMs - NOON_MS;
}

function knowing(prefix: string, atMs: number): KnownPrefixes {
  const prefixes = new KnownPrefixes();
  prefixes.learn(prefix, atMs);
  return prefixes;
}

describe('known beginnings of lines', () => {
  it('are of the same second, whatever their milliseconds', () => {
    const prefixes = knowing(FILE, NOON_MS + 123);
    expect(match(prefixes, `${FILE}x`)).toBe(123);
    expect(match(prefixes, `${FILE.replace('.123', '.999')}x`)).toBe(999);
    expect(match(prefixes, `${FILE.replace('.123', '.000')}x`)).toBe(0);
  });

  it.each([
    ['another second', FILE.replace('00.123', '01.123')],
    ['another category', FILE.replace('queries', 'queried')],
    ['milliseconds that are none', FILE.replace('.123', '.1x3')],
    ['milliseconds that are none', FILE.replace('.123', '.1 3')],
    ['fewer milliseconds', FILE.replace('.123', '.12')],
    ['another end', FILE.replace('client ', 'client\t')],
  ])('are not known with %s', (_, line) => {
    expect(match(knowing(FILE, NOON_MS + 123), `${line}x`)).toBeUndefined();
  });

  it('are not known when the line ends within or right behind them', () => {
    const prefixes = knowing(FILE, NOON_MS + 123);
    for (let end = 0; end <= FILE.length; end++) expect(match(prefixes, FILE.slice(0, end))).toBeUndefined();
  });

  it('may have no milliseconds, or others than those of the time', () => {
    expect(match(knowing(SYSLOG, NOON_MS), `${SYSLOG}x`)).toBe(0);
    expect(match(knowing(SYSLOG, NOON_MS), `${SYSLOG.replace('00 ns1', '00 ns2')}x`)).toBeUndefined();
    // The time is that of another clock: then nothing may differ.
    const odd = knowing(FILE, NOON_MS + 777);
    expect([match(odd, `${FILE}x`), match(odd, `${FILE.replace('.123', '.124')}x`)]).toEqual([777, undefined]);
    const micro = SYSLOG.replace('12:00:00', '12:00:00.123456');
    expect(match(knowing(micro, NOON_MS + 123), `${micro}x`)).toBe(123);
    expect(match(knowing(micro, NOON_MS + 123), `${micro.replace('.123', '.124')}x`)).toBeUndefined();
  });

  it('have the time of the server behind that of syslog', () => {
    const both = 'Nov 21 12:00:00.123 ns1 named[7]: 21-Nov-2026 12:00:00.123 client ';
    const prefixes = knowing(both, NOON_MS + 123);
    expect(match(prefixes, `${both.replace('.123 client', '.124 client')}x`)).toBe(124);
    expect(match(prefixes, `${both.replace('.123 ns1', '.124 ns1')}x`)).toBeUndefined();
  });

  it('are a few, the last ones, of about the same time', () => {
    const prefixes = new KnownPrefixes();
    const lines = ['a', 'b', 'c', 'd'].map((host) => SYSLOG.replace('ns1', host));
    for (const [index, line] of lines.entries()) prefixes.learn(line, NOON_MS + index);
    expect(lines.map((line) => match(prefixes, `${line}x`))).toEqual([undefined, 1, 2, 3]);
    prefixes.learn(SYSLOG, NOON_MS + 1_200_000);
    expect(lines.map((line) => match(prefixes, `${line}x`))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('are not kept when they are long', () => {
    const long = 'x'.repeat(1000);
    expect(match(knowing(long, NOON_MS), `${long}y`)).toBeUndefined();
  });
});
