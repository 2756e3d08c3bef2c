import { describe, expect, it } from 'vitest';
import { unboundFormat } from '../../../../src/querylog/readers/unbound.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { expectHardy, expectResumable, Reading, showEntries } from '../../../support/read-log.ts';
import { linesOf, serverLog, sharedLog } from '../../../support/server-logs.ts';

const read = (...lines: readonly string[]) => new Reading(unboundFormat).push(lines.join('\n'));
const shown = (...lines: readonly string[]) => showEntries(read(...lines).entries());
/** A line at so many seconds past noon. */
const at = (seconds: number, body: string) => `[${1_795_262_400 + seconds}] unbound[7:0] info: ${body}`;
const NOON = '2026-11-21T12:00:00.000Z';

describe('Unbound', () => {
  it('makes one entry of a query and its reply', () => {
    expect(
      shown(at(0, '192.0.2.1 Example.ORG. AAAA IN'), at(1, '192.0.2.1 example.org. AAAA IN NXDOMAIN 1.002000 0 97')),
    ).toEqual([`${NOON} 192.0.2.1#- > - recursive Example.ORG 1 28 3 -`]);
  });

  it('tells queries of other clients, names, types and classes apart, and gives replies to the oldest of equal ones', () => {
    expect(
      shown(
        at(0, '192.0.2.1 a.example. A IN'),
        at(0, '192.0.2.2 a.example. A IN'),
        at(0, '192.0.2.1 b.example. A IN'),
        at(0, '192.0.2.1 a.example. MX IN'),
        at(0, '192.0.2.1 a.example. A CH'),
        at(1, '192.0.2.1 a.example. A IN'),
        at(2, '192.0.2.1 a.example. A IN REFUSED 0.000000 0 30'),
      ),
    ).toEqual([
      `${NOON} 192.0.2.1#- > - recursive a.example 1 1 5 -`,
      `${NOON} 192.0.2.2#- > - recursive a.example 1 1 - -`,
      `${NOON} 192.0.2.1#- > - recursive b.example 1 1 - -`,
      `${NOON} 192.0.2.1#- > - recursive a.example 1 15 - -`,
      `${NOON} 192.0.2.1#- > - recursive a.example 3 1 - -`,
      `2026-11-21T12:00:01.000Z 192.0.2.1#- > - recursive a.example 1 1 - -`,
    ]);
  });

  it('makes an entry of a reply where only replies are logged', () => {
    const line = '[1795262400] unbound[7:a] reply: 2001:db8::7 . NS IN NOERROR 0.000000 1 56 on dot 2001:db8::53 853';
    expect(shown(line)).toEqual([`${NOON} 2001:db8::7#- > 2001:db8::53 recursive . 1 2 0 -`]);
  });

  it('does not make a second entry of a reply that comes after its query was let go', () => {
    const late = read(
      at(0, '192.0.2.1 slow.example. A IN'),
      at(7, '192.0.2.1 other.example. A IN'),
      at(9, '192.0.2.1 slow.example. A IN SERVFAIL 9.000100 0 40'),
    );
    expect(showEntries(late.entries())).toEqual([
      `${NOON} 192.0.2.1#- > - recursive slow.example 1 1 - -`,
      `2026-11-21T12:00:07.000Z 192.0.2.1#- > - recursive other.example 1 1 - -`,
    ]);
    expect(late.taken).toBe(3);
    const settled = read(at(0, '192.0.2.1 a.example. A IN'));
    expect(settled.entries()).toHaveLength(1);
    settled.push(at(3, '192.0.2.1 a.example. A IN SERVFAIL 3.000100 0 40'));
    expect(settled.entries()).toEqual([]);
  });

  it('makes an entry of a reply whose query came before the log began', () => {
    expect(
      shown(at(0, '192.0.2.1 a.example. A IN'), at(1, '192.0.2.1 early.example. A IN NOERROR 20.000000 0 40')),
    ).toHaveLength(2);
  });

  it.each([
    ['[1795262400] unbound[46658:0] info: ', NOON],
    ['[1795262400] unbound[46658:1f] query: ', NOON],
    ['Nov 21 12:00:00 unbound[12636:0] query: ', NOON],
    ['Nov 21 12:00:00 unbound[12636:c] query: ', NOON],
    ['2026-11-21T13:00:00.250+01:00 unbound[7:0] info: ', '2026-11-21T12:00:00.250Z'],
    ['Nov 21 12:00:00 ns1 unbound[9181]: [9181:3] info: ', NOON],
    ['<30>Nov 21 12:00:00 ns1 unbound: [9181:b] info: ', NOON],
    ['<30>1 2026-11-21T12:00:00.5Z ns1 unbound 9181 - - [9181:3] info: ', '2026-11-21T12:00:00.500Z'],
  ])('reads what follows %j', (prefix, time) => {
    expect(shown(`${prefix}192.0.2.1 example.org. TYPE65280 CLASS7`)).toEqual([
      `${time} 192.0.2.1#- > - recursive example.org 7 65280 - -`,
    ]);
  });

  it('takes the port of the client from what it says of local zones and policy zones', () => {
    expect(
      shown(
        at(0, '192.0.2.1 bad.example. A IN'),
        at(0, 'example. inform 192.0.2.1@4242 bad.example. A IN'),
        at(0, 'rpz: applied [own list] bad.example. rpz-nxdomain 192.0.2.1@4242 bad.example. A IN'),
        at(0, '192.0.2.1 bad.example. A IN NXDOMAIN 0.000000 1 30'),
      ),
    ).toEqual([`${NOON} 192.0.2.1#4242 > - recursive bad.example 1 1 3 -`]);
  });

  it('makes an entry of what it says of policy zones where queries are not logged', () => {
    expect(
      shown(
        at(0, 'rpz: applied [own] 192.0.2.3/32 rpz-drop 2001:db8::1@4242 a.example. A IN'),
        at(0, 'rpz: applied bad.example. rpz-passthru 192.0.2.1@7 b.example. A IN'),
        at(0, '192.0.2.1 b.example. A IN NOERROR 0.010000 0 30'),
        at(1, 'zone. static 192.0.2.1@8 b.example. A IN'),
      ),
    ).toEqual([
      `${NOON} 192.0.2.1#7 > - recursive b.example 1 1 0 -`,
      `${NOON} 2001:db8::1#4242 > - recursive a.example 1 1 - -`,
      `2026-11-21T12:00:01.000Z 192.0.2.1#8 > - recursive b.example 1 1 - -`,
    ]);
  });

  it('leaves out what is no query with a name', () => {
    const reading = read(
      at(0, '192.0.2.1 - - - FORMERR - - - '),
      at(0, 'start of service (unbound 1.24.2).'),
      at(0, 'server stats for thread 0: 831 queries, 831 answers from cache, 0 recursions'),
      '[1795262400] unbound[7:0] error: SERVFAIL <dead.example. A IN>: all servers failed',
      '[1795262400] unbound[7:0] warning: 192.0.2.1 example.org. A IN',
      'Nov 21 12:00:00 ns1 sshd[77]: Accepted publickey for root',
    );
    expect([reading.taken, reading.other, reading.refused]).toEqual([0, 6, {}]);
  });

  it('refuses by name what is cut, garbled or from elsewhere', () => {
    const reading = read(
      at(0, '192.0.2.1 example.org. A'),
      at(0, '192.0.2.1 example.org. A I'),
      at(0, '192.0.2.1 example.org. A IN NOERR'),
      at(0, '192.0.2.1 example.org. A IN NOERROR 0.1 0 56'),
      at(0, '192.0.2.1 exa..mple.org. A IN'),
      at(0, 'zone. deny 192.0.2.1@70000 example.org. A IN'),
      '192.0.2.1 - - [21/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200',
      '[9999999999] unbound[7:0] info: 192.0.2.1 example.org. A IN',
    );
    expect(reading.refused).toEqual({
      'a query that is cut or garbled': 6,
      'no line of Unbound': 1,
      'a time that is to come': 1,
    });
    expect(reading.entries()).toEqual([]);
  });

  it('takes the server from the configuration where lines do not say it', () => {
    const reading = new Reading(unboundFormat, { server: '192.0.2.53' }).push(at(0, '192.0.2.1 a.example. A IN'));
    expect(showEntries(reading.entries())).toEqual([`${NOON} 192.0.2.1#- > 192.0.2.53 recursive a.example 1 1 - -`]);
  });
});

