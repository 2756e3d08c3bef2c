import { describe, expect, it } from 'vitest';
import { bindFormat } from '../../../../src/querylog/readers/bind.ts';
import { expectResumable, Reading, showEntries } from '../../../support/read-log.ts';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const SENDER = 'client @0x1 192.0.2.1#53211 (a.example):';

/** A line at so many seconds past noon. */
function at(seconds: number, body: string): string {
  return `${new Date(NOON_MS + seconds * 1000).toISOString()} ${body}`;
}
const asked = (seconds: number, name = 'a.example', port = 53_211) =>
  at(seconds, `client @0x1 192.0.2.1#${port} (${name}): query: ${name} IN A +E(0)K (192.0.2.53)`);
const answered = (seconds: number, code: string, name = 'a.example', port = 53_211) =>
  at(seconds, `client @0x1 192.0.2.1#${port} (${name}): response: ${name} IN A ${code} 1 0 1 +E(0)K (192.0.2.53)`);
const denied = (seconds: number) => at(seconds, `${SENDER} query (cache) 'A.example/A/IN' denied`);
const failed = (seconds: number, result = 'REFUSED') =>
  at(seconds, `${SENDER} query failed (${result}) for a.example/IN/A at query.c:5708`);
/** Queries of other names, so many that more is waited for no longer. */
const many = (count: number, seconds: number) =>
  Array.from({ length: count }, (_, index) => asked(seconds, `n${index}.example`));

const read = (...lines: readonly string[]) => new Reading(bindFormat).push(lines.join('\n'));
/** The seconds past noon and the response code of each entry for the name. */
function codes(reading: Reading, name = 'a.example'): string[] {
  return reading
    .entries()
    .filter((entry) => showEntries([entry])[0]!.toLowerCase().includes(` ${name} `))
    .map(({ atMs, responseCode }) => `${(atMs - NOON_MS) / 1000} ${responseCode ?? '-'}`);
}

describe('what is told of one query', () => {
  it.each([
    ['asked and answered', [asked(0), answered(1, 'NXDOMAIN')], ['0 3']],
    ['asked and denied', [asked(0), denied(0)], ['0 5']],
    ['asked, denied, failed', [asked(0), denied(0), failed(0)], ['0 5']],
    ['asked, denied, failed, answered', [asked(0), denied(0), failed(0), answered(0, 'REFUSED')], ['0 5']],
    ['asked and failed inside', [asked(0), failed(2, 'timed out')], ['0 2']],
    ['asked and failed in a way that clients are told', [asked(0), failed(2, 'NOTIMP')], ['0 4']],
    ['only denied', [denied(0)], ['0 5']],
    ['only denied and failed', [denied(0), failed(0)], ['0 5']],
    ['only answered', [answered(0, 'NOERROR')], ['0 0']],
    ['only asked', [asked(0)], ['0 -']],
    ['answered after it was let go', [asked(0), asked(7, 'b.example'), answered(8, 'SERVFAIL')], ['0 2']],
  ])('%s: one entry', (_, lines, expected) => {
    expect(codes(read(...lines))).toEqual(expected);
    expect(codes(read(...lines.map((line) => line.replace('Z client', 'Z queries: info: client'))))).toEqual(expected);
  });

  it('an answer that comes too late makes no second entry, also when the entry is gone', () => {
    const reading = read(asked(0));
    expect(reading.entries()).toHaveLength(1);
    reading.push(answered(9, 'SERVFAIL'));
    expect([reading.entries(), reading.taken, reading.refused]).toEqual([[], 2, {}]);
  });

  it('is of its client, port, name and type', () => {
    const other = answered(1, 'NXDOMAIN').replace(' IN A ', ' IN MX ');
    const lines = [asked(0), answered(1, 'NXDOMAIN', 'a.example', 1), answered(1, 'NXDOMAIN', 'b.example'), other];
    expect(codes(read(...lines))).toEqual(['0 -']);
  });
});

