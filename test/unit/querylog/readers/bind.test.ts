import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bindFormat } from '../../../../src/querylog/readers/bind.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { expectHardy, expectResumable, Reading, showEntries } from '../../../support/read-log.ts';
import { linesOf, serverLog, sharedLog } from '../../../support/server-logs.ts';

const VECTORS = join(import.meta.dirname, '../../../vectors/dnslog/bind');
const NOON = '21-Nov-2026 12:00:00.000 ';
const NOON_ISO = '2026-11-21T12:00:00.000Z';
const ASKED = `${NOON}queries: info: client @0x7f2c04000b01 192.0.2.1#53211 (h1.example): query: h1.example IN A +E(0)K (192.0.2.53)`;

const read = (...lines: readonly string[]) => new Reading(bindFormat).push(lines.join('\n'));
const shown = (...lines: readonly string[]) => showEntries(read(...lines).entries());
const vector = (name: string) => readFileSync(join(VECTORS, name));
const counts = (log: Buffer) => {
  const { taken, other, refused } = new Reading(bindFormat).push(log);
  return [taken, other, refused];
};

describe('a query line of BIND', () => {
  it.each([
    // 9.11 and later.
    [
      'client @0x7f2c04000b01 192.0.2.1#53211 (h1.example): query: h1.example IN A +E(0)K (192.0.2.53)',
      '192.0.2.1#53211 > 192.0.2.53 recursive h1.example 1 1 - -',
    ],
    [
      'queries: info: client @0x1 2001:db8::1#53 (H1.Example): query: H1.Example IN AAAA -SE(0)TDCV (2001:db8::53)',
      '2001:db8::1#53 > 2001:db8::53 authoritative H1.Example 1 28 - -',
    ],
    // The address of the server with its port, and what may follow it.
    [
      'client @0x1 192.0.2.1#53 (a.example): query: a.example IN A + (192.0.2.53#5353)',
      '192.0.2.1#53 > 192.0.2.53 recursive a.example 1 1 - -',
    ],
    [
      'client @0x1 192.0.2.1#53 (a.example): query: a.example IN A + (192.0.2.53) [ECS 198.51.100.0/24/0]',
      '192.0.2.1#53 > 192.0.2.53 recursive a.example 1 1 - -',
    ],
    [
      'client @0x1 fe80::1%eth0#53 (a.example): query: a.example IN A + (fe80::53%2#53)',
      'fe80::1#53 > fe80::53 recursive a.example 1 1 - -',
    ],
    // Before 9.11, before 9.9, and the oldest.
    [
      'client 192.0.2.1#53 (a.example): query: a.example IN A +E (192.0.2.53)',
      '192.0.2.1#53 > 192.0.2.53 recursive a.example 1 1 - -',
    ],
    [
      'client 192.0.2.1#53: query: a.example IN A +EDC (192.0.2.53)',
      '192.0.2.1#53 > 192.0.2.53 recursive a.example 1 1 - -',
    ],
    ['client 192.0.2.1#53: query: a.example IN A -', '192.0.2.1#53 > - authoritative a.example 1 1 - -'],
    ['client 192.0.2.1#53: query: a.example IN A', '192.0.2.1#53 > - - a.example 1 1 - -'],
    // Views, signers, no peer.
    [
      'client 192.0.2.1#53: view internal: query: a.example IN A + (192.0.2.53)',
      '192.0.2.1#53 > 192.0.2.53 recursive a.example 1 1 - -',
    ],
    [
      'client @0x1 192.0.2.1#53/key k.example (a.example): view in: side two: query: a.example IN A +S (192.0.2.53)',
      '192.0.2.1#53 > 192.0.2.53 recursive a.example 1 1 - -',
    ],
    ['client @0x1 (no-peer): query: a.example IN A + (192.0.2.53)', '-#- > 192.0.2.53 recursive a.example 1 1 - -'],
    // Names, types and classes.
    ['client 192.0.2.1#53 (.): query: . IN NS + (192.0.2.53)', '192.0.2.1#53 > 192.0.2.53 recursive . 1 2 - -'],
    [
      'client 192.0.2.1#53 (version.bind): query: version.bind CH TXT + (192.0.2.53)',
      '192.0.2.1#53 > 192.0.2.53 recursive version.bind 3 16 - -',
    ],
    [
      String.raw`client 192.0.2.1#53 (a\032b\.\(c\).example): query: a\032b\.\(c\).example IN NULL + (192.0.2.53)`,
      String.raw`192.0.2.1#53 > 192.0.2.53 recursive a\032b\.\(c\).example 1 10 - -`,
    ],
    [
      'client 192.0.2.1#53 (a/b): query: a/b CLASS7 TYPE65280 + (192.0.2.53)',
      '192.0.2.1#53 > 192.0.2.53 recursive a/b 7 65280 - -',
    ],
    [
      'client 192.0.2.1#53 (x): query: x RESERVED0 RESERVED0 + (192.0.2.53)',
      '192.0.2.1#53 > 192.0.2.53 recursive x 0 0 - -',
    ],
    // Other categories and severities in front.
    ['queries: client 192.0.2.1#53: query: a.example IN A', '192.0.2.1#53 > - - a.example 1 1 - -'],
    ['client: debug 3: client 192.0.2.1#53: query: a.example IN A', '192.0.2.1#53 > - - a.example 1 1 - -'],
  ])('%s', (body, entry) => {
    expect(shown(NOON + body)).toEqual([`${NOON_ISO} ${entry}`]);
    // And once more where the beginning of the line is known already.
    expect(shown(ASKED, NOON + body, NOON + body).slice(1)).toEqual([`${NOON_ISO} ${entry}`, `${NOON_ISO} ${entry}`]);
  });

  it.each([
    ['21-Nov-2026 12:00:00.123 ', '2026-11-21T12:00:00.123Z', []],
    ['21-Nov-2026 12:00:00.123 queries: ', '2026-11-21T12:00:00.123Z', []],
    ['Nov 21 12:00:00.123 ', '2026-11-21T12:00:00.123Z', ['year']],
    ['2026-11-21T12:00:00.123Z info: ', '2026-11-21T12:00:00.123Z', undefined],
    ['2026-11-21T13:00:00.123+01:00 ', '2026-11-21T12:00:00.123Z', undefined],
    ['<30>Nov 21 12:00:00 ns1 named[7]: queries: info: ', '2026-11-21T12:00:00.000Z', ['year']],
    ['<30>1 2026-11-21T12:00:00.123Z ns1 named 7 - - ', '2026-11-21T12:00:00.123Z', undefined],
    ['Nov 21 13:00:00 ns1 named[7]: 21-Nov-2026 12:00:00.123 queries: info: ', '2026-11-21T12:00:00.123Z', []],
    ['12:00:00.123 ', '2026-11-21T12:00:00.123Z', ['date']],
    ['ns1 named[7]: ', '2026-11-21T18:00:00.000Z', undefined],
    ['', '2026-11-21T18:00:00.000Z', undefined],
  ])('behind "%s" is of %s', (prefix, at, assumed) => {
    const reading = read(`${prefix}client 192.0.2.1#53: query: a.example IN A`);
    expect(showEntries(reading.entries())[0]?.split(' ')[0]).toBe(at);
    if (assumed !== undefined) expect(reading.assumptions).toEqual([...assumed, 'zone']);
  });

  it('has the server of the configuration when it does not say its own', () => {
    const reading = new Reading(bindFormat, { server: '198.51.100.53' });
    reading.push(`${NOON}client 192.0.2.1#53: query: a.example IN A\n${ASKED}`);
    expect(reading.entries().map(({ server }) => server)).toHaveLength(2);
    expect(
      showEntries(
        new Reading(bindFormat, { server: '198.51.100.53' })
          .push(`${NOON}client 192.0.2.1#53: query: a IN A`)
          .entries(),
      ),
    ).toEqual([`${NOON_ISO} 192.0.2.1#53 > 198.51.100.53 - a 1 1 - -`]);
  });

  it('has the pseudonym of the client, in what waits too', () => {
    const reading = new Reading(bindFormat, { client: () => 0x7f000001 as never });
    reading.push(`${ASKED}\n${NOON}client 192.0.2.9#53: query: a.example IN A`);
    expect(reading.state).not.toContain(String((192 << 24) | (2 << 8) | 1));
    expect(showEntries(reading.entries()).map((entry) => entry.split(' ')[1])).toEqual([
      '127.0.0.1#53211',
      '127.0.0.1#53',
    ]);
  });
});

