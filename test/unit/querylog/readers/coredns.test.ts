import { describe, expect, it } from 'vitest';
import { corednsFormat } from '../../../../src/querylog/readers/coredns.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { expectHardy, expectResumable, Reading, showEntries } from '../../../support/read-log.ts';
import { sharedLog } from '../../../support/server-logs.ts';

const read = (...lines: readonly string[]) => new Reading(corednsFormat).push(lines.join('\n'));
const shown = (...lines: readonly string[]) => showEntries(read(...lines).entries());

const QUERY =
  '[INFO] 192.0.2.1:42114 - 64820 "A IN Host.example.com. udp 57 false 1232" NOERROR qr,aa,rd 66 0.000150566s';
const ENTRY = '192.0.2.1#42114 > - authoritative Host.example.com 1 1 0 -';
const AT = '2026-11-21T12:00:00.123Z';

describe('CoreDNS', () => {
  it.each([
    ['RFC 3339', `2026-11-21T13:00:00.123+01:00 ${QUERY}`],
    ['syslog', `<30>Nov 21 12:00:00.123 node1 coredns[7]: ${QUERY}`],
    ['the Container Runtime Interface', `2026-11-21T12:00:00.123456789Z stdout F ${QUERY}`],
    ['docker', JSON.stringify({ log: `${QUERY}\n`, stream: 'stdout', time: '2026-11-21T12:00:00.123456789Z' })],
    ['the opcode behind it', `${AT} ${QUERY} "0"`],
  ])('reads lines with %s', (_, line) => {
    expect(shown(line)).toEqual([`${AT} ${ENTRY}`]);
  });

  it('assumes the time where nobody wrote one, and says so', () => {
    const live = read(QUERY);
    expect(showEntries(live.entries())).toEqual([`2026-11-21T18:00:00.000Z ${ENTRY}`]);
    expect(live.assumptions).toEqual(['time']);
    const writtenMs = Date.UTC(2026, 10, 20, 9);
    const file = new Reading(corednsFormat, { time: { writtenMs: () => writtenMs } });
    file.push([QUERY, `2026-11-20T08:00:00Z ${QUERY}`, QUERY].join('\n'));
    expect(file.entries().map(({ atMs }) => atMs)).toEqual([
      writtenMs,
      Date.UTC(2026, 10, 20, 8),
      Date.UTC(2026, 10, 20, 8),
    ]);
  });

  it.each([
    [
      '192.0.2.1:53 - 1 "TYPE65280 CLASS7 . tcp 28 true 65535" REFUSED qr,ra 28 0.1s',
      '192.0.2.1#53 > - recursive . 7 65280 5 -',
    ],
    [
      '[2001:db8::7]:53 - 0 "PTR CH a\\032b\\.c.d. udp 0 false 512" NXDOMAIN qr,rd 0 1.0s',
      '2001:db8::7#53 > - recursive a\\032b\\.c.d 3 12 3 -',
    ],
    ['[fe80::1%eth0]:53 - 0 "HTTPS IN a. udp 0 false 512" - - 0 6.003450954s', 'fe80::1#53 > - - a 1 65 - -'],
    ['192.0.2.1:53 - 0 "A IN a. udp 0 false 512" SERVFAIL qr 0 0.0s', '192.0.2.1#53 > - - a 1 1 2 -'],
  ])('reads %s', (body, entry) => {
    expect(shown(`${AT} [INFO] ${body}`)).toEqual([`${AT} ${entry}`]);
  });

  it('leaves out what is no query', () => {
    const reading = read(
      '.:53 on 192.0.2.53',
      'CoreDNS-1.11.1',
      'linux/amd64, go1.20.7, ae2bbc2',
      '[INFO] plugin/reload: Running configuration SHA512 = 591cf3',
      '[INFO] 127.0.0.1 is up',
      '[ERROR] plugin/errors: 2 a.example. A: read udp 192.0.2.1:1->192.0.2.53:53: i/o timeout',
      '[WARNING] 192.0.2.1:42114 - 64820 "A IN a. udp 57 false 1232" NOERROR qr 66 0.1s',
    );
    expect([reading.taken, reading.other, reading.refused]).toEqual([0, 7, {}]);
  });

  it('refuses by name what is cut, garbled or from elsewhere', () => {
    const reading = read(
      QUERY.slice(0, -1),
      QUERY.replace('A IN', 'A'),
      QUERY.replace('192.0.2.1', '192.0.2.256'),
      QUERY.replace('A IN', 'WAT IN'),
      QUERY.replace('NOERROR', 'NO'),
      QUERY.replace('Host.', 'Host..'),
      `2026-02-30T12:00:00Z ${QUERY}`,
      'something else',
    );
    expect(reading.refused).toEqual({
      'a query that is cut, garbled or in a form that is not the default': 2,
      'a query with an address, a name, a type, a class or a response code that is none': 4,
      'no such time': 1,
      'no line of CoreDNS': 1,
    });
    expect(reading.entries()).toEqual([]);
  });
});

