import { describe, expect, it } from 'vitest';
import { MAX_ANSWERS } from '../../../../src/querylog/log-entry.ts';
import { bindFormat } from '../../../../src/querylog/readers/bind.ts';
import { infobloxFormat } from '../../../../src/querylog/readers/infoblox.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { expectHardy, expectResumable, Reading, showEntries } from '../../../support/read-log.ts';
import { sharedLog } from '../../../support/server-logs.ts';

const PREFIX = '<30>Nov 21 12:00:01 ns1 named[7]: infoblox-responses: 21-Nov-2026 12:00:00.834 ';
const AT = '2026-11-21T12:00:00.834Z';

const read = (...lines: readonly string[]) => new Reading(infobloxFormat).push(lines.join('\n'));
const shown = (...lines: readonly string[]) => showEntries(read(...lines).entries());
const response = (records: string, asked = 'www.example IN A') =>
  `${PREFIX}client 192.0.2.1#5000: UDP: query: ${asked} response: NOERROR +ED ${records}`;
/** The answers of the one entry. */
const answers = (records: string, asked?: string) => {
  const entries = shown(response(records, asked));
  expect(entries).toHaveLength(1);
  return entries[0]!.split(' ').at(-1);
};

describe('a response line of NIOS', () => {
  it.each([
    [
      'client 192.0.2.1#5000 UDP: query: www.example IN A response: REFUSED -',
      '192.0.2.1#5000 > - authoritative www.example 1 1 5 -',
    ],
    [
      'client 192.0.2.1#5000: TCP: query: www.example IN AAAA response: NXDOMAIN +ED',
      '192.0.2.1#5000 > - recursive www.example 1 28 3 -',
    ],
    [
      'client 2001:db8::1#5: view 12: UDP: query: WWW.example IN A response: NOERROR +AED www.example 60 IN A 203.0.113.80;',
      '2001:db8::1#5 > - recursive WWW.example 1 1 0 203.0.113.80',
    ],
    [
      'client @0x1 192.0.2.1#5/key k (www.example): view two words: UDP: query: www.example IN TYPE65 response: SERVFAIL +TS',
      '192.0.2.1#5 > - recursive www.example 1 65 2 -',
    ],
  ])('%s', (body, entry) => {
    expect(shown(PREFIX + body)).toEqual([`${AT} ${entry}`]);
  });

  it('has the addresses of the name, and of what it stands for', () => {
    expect(answers('www.example 60 IN A 203.0.113.1; www.example 60 IN A 203.0.113.2;')).toBe(
      '203.0.113.1,203.0.113.2',
    );
    expect(answers('WWW.Example. 60 IN CNAME a.cdn.; a.cdn. 60 IN CNAME B.cdn; b.CDN 60 IN AAAA 2001:db8::1;')).toBe(
      '2001:db8::1',
    );
    expect(answers('www.example 60 IN A 203.0.113.1; ns.elsewhere 60 IN A 203.0.113.9;')).toBe('203.0.113.1');
    expect(answers('www.example 60 IN A 203.0.113.1; www.example 60 IN A 203.0.113.1;')).toBe('203.0.113.1');
    expect(answers('www.example 60 IN A not.an.address; www.example 60 IN MX 10 203.0.113.1;')).toBe('-');
    // What was cut off may be half an address.
    expect(answers('www.example 60 IN A 203.0.113.1; www.example 60 IN A 203.0.113.2')).toBe('203.0.113.1');
  });

  it('is not misled by what stands within texts', () => {
    const text = String.raw`www.example 60 IN TXT "v=1; x" "a\"; www.example 60 IN A 203.0.113.9; " "b"; www.example 60 IN A 203.0.113.1;`;
    expect(answers(text)).toBe('203.0.113.1');
    expect(answers(String.raw`www.example 60 IN TXT a\;b; www.example 60 IN A 203.0.113.1;`)).toBe('203.0.113.1');
    expect(answers('www.example 60 IN TXT "never closed; www.example 60 IN A 203.0.113.9;')).toBe('-');
  });

  it('has a bounded number of addresses', () => {
    const records = Array.from(
      { length: 1000 },
      (_, index) => `www.example 60 IN A 198.18.${index >> 8}.${index & 255};`,
    );
    expect(read(response(records.join(' '))).entries()[0]?.answers).toHaveLength(MAX_ANSWERS);
  });

  it('is one entry with the query line before it', () => {
    const query =
      '<30>Nov 21 12:00:00 ns1 named[7]: queries: client @0x1 192.0.2.1#5000 (www.example): query: www.example IN A + (192.0.2.53)';
    expect(shown(query, response('www.example 60 IN A 203.0.113.1;'))).toEqual([
      '2026-11-21T12:00:00.000Z 192.0.2.1#5000 > 192.0.2.53 recursive www.example 1 1 0 203.0.113.1',
    ]);
  });

  it.each([
    ['client 192.0.2.1#5: UDP: query: www..example IN A response: NOERROR +', 'no domain name'],
    ['client 192.0.2.1#5: UDP: query: www.example IN A response: OOPS +', 'no such response code'],
    ['client 192.0.2.1#5: UDP: query: www.example IN A response:', 'a query that cannot be read'],
    ['client 192.0.2.1#5: UDP: query: www.example IN A response: NOERROR *', 'a query that cannot be read'],
  ])('%s is refused', (body, reason) => {
    expect(read(PREFIX + body).refused).toEqual({ [reason]: 1 });
  });

  it('is none to the format of BIND, which says so', () => {
    expect(new Reading(bindFormat).push(response('')).refused).toEqual({ 'a query that cannot be read': 1 });
  });
});