describe('lines of BIND that are no queries', () => {
  it.each([
    "client 192.0.2.1#53: zone transfer 'a.example/AXFR/IN' denied",
    "client 192.0.2.1#53: bad zone transfer request: 'a.example/IN': non-authoritative zone (NOTAUTH)",
    'client 192.0.2.1#53 (a.example): rpz QNAME NXDOMAIN rewrite a.example/A/IN via a.example.rpz',
    'client @0x1 192.0.2.1#53: ',
    'client 192.0.2.1#53: query (cache) denied',
    'general: info: running',
    "lame-servers: info: connection refused resolving './NS/IN': 192.0.2.1#53",
    'CEF:0|Infoblox|NIOS|8.6.2|RPZ-QNAME|NXDOMAIN|7|app=DNS dst=192.0.2.1 src=192.0.2.2 qtype=A msg="rpz QNAME NXDOMAIN rewrite"',
  ])('%s', (body) => {
    const reading = read(NOON + body, ASKED, NOON + body);
    expect([reading.taken, reading.other, reading.refused]).toEqual([1, 2, {}]);
  });

  it.each([
    ['client 192.0.2.1#53: query: a..example IN A', 'no domain name'],
    [`client 192.0.2.1#53: query: ${'a'.repeat(64)} IN A`, 'no domain name'],
    [`client 192.0.2.1#53: query: ${'a.'.repeat(200)} IN A`, 'no domain name'],
    ['client 192.0.2.1#53: query: a.example IN NOTYPE', 'no such record type'],
    ['client 192.0.2.1#53: query: a.example XX A', 'no such class'],
    ['client 192.0.2.1#53: response: a IN A OOPS 0 0 0 + (192.0.2.53)', 'no such response code'],
    ['client 192.0.2.256#53: query: a.example IN A', 'no such client address'],
    ['client 192.0.2.1#65536: query: a.example IN A', 'no such client address'],
    ['client somebody#53: query: a.example IN A', 'a client that cannot be read'],
    ['client 192.0.2.1#53: query: a.example IN', 'a query that cannot be read'],
    ['client 192.0.2.1#53: query: a.example IN A + (192.0.2', 'a query that cannot be read'],
    ['client 192.0.2.1#53: query: a b IN A + (192.0.2.53)', 'a query that cannot be read'],
    [`client 192.0.2.1#53: query: ${'a'.repeat(2000)} IN A`, 'a query that cannot be read'],
    ['client 192.0.2.1#53 UDP: query: a IN A response: NOERROR +', 'a query that cannot be read'],
  ])('%s is refused', (body, reason) => {
    expect(read(NOON + body, ASKED, NOON + body).refused).toEqual({ [reason]: 2 });
  });

  it('are refused when they are of nobody, or of no time', () => {
    const body = 'client 192.0.2.1#53: query: a.example IN A';
    const reading = read('garbage', `31-Nov-2026 12:00:00.000 ${body}`, `21-Nov-2027 12:00:00.000 ${body}`);
    expect(reading.refused).toEqual({ 'no line of a name server': 1, 'no such time': 1, 'a time that is to come': 1 });
    expect([reading.taken, reading.other]).toEqual([0, 0]);
  });
});

