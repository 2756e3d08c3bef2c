import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../src/core/address.ts';
import { DistinctNames } from '../../../../src/correlation/backscatter/distinct-names.ts';
import { LocalNames } from '../../../../src/correlation/backscatter/local-names.ts';
import { MailServerFinder } from '../../../../src/correlation/backscatter/mail-server-finder.ts';
import { MailServerSlots } from '../../../../src/correlation/backscatter/mail-server-slots.ts';
import { Regression } from '../../../../src/correlation/backscatter/regression.ts';
import { hashText } from '../../../../src/correlation/hashing.ts';
import type { AnswerSeen, QuerySeen } from '../../../../src/correlation/host-event.ts';
import { type Name, parseName } from '../../../../src/dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../../../src/dns/registry.ts';
import { backscatterEvents } from '../../../support/backscatter-log.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WINDOW_MS = 600_000;
const host = parseAddress('192.0.2.25')!;
const name = (text: string): Name => parseName(text)!;
const LOCAL = name('campus.example');

function query(text: string, type: keyof typeof RECORD_TYPE = 'A', atMs = 0): QuerySeen {
  const of = { atMs, host, mac: undefined, server: undefined, isDirect: false, recursionDesired: true };
  return { kind: 'query', ...of, name: name(text), type: RECORD_TYPE[type] };
}

function answer(text: string, responseCode: number, type: keyof typeof RECORD_TYPE = 'A', atMs = 0): AnswerSeen {
  const { recursionDesired: _, ...of } = query(text, type, atMs);
  const addresses = responseCode === RCODE.NOERROR ? [host] : [];
  return { ...of, kind: 'answer', responseCode, addresses, ttlSeconds: undefined };
}

describe('LocalNames', () => {
  it('takes a whole name or a host with the local domain behind it for unresolvable', () => {
    const names = new LocalNames([LOCAL]);
    expect(names.isUnresolvable(name('mx.example.com.campus.example'), 0)).toBe(true);
    expect(names.isUnresolvable(name('nobody.campus.example'), 0)).toBe(true);
    expect(names.isUnresolvable(name('mx.example.com'), 0)).toBe(false);
    expect(names.isUnresolvable(LOCAL, 0)).toBe(false);
    expect(names.isUnresolvable(name('mxcampus.example'), 0)).toBe(false);
  });

  it('knows hosts that are listed, and those that were answered', () => {
    const names = new LocalNames([LOCAL], [name('mail.campus.example')]);
    expect(names.isUnresolvable(name('mail.campus.example'), 0)).toBe(false);
    names.resolved(name('www.campus.example'));
    expect(names.isUnresolvable(name('www.campus.example'), 0)).toBe(false);
    expect(names.isUnresolvable(name('ftp.campus.example'), 0)).toBe(true);
  });

  it('comes to know a host that is asked for hour by hour, but no whole name with the domain behind it', () => {
    const names = new LocalNames([LOCAL]);
    const hours = [0, 1, 2, 3].map((hour) => [
      names.isUnresolvable(name('ldap.campus.example'), hour * HOUR_MS),
      names.isUnresolvable(name('mx.example.com.campus.example'), hour * HOUR_MS),
    ]);
    expect(hours).toEqual([
      [true, true],
      [true, true],
      [false, true],
      [false, true],
    ]);
  });

  it('bears names without end', () => {
    const names = new LocalNames([LOCAL]);
    for (let index = 0; index < 50_000; index++) names.isUnresolvable(name(`h${index}.campus.example`), index);
    expect(names.isUnresolvable(name('h49999.campus.example'), DAY_MS)).toBe(true);
  });
});