describe('a client that asks again from the same port', () => {
  it.each([
    ['answered each time', [asked(0), answered(0, 'NOERROR'), asked(1), answered(1, 'NXDOMAIN')], ['0 0', '1 3']],
    ['before it is answered', [asked(0), asked(1), answered(2, 'NOERROR'), answered(2, 'NXDOMAIN')], ['0 0', '1 3']],
    ['denied each time', [asked(0), denied(0), failed(0), asked(1), denied(1), failed(1)], ['0 5', '1 5']],
    ['denied each time, before', [asked(0), asked(0.1), denied(0.2), denied(0.3)], ['0 5', '0.1 5']],
    ['denied, then failed', [asked(0), denied(0), asked(1), failed(1, 'SERVFAIL')], ['0 5', '1 2']],
    ['where only denials are logged', [denied(0), denied(1), denied(2)], ['0 5', '1 5', '2 5']],
    ['where denials are told twice', [denied(0), failed(0), denied(1), failed(1)], ['0 5', '1 5']],
    ['where only failures are logged', [failed(0, 'SERVFAIL'), failed(1, 'SERVFAIL')], ['0 2', '1 2']],
    ['where only responses are logged', [answered(0, 'NOERROR'), answered(1, 'NXDOMAIN')], ['0 0', '1 3']],
  ])('%s: an entry each', (_, lines, expected) => {
    expect(codes(read(...lines))).toEqual(expected);
  });
});

describe('a log that tells of queries only', () => {
  it('makes nothing wait after the first thousand', () => {
    const reading = read(...many(999, 0));
    expect(reading.taking()).toHaveLength(0);
    reading.push(asked(1));
    expect(reading.taking()).toHaveLength(1000);
    reading.push(asked(1));
    expect(reading.taking()).toHaveLength(1);
    expect(reading.entries()).toHaveLength(0);
  });

  it('may begin to tell more: the last entries are told of it, and the next queries wait again', () => {
    const reading = read(...many(1000, 0), asked(1), ...many(20, 1), denied(1), failed(1));
    const entries = reading.taking();
    expect(entries).toHaveLength(1021);
    expect(entries.filter(({ responseCode }) => responseCode === 5)).toHaveLength(1);
    reading.push(asked(2));
    expect(reading.taking()).toEqual([]);
    reading.push([denied(2), failed(2)].join('\n'));
    expect(codes(reading)).toEqual(['2 5']);
  });

  it('gets no second entry for one that is no longer among the last', () => {
    for (const more of [denied(1), answered(1, 'NOERROR'), failed(1)]) {
      const reading = read(...many(1000, 0), asked(1), ...many(100, 1), more);
      expect(reading.entries()).toHaveLength(1101);
      const taken = read(...many(1000, 0), asked(1));
      expect(taken.taking()).toHaveLength(1001);
      taken.push(more);
      expect(taken.entries()).toEqual([]);
    }
  });

  it('is one of denials only when queries were logged long ago', () => {
    const reading = read(asked(0), ...many(1, 0));
    reading.entries();
    reading.push(denied(100));
    expect(codes(reading)).toEqual(['100 5']);
  });
});

describe('a restart', () => {
  it('loses and doubles nothing, wherever it is', () => {
    const lines = [asked(0), denied(0), failed(0), asked(1), answered(1, 'NOERROR'), denied(2), failed(2), asked(70)];
    expectResumable(
      bindFormat,
      [...lines, answered(71, 'NXDOMAIN'), denied(200)].map((line) => Buffer.from(line)),
    );
  });

  it('does nothing with a state of another version', () => {
    for (const state of [
      '',
      'x',
      '[]',
      '{}',
      'null',
      '{"version":1,"state":{"untold":"x","open":[[1,2]],"askedAtMs":"y"}}',
    ]) {
      const reading = new Reading(bindFormat);
      reading.resume(state);
      reading.push(asked(0));
      expect(codes(reading)).toEqual(['0 -']);
    }
  });
});