describe('bad input', () => {
  const LINES = [
    ASKED,
    `${NOON}client @0x1 fe80::1%eth0#53/key k (a): view x: query: a IN A +E(0)TK (fe80::2%eth0#53) [ECS 192.0.2.0/24/0]`,
    `${NOON}responses: info: client @0x1 192.0.2.1#53211 (h1.example): response: h1.example IN A NOERROR 1 0 1 +E(0)K (192.0.2.53)`,
    `<30>Nov 21 12:00:00 ns1 named[7]: client 192.0.2.1#53: query (cache) 'a.example/A/IN' denied`,
    `${NOON}client 192.0.2.1#53: query failed (REFUSED) for a.example/IN/A at query.c:1`,
  ].map((line) => Buffer.from(line));

  it('of any kind is counted and does no harm', () => {
    expectHardy(bindFormat, LINES);
  });

  it('is bounded by its lines: 64 KiB of anything takes little time', () => {
    const fronts = [
      NOON,
      `${NOON}client `,
      `${NOON}client @0x1 192.0.2.1#53`,
      `${NOON}client @0x1 192.0.2.1#53 (`,
      `${NOON}client @0x1 192.0.2.1#53: view `,
      `${NOON}client @0x1 192.0.2.1#53: query: `,
      `${NOON}client @0x1 192.0.2.1#53: query (cache) '`,
      `${NOON}client @0x1 192.0.2.1#53: query failed (`,
      `${NOON}client @0x1 192.0.2.1#53: query: a IN A + (192.0.2.53)`,
    ];
    const reading = read(ASKED);
    const before = performance.now();
    for (const front of fronts) {
      for (const part of ['a', ' ', '.', ':', '1', '/', "'", ')', 'a: ', '): view ', ': query: ', '\0', '\\', '\xff']) {
        reading.record(Buffer.from((front + part.repeat(65_536)).slice(0, 65_536), 'latin1'));
      }
    }
    expect(performance.now() - before).toBeLessThan(5000);
    expect(reading.taken).toBeGreaterThan(0);
  });

  it('does not reach behind the end of a line', () => {
    const octets = Buffer.from(`${ASKED}\n${ASKED}`);
    const reading = read(ASKED);
    for (let end = 0; end < ASKED.length; end++) reading.record(octets, 0, end);
    const [first, ...others] = reading.entries();
    expect(first?.server).toBeDefined();
    // Cut behind the type or behind a flag it looks like the line of an old version: then without a server.
    expect(others.map(({ server }) => server).filter((server) => server !== undefined)).toEqual([]);
  });

  it('goes on after a restart at any line', () => {
    expectResumable(bindFormat, LINES);
  });
});