describe('logs of Unbound 1.17.1', () => {
  it('give an entry for each of the 84 questions, with the code of each reply', () => {
    const log = serverLog('unbound-1.17.1.log');
    const reading = new Reading(unboundFormat).push(log);
    const entries = reading.entries();
    expect([reading.taken, reading.other, reading.refused]).toEqual([176, 21, {}]);
    expect(entries).toHaveLength(84);
    const replies = linesOf(log).filter((line) => / \d+\.\d{6} [01] \d+$/.test(line.toString('latin1')));
    expect(replies).toHaveLength(74);
    expect(entries.filter(({ responseCode }) => responseCode !== undefined)).toHaveLength(74);
    expect(showEntries(entries)).toEqual(
      expect.arrayContaining([
        '2026-11-21T18:18:24.000Z 127.0.0.1#40775 > - recursive a.example 1 1 0 -',
        '2026-11-21T18:18:25.000Z 127.0.0.1#36495 > - recursive bl.example 1 1 3 -',
        '2026-11-21T18:18:25.000Z 127.0.0.1#- > - recursive sp?ace.wild.example 1 1 0 -',
        '2026-11-21T18:18:29.000Z 127.0.0.1#- > - recursive version.bind 3 16 0 -',
        '2026-11-21T18:18:38.000Z ::1#- > - recursive slow3.dead 1 1 - -',
      ]),
    );
  });

  it('give an entry for each of the 74 answered questions where only replies are logged', () => {
    const reading = new Reading(unboundFormat).push(serverLog('unbound-1.17.1-replies-tagged.log'));
    const entries = reading.entries();
    expect([entries.length, reading.refused]).toEqual([74, {}]);
    expect(entries.every(({ responseCode }) => responseCode !== undefined)).toBe(true);
    expect(entries.filter(({ clientPort }) => clientPort !== undefined)).toHaveLength(18);
  });
});