describe('bad input', () => {
  const LINES = [
    response('www.example 60 IN CNAME a.cdn; a.cdn 60 IN A 203.0.113.1;'),
    response('www.example 60 IN TXT "a; b" "c";', 'www.example IN TXT'),
    `${PREFIX}client @0x1 192.0.2.1#53211 (h1.example): query: h1.example IN A +E(0)K (192.0.2.53)`,
  ].map((line) => Buffer.from(line));

  it('of any kind is counted and does no harm', () => {
    expectHardy(infobloxFormat, LINES);
    expectResumable(infobloxFormat, LINES);
  });

  it('of 64 KiB takes little time', () => {
    const before = performance.now();
    for (const part of ['a', ';', '"', '\\', ' ', '"; ', 'www.example 60 IN CNAME www.example; ', '\0', '\xff']) {
      read(response(part.repeat(65_000 / part.length)));
    }
    expect(performance.now() - before).toBeLessThan(3000);
  });
});

describeIf(['shared'], 'the log of shared/data/dnslog', () => {
  it('is read whole', () => {
    const reading = new Reading(infobloxFormat).push(sharedLog('infoblox/elastic-test-dns.log'));
    expect([reading.taken, reading.other, reading.refused]).toEqual([8, 0, {}]);
    expect(showEntries(reading.entries())).toEqual([
      '2022-04-07T08:08:10.043Z 192.168.0.1#57398 > - recursive a1.foo.com 1 1 0 0.0.0.0',
      '2022-04-07T08:08:10.043Z 192.168.0.1#50565 > - authoritative test.com 1 1 5 -',
      '2022-04-07T08:08:10.043Z 192.168.0.1#57398 > - recursive a2.foo.com 1 1 0 192.168.0.3',
      '2022-04-07T08:08:10.043Z 192.168.0.1#57398 > - recursive non-exist.foo.com 1 1 3 -',
      '2022-04-07T08:08:10.043Z 192.168.0.1#57398 > - recursive a1.foo.com 1 1 0 192.168.0.2,192.168.0.3',
      '2022-04-14T16:17:20.046Z 192.168.1.90#57738 > - authoritative settings-win.data.microsoft.com 1 1 5 -',
      '2022-10-04T10:18:07.834Z 89.160.20.128#59605 > - recursive 89.160.20.128.a1.foo.com 1 12 0 -',
      '2023-05-09T11:54:36.185Z 89.160.20.128#59605 > - recursive settings-win.data.microsoft.com 1 16 0 -',
    ]);
  });

  it('is of the format, beside queries and other lines of NIOS', () => {
    const quoted = new Reading(infobloxFormat).push(sharedLog('bind-query/quoted-variants.log'));
    expect([quoted.taken, quoted.other, quoted.refused]).toEqual([17, 0, {}]);
  });
});
