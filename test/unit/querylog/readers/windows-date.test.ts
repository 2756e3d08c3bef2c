import { describe, expect, it } from 'vitest';
import { windowsDebugFormat } from '../../../../src/querylog/readers/windows-debug.ts';
import { Reading, type ReadingOptions } from '../../../support/read-log.ts';

/** A query at this time. */
function queryAt(at: string): string {
  const packet = '10FC PACKET  0000020D6E8F03E0 UDP Rcv 192.0.2.10      3af6   Q [0001   D   NOERROR] A      (3)www(0)';
  return `${at} ${packet}`;
}

function read(lines: readonly string[], options: ReadingOptions = {}): Reading {
  return new Reading(windowsDebugFormat, options).push(lines.join('\r\n'));
}

const timesOf = (reading: Reading) => reading.entries().map(({ atMs }) => new Date(atMs).toISOString().slice(0, 19));

describe('times of a Windows debug log', () => {
  it.each([
    ['7/15/2015 11:59:59 PM', '2015-07-15T23:59:59'],
    ['7/15/2015 12:00:01 AM', '2015-07-15T00:00:01'],
    ['7/15/2015 12:00:01 PM', '2015-07-15T12:00:01'],
    ['07/15/15 1:00:01 p.m.', '2015-07-15T13:00:01'],
    ['15/07/2015 1:00:01 p. m.', '2015-07-15T13:00:01'],
    ['13.01.2026 23:00:16', '2026-01-13T23:00:16'],
    ['3.1.2026 3.00.16', '2026-01-03T03:00:16'],
    ['13. 1. 2026 3:00:16', '2026-01-13T03:00:16'],
    ['2026. 01. 13. 3:00:16', '2026-01-13T03:00:16'],
    ['2024/10/21 19:00:35', '2024-10-21T19:00:35'],
    ['2019/12/5 13:03:50', '2019-12-05T13:03:50'],
    ['2026-01-13 23:00:16', '2026-01-13T23:00:16'],
    ['13-01-2026 23:00:16', '2026-01-13T23:00:16'],
    ['13/01/2026 23:00:16', '2026-01-13T23:00:16'],
    ['13.01.26 23:00:16', '2026-01-13T23:00:16'],
    ['20040715 23:59:59', '2004-07-15T23:59:59'],
    [utf8('2026-01-13 오후 11:00:16'), '2026-01-13T23:00:16'],
    ['2026-01-13 \xbf\xc0\xc0\xfc 11:00:16', '2026-01-13T11:00:16'],
    [utf8('2026/1/13 下午 11:00:16'), '2026-01-13T23:00:16'],
    ['2026/1/13 \xa4U\xa4\xc8 11:00:16', '2026-01-13T23:00:16'],
    [utf8('13/1/2026 11:00:16 μμ'), '2026-01-13T23:00:16'],
  ])('%s', (at, expected) => {
    const reading = read([queryAt(at)]);
    expect([timesOf(reading), reading.refused]).toEqual([[expected], {}]);
    expect(reading.assumptions).toEqual(['zone']);
  });

  it.each([
    ['slashes and half days: the month first', '4/3/2026 11:00:00 PM', '2026-04-03T23:00:00'],
    ['slashes: the day first', '4/3/2026 23:00:00', '2026-03-04T23:00:00'],
    ['hyphens: the day first', '04-03-2026 11:00:00 PM', '2026-03-04T23:00:00'],
  ])('says what it assumes of %s', (_, at, expected) => {
    const reading = read([queryAt(at)]);
    expect(timesOf(reading)).toEqual([expected]);
    expect(reading.assumptions).toEqual(['order of day and month', 'zone']);
  });

  it('assumes nothing where both orders are the same, or a dot tells', () => {
    const reading = read([queryAt('4/4/2026 23:00:00'), queryAt('05.04.2026 23:00:00')]);
    expect(timesOf(reading)).toEqual(['2026-04-04T23:00:00', '2026-04-05T23:00:00']);
    expect(reading.assumptions).toEqual(['zone']);
  });

  it('is told the order by a number over 12', () => {
    const american = read([queryAt('3/31/2026 23:00:00'), queryAt('4/1/2026 23:00:00')]);
    expect(timesOf(american)).toEqual(['2026-03-31T23:00:00', '2026-04-01T23:00:00']);
    const british = read([queryAt('31/3/2026 11:00:00 PM'), queryAt('1/4/2026 11:00:00 PM')]);
    expect(timesOf(british)).toEqual(['2026-03-31T23:00:00', '2026-04-01T23:00:00']);
    expect([american.assumptions, british.assumptions]).toEqual([['zone'], ['zone']]);
  });

  it('is told the order by a time that would be to come', () => {
    const options = { time: { nowMs: () => Date.UTC(2026, 4, 6) } };
    const days = ['12/4/2026 1:00:00 AM', '5/4/2026 1:00:00 AM', '5/6/2026 1:00:00 AM'];
    const reading = read(days.map(queryAt), options);
    expect(timesOf(reading)).toEqual(['2026-04-12T01:00:00', '2026-04-05T01:00:00']);
    expect(reading.refused).toEqual({ 'a time that is to come': 1 });
    expect(reading.assumptions).toEqual(['zone']);
  });

  it('is told the order by two days that follow one another', () => {
    const american = read(['4/3', '4/4', '4/5', '5/5', '5/6'].map((day) => queryAt(`${day}/2026 23:00:00`)));
    expect(timesOf(american).slice(1)).toEqual([
      ...['2026-04-04T23:00:00', '2026-04-05T23:00:00', '2026-05-05T23:00:00', '2026-05-06T23:00:00'],
    ]);
    const british = read(['3/4', '4/4', '5/4', '6/4'].map((day) => queryAt(`${day}/2026 11:00:00 PM`)));
    expect(timesOf(british).slice(1)).toEqual(['2026-04-04T23:00:00', '2026-04-05T23:00:00', '2026-04-06T23:00:00']);
    expect(american.assumptions).toContain('order of day and month');
  });

  it('keeps over a restart what it was told', () => {
    const reading = new Reading(windowsDebugFormat).push(`${queryAt('3/31/2026 23:00:00')}\n`);
    reading.restart();
    reading.push(`${queryAt('4/1/2026 23:00:00')}\n`);
    expect(timesOf(reading)).toEqual(['2026-03-31T23:00:00', '2026-04-01T23:00:00']);
  });

  it('goes by the zone of the source', () => {
    const options = { time: { zone: 'Europe/Vienna' } };
    expect(timesOf(read([queryAt('2026-07-13 23:00:16')], options))).toEqual(['2026-07-13T21:00:16']);
  });
});

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}