describeIf(['shared'], 'quoted logs of Unbound', () => {
  it.each([
    ['quoted-1.24-tagged-rpz.log', 3, 2],
    ['quoted-log-queries-replies.log', 6, 0],
    ['quoted-syslog-and-local-actions.log', 4, 1],
    ['quoted-time-ascii-tagged.log', 6, 0],
  ])('%s is read', (file, taken, other) => {
    const reading = new Reading(unboundFormat).push(sharedLog(`unbound/${file}`));
    expect([reading.taken, reading.other, reading.refused]).toEqual([taken, other, {}]);
  });

  it('hold what stands in them', () => {
    const entriesOf = (file: string) =>
      showEntries(new Reading(unboundFormat).push(sharedLog(`unbound/${file}`)).entries());
    expect(entriesOf('quoted-1.24-tagged-rpz.log')).toEqual([
      '2026-10-07T15:33:19.000Z 127.0.0.1#- > - recursive a.home.test 1 1 0 -',
      '2026-10-07T15:33:19.000Z 192.168.1.23#- > - recursive nope.home.test 1 28 3 -',
      '2026-10-07T15:33:19.000Z 127.0.0.1#45073 > - recursive blocked.example 1 1 - -',
    ]);
    expect(entriesOf('quoted-log-queries-replies.log').at(-1)).toBe(
      '2019-03-01T11:52:01.000Z 127.0.0.1#- > - recursive cloudflare.com 1 1 0 -',
    );
    expect(entriesOf('quoted-syslog-and-local-actions.log')).toEqual([
      '2026-10-27T00:35:32.000Z 192.168.0.10#- > - recursive files.home 1 1 - -',
      '2026-10-27T00:35:32.000Z 192.168.0.10#- > - recursive poller.home 1 1 - -',
      '2026-10-27T00:35:33.000Z 192.168.0.10#- > - recursive files.home 1 1 - -',
      '2026-11-21T18:00:00.000Z 192.168.0.215#60748 > - recursive bad.host.com 1 1 - -',
    ]);
    expect(entriesOf('quoted-time-ascii-tagged.log')).toEqual([
      '2026-11-05T23:30:33.000Z 192.168.1.5#- > - recursive wikipedia.org 1 1 0 -',
      '2026-11-05T23:30:33.000Z 192.168.1.5#- > - recursive www.wikipedia.org 1 1 0 -',
      '2026-11-05T23:30:34.000Z 192.168.1.5#- > - recursive www.wikipedia.org 1 1 0 -',
    ]);
  });
});

describe('bad input to the reader of Unbound', () => {
  const lines = linesOf(serverLog('unbound-1.17.1.log'));

  it('never throws', () => {
    expectHardy(unboundFormat, [lines[3]!, lines[4]!, lines[10]!, lines[51]!]);
  });

  it('is read in time, whatever its length', () => {
    const long = 65_536;
    const startedAtMs = performance.now();
    const bodies = [' ', 'a ', '@1 ', '192.0.2.1 ', '[1:1] ', '\xff', '192.0.2.1@1 '];
    for (const body of bodies) {
      const text = body.repeat(long / body.length);
      for (const line of [text, at(0, text), at(0, `192.0.2.1 ${text} A IN`)]) new Reading(unboundFormat).push(line);
    }
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });

  it('goes on behind any line as if it had not stopped', () => {
    expectResumable(unboundFormat, lines.slice(0, 60));
  });

  it('keeps no address of a client where clients have pseudonyms', () => {
    const reading = new Reading(unboundFormat, { client: () => 0x0a000001 as never });
    reading.push([at(0, '192.0.2.1 a.example. A IN'), at(0, '2001:db8::1 b.example. A IN')].join('\n'));
    expect(reading.state).not.toContain(String(0xc0000201 | 0));
    expect(reading.state).toContain('167772161');
    expect(showEntries(reading.entries()).every((line) => line.includes(' 10.0.0.1#- '))).toBe(true);
  });
});
