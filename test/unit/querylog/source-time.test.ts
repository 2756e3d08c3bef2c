import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimeZone, SourceTime, type SourceTimeOptions } from '../../../src/querylog/source-time.ts';

const NOW = '2026-11-21T18:00:00.000Z';

function sourceTime(zone = 'UTC', now = NOW, more: Partial<SourceTimeOptions> = {}): SourceTime {
  return new SourceTime({
    zone,
    nowMs: () => Date.parse(now),
    ...more,
  });
}

/** `2026-11-21 18:00:00` or `11-21 18:00:00`, as the source's clock on the wall shows it; an instant or a problem. */
function wall(time: SourceTime, text: string, offsetMinutes?: number): string {
  const numbers = text.split(/[- :]/).map(Number);
  const year = numbers.length === 6 ? numbers.shift() : undefined;
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  return shown(time.wall({ year, month, day, hour, minute, second, millisecond: 0 }, offsetMinutes));
}

function shown(atMs: number | string): string {
  return typeof atMs === 'string' ? atMs : new Date(atMs).toISOString().replace('.000Z', 'Z');
}

describe('times in a zone', () => {
  it.each([
    ['UTC', '2026-07-01 12:00:00', '2026-07-01T12:00:00Z'],
    ['Europe/Vienna', '2026-07-01 12:00:00', '2026-07-01T10:00:00Z'],
    ['Europe/Vienna', '2026-01-01 12:00:00', '2026-01-01T11:00:00Z'],
    ['America/St_Johns', '2026-01-01 12:00:00', '2026-01-01T15:30:00Z'],
    ['Asia/Kathmandu', '2026-01-01 00:10:00', '2025-12-31T18:25:00Z'],
    ['Pacific/Kiritimati', '2026-01-01 12:00:00', '2025-12-31T22:00:00Z'],
    ['Pacific/Pago_Pago', '2026-01-01 12:00:00', '2026-01-01T23:00:00Z'],
    // The last minute before a change and the first behind it.
    ['Europe/Vienna', '2026-03-29 01:59:59', '2026-03-29T00:59:59Z'],
    ['Europe/Vienna', '2026-03-29 03:00:00', '2026-03-29T01:00:00Z'],
    ['Europe/Vienna', '2026-10-25 01:59:59', '2026-10-24T23:59:59Z'],
    ['Europe/Vienna', '2026-10-25 03:00:00', '2026-10-25T02:00:00Z'],
    // What the change leaves out: as if it had not come yet.
    ['Europe/Vienna', '2026-03-29 02:30:00', '2026-03-29T01:30:00Z'],
    ['Australia/Lord_Howe', '2026-04-05 01:29:00', '2026-04-04T14:29:00Z'],
    ['Australia/Lord_Howe', '2026-04-05 02:00:00', '2026-04-04T15:30:00Z'],
  ])('in %s %s is %s', (zone, text, instant) => {
    const time = sourceTime(zone);
    expect(wall(time, text)).toBe(instant);
    expect(time.assumptions).toEqual(['zone']);
  });

  it('are those of any clock, in any zone, whatever the time, but for hours that come twice or never', () => {
    const zones = ['Europe/Vienna', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Africa/Casablanca'];
    const instant = fc.integer({ min: Date.UTC(2000, 0) / 1000, max: Date.parse(NOW) / 1000 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, (zone, seconds) => {
        const at = new Date(seconds * 1000);
        const text = at.toLocaleString('sv-SE', { timeZone: zone });
        const read = Date.parse(wall(sourceTime(zone), text));
        // The other pass of the hour shows the same clock.
        expect(new Date(read).toLocaleString('sv-SE', { timeZone: zone })).toBe(text);
        expect(Math.abs(read - at.getTime())).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });

  it('do not ask the zone when the source says its own', () => {
    const time = sourceTime('Europe/Vienna');
    expect(wall(time, '2026-07-01 12:00:00', -210)).toBe('2026-07-01T15:30:00Z');
    expect(wall(time, '2026-03-29 02:30:00', 0)).toBe('2026-03-29T02:30:00Z');
    expect(time.assumptions).toEqual([]);
  });
});

describe('the hour that comes twice', () => {
  it('is the first until times run backwards, then the second', () => {
    const time = sourceTime('Europe/Vienna');
    const texts = ['01:59:00', '02:00:00', '02:30:00', '02:59:59', '02:00:00', '02:45:00', '03:00:00'];
    expect(texts.map((text) => wall(time, `2026-10-25 ${text}`).slice(11))).toEqual([
      '23:59:00Z',
      '00:00:00Z',
      '00:30:00Z',
      '00:59:59Z',
      '01:00:00Z',
      '01:45:00Z',
      '02:00:00Z',
    ]);
  });

  it('bears lines that are a little out of order in both passes', () => {
    const time = sourceTime('Europe/Vienna');
    const texts = ['02:30:00', '02:25:00', '02:58:00', '02:04:00', '02:01:00', '02:06:00'];
    expect(texts.map((text) => wall(time, `2026-10-25 ${text}`).slice(11, 16))).toEqual([
      '00:30',
      '00:25',
      '00:58',
      '01:04',
      '01:01',
      '01:06',
    ]);
  });

  it('is gone on with after a restart', () => {
    const before = sourceTime('Europe/Vienna');
    for (const text of ['02:59:00', '02:10:00']) wall(before, `2026-10-25 ${text}`);
    const behind = sourceTime('Europe/Vienna');
    expect(behind.lastMs).toBe(Number.NEGATIVE_INFINITY);
    behind.resume(before.lastMs);
    expect(wall(behind, '2026-10-25 02:15:00')).toBe('2026-10-25T01:15:00Z');
    expect(wall(sourceTime('Europe/Vienna'), '2026-10-25 02:15:00')).toBe('2026-10-25T00:15:00Z');
  });

  it('may be half an hour', () => {
    const time = sourceTime('Australia/Lord_Howe');
    const texts = ['01:45:00', '01:58:00', '01:31:00', '02:01:00'];
    expect(texts.map((text) => wall(time, `2026-04-05 ${text}`).slice(11, 16))).toEqual([
      '14:45',
      '14:58',
      '15:01',
      '15:31',
    ]);
  });
});

describe('a year that is not said', () => {
  it.each([
    ['the same year', NOW, '11-21 17:59:00', '2026-11-21T17:59:00Z'],
    ['what would be to come was last year', NOW, '12-24 18:00:00', '2025-12-24T18:00:00Z'],
    ['last year, read on New Year', '2027-01-01T00:00:10Z', '12-31 23:59:59', '2026-12-31T23:59:59Z'],
    ['a clock that is ahead on New Year', '2026-12-31T23:59:00Z', '01-01 00:01:00', '2027-01-01T00:01:00Z'],
    ['a clock that is ahead', '2026-06-30T23:59:00Z', '07-01 12:00:00', '2026-07-01T12:00:00Z'],
    ['too far ahead for that', '2026-06-30T00:00:00Z', '07-01 12:00:00', '2025-07-01T12:00:00Z'],
    ['29 February', NOW, '02-29 12:00:00', '2024-02-29T12:00:00Z'],
    ['29 February across a century', '2027-01-01T00:00:00Z', '02-29 12:00:00', '2024-02-29T12:00:00Z'],
  ])('%s', (_, now, text, instant) => {
    const time = sourceTime('UTC', now);
    expect(wall(time, text)).toBe(instant);
    expect(time.assumptions).toEqual(['year', 'zone']);
  });

  it('is that of the file', () => {
    const time = sourceTime('UTC', NOW, { writtenMs: () => Date.parse('2021-01-03T00:00:00Z') });
    expect(wall(time, '01-02 12:00:00')).toBe('2021-01-02T12:00:00Z');
    expect(wall(time, '12-31 12:00:00')).toBe('2020-12-31T12:00:00Z');
  });

  it('is the local one on New Year in a zone that is ahead or behind', () => {
    expect(wall(sourceTime('Pacific/Kiritimati', '2026-12-31T10:30:00Z'), '01-01 00:29:00')).toBe(
      '2026-12-31T10:29:00Z',
    );
    expect(wall(sourceTime('Pacific/Pago_Pago', '2027-01-01T10:30:00Z'), '12-31 23:29:00')).toBe(
      '2027-01-01T10:29:00Z',
    );
  });
});

describe('a date that is not said', () => {
  it('is today, or yesterday for what would be to come', () => {
    const time = sourceTime('UTC', '2026-11-21T00:05:00Z');
    expect(shown(time.timeOfDay(0, 4, 59, 0))).toBe('2026-11-21T00:04:59Z');
    expect(shown(time.timeOfDay(23, 59, 0, 0))).toBe('2026-11-20T23:59:00Z');
    expect(time.assumptions).toEqual(['date', 'zone']);
  });

  it('is the local one, and that of the file', () => {
    const time = sourceTime('Europe/Vienna', NOW, { writtenMs: () => Date.parse('2026-07-01T22:30:00Z') });
    expect(shown(time.timeOfDay(0, 29, 0, 0))).toBe('2026-07-01T22:29:00Z');
    expect(shown(time.timeOfDay(1, 0, 0, 0))).toBe('2026-06-30T23:00:00Z');
  });

  it('is no help for what is no time of day', () => {
    const time = sourceTime();
    expect([time.timeOfDay(24, 0, 0, 0), time.timeOfDay(9, 60, 0, 0)]).toEqual(['no such time', 'no such time']);
  });
});

describe('what is no time, or not of now', () => {
  it.each([
    '2026-02-29 00:00:00',
    '2026-04-31 00:00:00',
    '2026-13-01 00:00:00',
    '2026-00-01 00:00:00',
    '2026-01-00 00:00:00',
    '2026-01-01 24:00:00',
    '2026-01-01 00:60:00',
    '2026-01-01 00:00:61',
    '1989-12-31 23:59:59',
    '0000-01-01 00:00:00',
    '02-30 00:00:00',
  ])('%s is no such time', (text) => {
    const time = sourceTime();
    expect(wall(time, text)).toBe('no such time');
    expect(time.lastMs).toBe(Number.NEGATIVE_INFINITY);
  });

  it('knows leap seconds, and leap years', () => {
    expect(wall(sourceTime(), '2016-12-31 23:59:60')).toBe('2017-01-01T00:00:00Z');
    expect(wall(sourceTime(), '2000-02-29 00:00:00')).toBe('2000-02-29T00:00:00Z');
  });

  it('refuses what is more than 26 hours ahead', () => {
    const time = sourceTime();
    expect(wall(time, '2026-11-22 20:00:00')).toBe('2026-11-22T20:00:00Z');
    expect(wall(time, '2026-11-22 20:00:01')).toBe('a time that is to come');
    expect(shown(time.lastMs)).toBe('2026-11-22T20:00:00Z');
    expect(time.instant(Number.POSITIVE_INFINITY)).toBe('a time that is to come');
    expect(time.instant(Number.NaN)).toBe('no such time');
  });

  it('refuses what is older than it may be', () => {
    const time = sourceTime('UTC', NOW, { earliestMs: () => Date.parse('2026-11-20T18:00:00Z') });
    expect(wall(time, '2026-11-20 18:00:00')).toBe('2026-11-20T18:00:00Z');
    expect(wall(time, '2026-11-20 17:59:59')).toBe('a time too long ago');
  });
});

describe('isTimeZone', () => {
  it.each([
    ['UTC', true],
    ['Europe/Vienna', true],
    ['Middle/Earth', false],
    ['', false],
  ])('%s: %s', (name, is) => {
    expect(isTimeZone(name)).toBe(is);
  });
});
