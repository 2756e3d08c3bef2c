import { describe, expect, it } from 'vitest';
import { duration, listenAddress, parseDuration } from '../../../src/config/fields.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['50ms', 50],
    ['10s', 10_000],
    ['5m', 300_000],
    ['48h', 172_800_000],
    ['7d', 604_800_000],
  ])('%s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    '',
    '10',
    '1.5s',
    '-1s',
    ' 1s',
    '1s ',
    '1 s',
    '1S',
    's',
    '1w',
    '1h30m',
    '9999999999999999s',
    '00',
    'constructor',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('duration', () => {
  const field = duration('about', { default: '1s', min: '100ms', max: '2s' });

  it('reads within its limits, both included', () => {
    expect(field.parse('100ms')).toBe(100);
    expect(field.parse('2s')).toBe(2000);
    expect(field.parse(undefined)).toBe(1000);
  });

  it.each(['99ms', '2001ms', '0', 0])('%s is out of range', (value) => {
    const result = field.safeParse(value);
    expect(result.error?.issues.map(({ message }) => message)).toEqual([`"${value}" is not within 100ms to 2s`]);
  });

  it.each([50, null, true, [], {}])('%j is no duration', (value) => {
    expect(field.safeParse(value).error?.issues[0]?.message).toContain('want a duration such as 50ms');
  });
});

describe('listenAddress', () => {
  it.each([
    ['127.0.0.1:6653', '127.0.0.1', 6653],
    ['[::1]:6653', '::1', 6653],
    ['localhost:0', 'localhost', 0],
    ['0.0.0.0:65535', '0.0.0.0', 65535],
  ])('%s', (text, host, port) => {
    expect(listenAddress.parse(text)).toEqual({ host, port });
  });

  it.each(['6653', ':6653', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '::1:6653', '[::1]', '127.0.0.1:66x', ''])(
    '%j is none',
    (text) => {
      expect(listenAddress.safeParse(text).success).toBe(false);
    },
  );
});