describe('logs of BIND 9.18', () => {
  it('give an entry for each query, with the code of those that were refused or failed', () => {
    const reading = new Reading(bindFormat).push(serverLog('bind-9.18.log'));
    const entries = reading.entries();
    expect([reading.taken, reading.other, reading.refused]).toEqual([73, 37, {}]);
    expect(entries).toHaveLength(59);
    expect(entries.filter(({ responseCode }) => responseCode !== undefined)).toHaveLength(11);
    expect(showEntries(entries)).toEqual(
      expect.arrayContaining([
        '2026-11-21T18:26:18.095Z 127.0.0.1#52303 > 127.0.0.1 recursive WwW.A.example 1 28 - -',
        '2026-11-21T18:26:18.123Z 127.0.0.1#41614 > 127.0.0.1 authoritative a.example 1 6 - -',
        String.raw`2026-11-21T18:26:18.267Z 127.0.0.1#40833 > 127.0.0.1 recursive par\(en\)x\;y.a.example 1 1 - -`,
        '2026-11-21T18:26:18.359Z 127.0.0.1#49260 > 127.0.0.1 recursive . 1 2 2 -',
        '2026-11-21T18:26:18.783Z 127.0.0.1#45256 > 127.0.0.1 recursive mail.a.example 1 253 4 -',
        String.raw`2026-11-21T18:26:19.547Z ::1#36425 > ::1 recursive oct\255\001et.a.example 1 1 - -`,
        "2026-11-21T18:26:19.895Z 192.0.2.78#58235 > 192.0.2.53 recursive o'd/d.test 1 15 5 -",
        '2026-11-21T18:26:19.963Z 192.0.2.77#48069 > 192.0.2.53 recursive refused.test 1 1 5 -',
      ]),
    );
  });

  it('are the same with ISO times, and without times but for those', () => {
    const asked = (name: string) =>
      new Reading(bindFormat)
        .push(serverLog(name))
        .entries()
        .map(({ responseCode: _, ...entry }) => entry);
    const plain = asked('bind-9.18.log');
    expect(asked('bind-9.18-iso.log')).toEqual(plain);
    const timeless = (entries: ReturnType<typeof asked>) => entries.map(({ atMs: __, ...entry }) => entry);
    expect(timeless(asked('bind-9.18-plain.log'))).toEqual(timeless(plain));
    expect(counts(serverLog('bind-9.18-iso.log'))).toEqual([62, 4, {}]);
  });
});

describe('logs that others published', () => {
  it('are read or passed over', () => {
    expect(counts(vector('logstash-patterns.log'))).toEqual([3, 0, {}]);
    expect(counts(vector('arm-no-timestamp.log'))).toEqual([2, 0, {}]);
    expect(counts(vector('crowdsec-bind9-logs.log'))).toEqual([6, 7, {}]);
    expect(counts(vector('crowdsec-bind9-syslog.log'))).toEqual([5, 7, {}]);
    const syslog = new Reading(bindFormat).push(vector('crowdsec-bind9-syslog.log'));
    expect(showEntries(syslog.entries())).toEqual([
      '2022-10-19T05:34:02.425Z 104.219.136.31#3076 > - - example.com 1 255 5 -',
      '2022-10-19T05:34:03.425Z 104.219.136.31#3076 > - - example.com 1 255 5 -',
      '2022-10-19T05:34:02.425Z 104.219.136.31#3076 > - - example.com 1 255 5 -',
      '2022-10-19T05:34:03.425Z 104.219.136.31#3076 > - - example.com 1 255 5 -',
      '2022-10-19T05:34:03.425Z 3.135.188.55#52617 > - - sl 1 255 5 -',
    ]);
  });
});