describeIf(['shared'], 'quoted logs of CoreDNS', () => {
  const reading = (file: string) => new Reading(corednsFormat).push(sharedLog(`coredns/${file}`));

  it('hold what stands in them', () => {
    const elastic = reading('elastic-test-coredns.log');
    expect([elastic.taken, elastic.other, elastic.refused]).toEqual([9, 0, {}]);
    expect(showEntries(elastic.entries())).toEqual([
      '2026-11-21T18:00:00.000Z 172.17.0.1#42114 > - authoritative host.example.com 1 1 0 -',
      '2026-11-21T18:00:00.000Z 172.17.0.1#53202 > - recursive abc.xyz 1 1 0 -',
      '2026-11-21T18:00:00.000Z 172.17.0.1#41393 > - recursive asdf.coma 1 1 3 -',
      '2026-11-21T18:00:00.000Z 172.17.0.1#56457 > - recursive abc-xyz.com 1 15 0 -',
      '2026-11-21T18:00:00.000Z 172.17.0.1#50261 > - recursive vpn.example.com 1 5 0 -',
      '2026-11-21T18:00:00.000Z 172.17.0.1#53157 > - recursive google.com 1 1 0 -',
      '2026-11-21T18:00:00.000Z ::1#55527 > - recursive 81.2.69.195 1 12 3 -',
      '2019-03-06T08:55:28.903Z 172.17.0.4#36413 > - recursive httpbin.org.cluster.local 1 1 3 -',
      '2019-03-19T05:13:36.289Z ::1#57413 > - recursive www.yahoo.com 1 1 0 -',
    ]);
    const timeouts = reading('quoted-timeouts.log');
    expect([timeouts.taken, timeouts.other, timeouts.refused]).toEqual([3, 2, {}]);
    expect(showEntries(timeouts.entries())).toEqual([
      '2026-11-21T18:00:00.000Z 172.30.32.1#56240 > - - www.waze.com 1 1 - -',
      '2026-11-21T18:00:00.000Z 172.30.32.1#56240 > - - www.waze.com 1 28 - -',
      '2026-11-21T18:00:00.000Z ::1#50759 > - recursive example.org 1 1 0 -',
    ]);
  });
});

describe('bad input to the reader of CoreDNS', () => {
  const docker = JSON.stringify({ log: `${QUERY}\n`, stream: 'stdout', time: AT });

  it('never throws', () => {
    expectHardy(corednsFormat, [Buffer.from(`${AT} ${QUERY} "0"`), Buffer.from(docker)]);
  });

  it('is read in time, whatever its length', () => {
    const startedAtMs = performance.now();
    for (const body of [' ', '[INFO] ', ' - 1 ', '"A IN a. udp ', '\xff', '{"log":', 'a:1 ']) {
      const text = body.repeat(65_536 / body.length);
      for (const line of [text, `[INFO] ${text}`, `[INFO] 192.0.2.1:1 - 1 "${text}`, `{"log":${text}`]) read(line);
    }
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });

  it('goes on behind any line as if it had not stopped', () => {
    expectResumable(corednsFormat, [Buffer.from(`${AT} ${QUERY}`), Buffer.from(docker), Buffer.from(`${AT} ${QUERY}`)]);
  });
});