describe('MailServerSlots', () => {
  function windowOf(events: readonly (QuerySeen | AnswerSeen)[], domains: readonly Name[] = [LOCAL]) {
    const slots = new MailServerSlots(WINDOW_MS, new LocalNames(domains), 100, 7);
    for (const event of events) {
      if (event.kind === 'query') slots.query(event);
      else slots.answer(event);
    }
    return slots.window(0);
  }

  it('counts by types and by tenths of the window', () => {
    const { slots, total } = windowOf([
      query('a.example'),
      query('a.example', 'AAAA', 59_999),
      query('4.3.2.1.in-addr.arpa', 'PTR', 60_000),
      query('b.example', 'MX', 599_999),
      query('b.example', 'TXT', 599_999),
      query('b.example', 'NS', 599_999),
    ]);
    expect(slots.map((slot) => slot.total)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 3]);
    expect(slots[0]).toMatchObject({ a: 2, ptr: 0 });
    expect(slots[1]).toMatchObject({ a: 0, ptr: 1 });
    expect(slots[9]).toMatchObject({ mx: 1, txt: 1 });
    expect(total).toBe(6);
  });

  it('goes by the local domain where no response code is known, and by the code where most are', () => {
    const asked = ['x1.com', 'x1.com.campus.example', 'x2.com', 'x2.com.campus.example'];
    const queries = asked.map((text) => query(text));
    expect(windowOf(queries)).toMatchObject({ by: 'rule', unresolved: 2, names: 2 });
    const answers = asked.map((text) => answer(text, RCODE.NXDOMAIN));
    expect(windowOf([...queries, ...answers])).toMatchObject({ by: 'codes', unresolved: 4, names: 4 });
    expect(windowOf([...queries, answers[0]!])).toMatchObject({ by: 'rule', unresolved: 2 });
    expect(windowOf(queries, [])).toMatchObject({ unresolved: 0 });
  });

  it('takes it for no failure when a block list has no such address, or an address no name', () => {
    const asked = [
      answer('5.113.0.203.list.example', RCODE.NXDOMAIN),
      answer(`${'f.'.repeat(32)}list.example`, RCODE.NXDOMAIN),
      answer('5.113.0.203.in-addr.arpa', RCODE.NXDOMAIN, 'PTR'),
      answer('a.example', RCODE.SERVFAIL),
      answer('b.example', RCODE.NXDOMAIN, 'MX'),
    ];
    expect(windowOf([...asked.map(({ type: _ }) => query('q.example')), ...asked]).unresolved).toBe(1);
  });

  it('counts names that were chosen to meet where everybody knows the places', () => {
    const met: string[] = [];
    for (let index = 0; met.length < 300; index++) {
      const text = `d${index}.example`;
      if (hashText(name(text), 0) % 4096 < 15) met.push(text);
    }
    const slots = new MailServerSlots(WINDOW_MS, new LocalNames([]), 100);
    for (const text of met) {
      slots.query(query(text));
      slots.answer(answer(text, RCODE.NXDOMAIN));
    }
    expect(slots.window(0).names).toBeGreaterThan(200);
  });

  it('counts what finds no room, and forgets', () => {
    const slots = new MailServerSlots(WINDOW_MS, new LocalNames([]), 2);
    for (const atMs of [0, 60_000, 120_000]) slots.query(query('a.example', 'A', atMs));
    expect(slots.leftOut).toBe(1);
    slots.forgetBefore(120_000);
    slots.query(query('a.example', 'A', 120_000));
    expect(slots.window(0).total).toBe(1);
    expect(slots.windowStarts()).toEqual([0]);
  });
});

describe('Regression', () => {
  it('finds the line that points stand on', () => {
    const point = fc.tuple(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: -9, max: 9 }),
    );
    fc.assert(
      fc.property(point, ([start, slope, intercept]) => {
        const regression = new Regression();
        for (let x = start; x < start + 10; x++) regression.add(x, slope * x + intercept);
        const line = regression.line!;
        expect(line.r2).toBeCloseTo(1, 9);
        expect(line.slope).toBeCloseTo(slope, 9);
        expect(line.intercept).toBeCloseTo(intercept, 7);
      }),
    );
  });

  it('says how well they do: by hand, 0.64', () => {
    const regression = new Regression();
    for (const [x, y] of [
      [1, 2],
      [2, 1],
      [3, 4],
      [4, 3],
      [5, 5],
    ] as const)
      regression.add(x, y);
    expect(regression.line).toMatchObject({ points: 5 });
    expect(regression.line!.slope).toBeCloseTo(0.8);
    expect(regression.line!.r2).toBeCloseTo(0.64);
  });

  it('says nothing of points that do not vary', () => {
    const regression = new Regression();
    for (let index = 0; index < 5; index++) regression.add(3, index);
    expect(regression.line).toBeUndefined();
  });
});

it('DistinctNames is near the truth up to thousands', () => {
  for (const count of [1, 20, 500, 5000]) {
    const names = new DistinctNames(7);
    for (let index = 0; index < 3 * count; index++) names.add(name(`n${index % count}.example`));
    expect(Math.abs(names.count - count)).toBeLessThanOrEqual(Math.max(1, 0.06 * count));
  }
});

describe('MailServerFinder', () => {
  function isFound(types: readonly (keyof typeof RECORD_TYPE)[], rounds: number): boolean {
    const finder = new MailServerFinder();
    let found = false;
    for (let round = 0; round < rounds; round++) {
      for (const type of types) found = finder.observe(query('a.example', type)) || found;
    }
    expect(finder.found().length > 0).toBe(found);
    return found;
  }

  it('finds what is sent to and sends, and not spam bots, browsers, monitors or who asked little', () => {
    expect(isFound(['PTR', 'A', 'A', 'MX', 'A', 'TXT'], 100)).toBe(true);
    expect(isFound(['MX', 'A', 'MX', 'A'], 200)).toBe(false);
    expect(isFound(['A', 'AAAA', 'HTTPS'], 200)).toBe(false);
    expect(isFound(['PTR', 'PTR', 'A'], 200)).toBe(false);
    expect(isFound(['PTR', 'A', 'A', 'MX', 'A', 'TXT'], 20)).toBe(false);
  });

  it('finds the mail server of the generated log within a day', () => {
    const finder = new MailServerFinder();
    for (const event of backscatterEvents({ seed: 'f', fromMs: 0, toMs: DAY_MS, perSecond: 0.05 })) {
      if (event.kind === 'query') finder.observe(event);
    }
    expect(finder.found().map(({ address }) => address)).toEqual([host]);
  });
});