describeIf(['shared'], 'logs of shared/data/dnslog', () => {
  it.each([
    ['bind-query/modern-at0x-category-severity.log', 33, 0, 33],
    ['bind-query/9.9-time-only.log', 399, 0, 399],
    ['bind-query/logstash-patterns.log', 3, 0, 3],
    ['bind-query/arm-no-timestamp.log', 2, 0, 2],
    ['bind-query/quoted-variants.log', 17, 0, 17],
    ['bind-denied/crowdsec-bind9-logs.log', 6, 7, 6],
    ['bind-denied/crowdsec-bind9-syslog.log', 5, 7, 5],
    ['bind-denied/fail2ban-named-refused.log', 10, 6, 10],
    ['bind-denied/quoted-query-errors.log', 3, 0, 2],
  ])('%s: %i lines taken, %i others, %i entries', (name, taken, other, count) => {
    const log = sharedLog(name);
    expect(counts(log)).toEqual([taken, other, {}]);
    expect(new Reading(bindFormat).push(log).entries()).toHaveLength(count);
    expect(linesOf(log).filter(({ length }) => length > 0)).toHaveLength(taken + other);
  });

  it('the variants that people quoted', () => {
    expect(showEntries(new Reading(bindFormat).push(sharedLog('bind-query/quoted-variants.log')).entries())).toEqual([
      '2026-04-14T09:30:45.000Z 127.0.0.1#54819 > 127.0.0.1 recursive daisy.ubuntu.com 1 28 - -',
      '2026-04-14T09:30:45.000Z 127.0.0.1#54819 > 127.0.0.1 recursive daisy.ubuntu.com 1 28 - -',
      '2026-06-10T09:57:50.000Z 192.168.2.51#40899 > 192.168.2.54 recursive api.twitter.com 1 28 - -',
      '2014-04-13T18:08:02.195Z 192.168.2.3#35653 > 192.168.2.2 recursive local.com 1 1 - -',
      '2015-06-04T11:55:19.633Z 194.214.124.244#34474 > 194.214.124.129 recursive atilf.fr 1 1 - -',
      '2015-11-25T10:29:53.073Z 192.168.16.7#60458 > 192.168.16.1 recursive host.example.com 1 1 - -',
      '2026-11-21T18:00:00.000Z 192.168.30.11#25760 > 192.168.30.250 recursive mtalk.google.com 1 1 - -',
      '2018-01-18T08:36:30.387Z 173.90.213.148#9307 > 172.31.7.30 recursive edu.za 1 255 - -',
      '2018-06-04T14:48:15.540Z 192.168.1.6#60844 > 192.168.1.250 recursive prefetch.net 1 1 - -',
      '2019-10-25T01:22:19.421Z 192.168.1.200#51364 > 192.168.1.235 recursive yahoo.com 1 16 - -',
      '2021-05-18T16:34:13.003Z 45.231.61.2#80 > 172.20.101.44 recursive pizzaseo.com 1 255 - -',
      '2023-11-18T00:47:15.587Z 192.168.0.192#56000 > 192.168.0.91 recursive www.google.com 1 1 - -',
      '2026-06-07T16:37:50.000Z 192.168.122.1#58656 > 192.168.122.7 recursive www.google.com 1 1 - -',
      '2026-03-09T23:59:59.000Z 192.168.0.1#59735 > 192.168.0.1 recursive config.nos-avg.cz 1 16 - -',
      '2026-04-14T16:16:05.000Z 192.168.1.90#64727 > 192.168.1.10 recursive ocsp.digicert.com 1 1 - -',
      '2025-11-27T13:03:52.000Z 89.160.20.128#24602 > 81.2.69.144 recursive abugtera.tun.p2.42 1 1 - -',
      '2025-11-27T11:53:09.000Z 10.4.71.204#40026 > 192.168.0.1 recursive version.bind 3 16 - -',
    ]);
  });

  it('a denied query whose failure is told in another line is one entry', () => {
    expect(
      showEntries(new Reading(bindFormat).push(sharedLog('bind-denied/quoted-query-errors.log')).entries()),
    ).toEqual([
      '2026-10-26T00:00:53.000Z 76.188.251.143#80 > - - sl 1 255 5 -',
      '2026-04-14T16:16:05.000Z 192.168.1.90#64727 > - - ocsp.digicert.com 1 1 5 -',
    ]);
  });
});
