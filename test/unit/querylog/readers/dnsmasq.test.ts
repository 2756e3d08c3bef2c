import { describe, expect, it } from 'vitest';
import { dnsmasqFormat } from '../../../../src/querylog/readers/dnsmasq.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { expectHardy, expectResumable, Reading, showEntries } from '../../../support/read-log.ts';
import { linesOf, serverLog, sharedLog } from '../../../support/server-logs.ts';

const log = (...bodies: readonly string[]) => bodies.map((body) => `Nov 21 12:00:00 dnsmasq[20]: ${body}`).join('\n');
const read = (...bodies: readonly string[]) => new Reading(dnsmasqFormat).push(log(...bodies));
/** Entries without time and server, in the order of their queries. */
const shown = (...bodies: readonly string[]) =>
  showEntries(read(...bodies).entries())
    .map((line) => line.replace('2026-11-21T12:00:00.000Z ', '').replace(' > -', ''))
    .sort();

describe('dnsmasq with log-queries', () => {
  it('adds what it knows itself to the last query', () => {
    expect(
      shown(
        'query[A] a.example from 192.0.2.1',
        'cached a.example is 203.0.113.1',
        'cached a.example is 203.0.113.2',
        'query[AAAA] a.example from 192.0.2.1',
        '/etc/hosts a.example is 2001:db8::1',
        'query[A] b.example from 192.0.2.2',
        'config b.example is NXDOMAIN',
        'query[MX] c.example from 192.0.2.3',
        'DHCP c.example is NODATA',
      ),
    ).toEqual([
      '192.0.2.1#- recursive a.example 1 1 0 203.0.113.1,203.0.113.2',
      '192.0.2.1#- recursive a.example 1 28 0 2001:db8::1',
      '192.0.2.2#- recursive b.example 1 1 3 -',
      '192.0.2.3#- recursive c.example 1 15 0 -',
    ]);
  });

  it('adds what others replied to the queries for such a type, whatever the order', () => {
    expect(
      shown(
        'query[A] a.example from 192.0.2.1',
        'forwarded a.example to 192.0.2.53',
        'query[AAAA] a.example from 192.0.2.1',
        'forwarded a.example to 192.0.2.53#5353',
        'query[HTTPS] a.example from 192.0.2.1',
        'forwarded a.example to 192.0.2.53',
        'reply a.example is NODATA',
        'reply a.example is 2001:db8::1',
        'reply A.example is 203.0.113.1',
        'reply a.example is 203.0.113.2',
      ),
    ).toEqual([
      '192.0.2.1#- forwarded a.example 1 1 0 203.0.113.1,203.0.113.2',
      '192.0.2.1#- forwarded a.example 1 28 0 2001:db8::1',
      '192.0.2.1#- forwarded a.example 1 65 0 -',
    ]);
  });

  it('gives an answer to all that wait for it', () => {
    expect(
      shown(
        'query[A] a.example from 192.0.2.1',
        'forwarded a.example to 192.0.2.53',
        'query[A] a.example from 192.0.2.2',
        'reply a.example is 203.0.113.1',
        'query[A] a.example from 192.0.2.3',
        'reply a.example is 203.0.113.9',
      ),
    ).toEqual([
      '192.0.2.1#- forwarded a.example 1 1 0 203.0.113.1',
      '192.0.2.2#- recursive a.example 1 1 0 203.0.113.1',
      '192.0.2.3#- recursive a.example 1 1 0 203.0.113.9',
    ]);
  });

  it('follows aliases to addresses', () => {
    expect(
      shown(
        'query[A] a.example from 192.0.2.1',
        'forwarded a.example to 192.0.2.53',
        'query[A] c.example from 192.0.2.2',
        'forwarded c.example to 192.0.2.53',
        'reply a.example is <CNAME>',
        'reply b.example is <CNAME>',
        'reply c.example is 203.0.113.1',
        'reply c.example is 203.0.113.2',
        'query[CNAME] a.example from 192.0.2.3',
        'cached a.example is <CNAME>',
        'reply c.example is 203.0.113.3',
      ),
    ).toEqual([
      '192.0.2.1#- forwarded a.example 1 1 0 203.0.113.1,203.0.113.2',
      '192.0.2.2#- forwarded c.example 1 1 0 203.0.113.3',
      '192.0.2.3#- recursive a.example 1 5 0 -',
    ]);
  });

  it('waits for the rest where only aliases are in the cache, and has alternatives from the configuration', () => {
    expect(
      shown(
        'query[AAAA] a.example from 192.0.2.1',
        'cached a.example is <CNAME>',
        'forwarded a.example to 192.0.2.53',
        'query[A] d.example from 192.0.2.1',
        'cached d.example is <CNAME>',
        'config d.example is 203.0.113.7',
        'reply a.example is <CNAME>',
        'reply b.example is NODATA-IPv6',
      ),
    ).toEqual(['192.0.2.1#- forwarded a.example 1 28 0 -', '192.0.2.1#- recursive d.example 1 1 0 203.0.113.7']);
  });

  it('does not count what a stale answer is refreshed with as told to the client', () => {
    expect(
      shown(
        'query[A] a.example from 192.0.2.1',
        'cached-stale a.example is 203.0.113.1',
        'forwarded a.example to 127.0.0.1#5335',
        'reply a.example is 203.0.113.2',
      ),
    ).toEqual(['192.0.2.1#- forwarded a.example 1 1 0 203.0.113.1']);
  });

  it('finds the queries for names of addresses, whose replies stand there by the address', () => {
    expect(
      shown(
        'query[PTR] 7.2.0.192.in-addr.arpa from 192.0.2.1',
        'forwarded 7.2.0.192.in-addr.arpa to 192.0.2.53',
        'reply 192.0.2.7 is seven.example',
        'query[PTR] 8.2.0.192.in-addr.arpa from 192.0.2.1',
        'config 192.0.2.8 is NXDOMAIN',
        `query[PTR] 1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa from 192.0.2.2`,
        '/etc/hosts 2001:db8::1 is one.example',
      ),
    ).toEqual([
      '192.0.2.1#- forwarded 7.2.0.192.in-addr.arpa 1 12 0 -',
      '192.0.2.1#- recursive 8.2.0.192.in-addr.arpa 1 12 3 -',
      `192.0.2.2#- recursive 1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa 1 12 0 -`,
    ]);
  });

  it('reads the codes of failures, by the name, the line before, or the only query that waits', () => {
    expect(
      shown(
        'query[A] a.example from 192.0.2.1',
        'config error is REFUSED (EDE: not ready)',
        'query[A] b.example from 192.0.2.1',
        'forwarded b.example to 192.0.2.53',
        'reply error is SERVFAIL (EDE: DNSSEC bogus)',
        'query[A] c.example from 192.0.2.1',
        'forwarded c.example to 192.0.2.53',
        'reply error is not implemented',
        'query[A] d.example from 192.0.2.1',
        'query[A] e.example from 192.0.2.1',
        'reply error is SERVFAIL',
        'Rate-limiting e.example is REFUSED (EDE: synthesized)',
      ),
    ).toEqual(
      [
        '192.0.2.1#- recursive a.example 1 1 5 -',
        '192.0.2.1#- forwarded b.example 1 1 2 -',
        '192.0.2.1#- forwarded c.example 1 1 4 -',
        '192.0.2.1#- recursive d.example 1 1 - -',
        '192.0.2.1#- recursive e.example 1 1 5 -',
      ].sort(),
    );
  });

  it('reads what Pi-hole adds', () => {
    expect(
      shown(
        'query[A] ads.example from 192.0.2.1',
        'gravity blocked ads.example is 0.0.0.0',
        'query[AAAA] ads.example from 192.0.2.1',
        'regex denied ads.example is ::',
        'query[HTTPS] mask.example from 192.0.2.1',
        'special domain mask.example is NXDOMAIN',
      ),
    ).toEqual([
      '192.0.2.1#- recursive ads.example 1 1 0 0.0.0.0',
      '192.0.2.1#- recursive ads.example 1 28 0 ::',
      '192.0.2.1#- recursive mask.example 1 65 3 -',
    ]);
  });

  it('is not led astray by names and texts that look like answers', () => {
    expect(
      shown(
        'query[A] a.example from 192.0.2.1',
        'forwarded a.example to 192.0.2.53',
        'query[TXT] t.example from 192.0.2.2',
        'forwarded t.example to 192.0.2.53',
        'query[A] a.example is 203.0.113.66 from 192.0.2.3',
        'forwarded a.example is 203.0.113.66 to 192.0.2.53',
        'query[A] x from 192.0.2.99 from 192.0.2.4',
        'reply t.example is this is 203.0.113.66',
        'reply a.example is 203.0.113.66 is NXDOMAIN',
        'reply a.example is 203.0.113.1',
      ),
    ).toEqual([
      '192.0.2.1#- forwarded a.example 1 1 0 203.0.113.1',
      '192.0.2.2#- forwarded t.example 1 16 0 -',
      '192.0.2.3#- forwarded a.example\\032is\\032203.0.113.66 1 1 3 -',
      '192.0.2.4#- recursive x\\032from\\032192.0.2.99 1 1 - -',
    ]);
  });

  it('reads types that have no name, zones of its own, and queries over TCP in processes of their own', () => {
    const text = [
      'Nov 21 12:00:00 dnsmasq[20]: query[type=4711] a.example from 192.0.2.1',
      'Nov 21 12:00:00 dnsmasq[31]: query[A] a.example from 192.0.2.2',
      'Nov 21 12:00:00 dnsmasq[20]: auth[NSAP_PTR] b.example from 2001:db8::7',
      'Nov 21 12:00:00 dnsmasq[20]: auth b.example is NODATA',
      'Nov 21 12:00:00 dnsmasq[20]: reply a.example is 203.0.113.66',
      'Nov 21 12:00:00 dnsmasq[31]: reply a.example is 203.0.113.1',
    ];
    const entries = showEntries(new Reading(dnsmasqFormat).push(text.join('\n')).entries());
    expect(entries.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      '2001:db8::7#- > - authoritative b.example 1 23 0 -',
      '192.0.2.2#- > - recursive a.example 1 1 0 203.0.113.1',
      '192.0.2.1#- > - recursive a.example 1 4711 - -',
    ]);
  });

  it('leaves out what is no query of a client', () => {
    const reading = read(
      'started, version 2.90 cachesize 150',
      'using nameserver 192.0.2.53#53',
      'dnssec-query[DS] example to 192.0.2.53',
      'reply example is no DS',
      'reply example is DNSKEY keytag 20326, algo 8',
      'validation result is INSECURE',
      'reply is truncated',
      'nftset add 4 inet fw set 203.0.113.1 a.example',
      'reply gone.example is 203.0.113.1',
      'forwarded gone.example to 192.0.2.53',
    );
    reading.push('Nov 21 12:00:00 dnsmasq-dhcp[20]: DHCPACK(lan) 192.0.2.1 02:00:00:00:00:01 query[A]');
    reading.push('Nov 21 12:00:00 host sshd[1]: the door is open');
    reading.push('Maximum number of concurrent DNS queries reached (max: 150)');
    expect([reading.taken, reading.other, reading.refused]).toEqual([0, 13, {}]);
  });

  it('refuses by name what is cut, garbled or from elsewhere', () => {
    const reading = read(
      'query[A] a.example',
      'query[A] a.example from 192.0.2.',
      'query[WAT] a.example from 192.0.2.1',
      'query[A] a..example from 192.0.2.1',
      'query[A] <name unprintable> from 192.0.2.1',
    );
    reading.push('no such thing');
    reading.push('Feb 30 12:00:00 dnsmasq[20]: query[A] a.example from 192.0.2.1');
    expect(reading.refused).toEqual({
      'a query that is cut or garbled': 4,
      'a query whose name dnsmasq does not print': 1,
      'no line of dnsmasq': 1,
      'no such time': 1,
    });
  });
});

describe('dnsmasq with log-queries=extra or proto', () => {
  it('joins lines by their numbers', () => {
    expect(
      shown(
        '1 192.0.2.1/4001 query[A] a.example from 192.0.2.1',
        '1 192.0.2.1/4001 forwarded a.example to 192.0.2.53',
        '2 192.0.2.1/4002 query[A] a.example from 192.0.2.1',
        '2 192.0.2.1/4002 forwarded a.example to 192.0.2.53',
        '2 192.0.2.1/4002 reply a.example is <CNAME>',
        '2 192.0.2.1/4002 reply b.example is 203.0.113.2',
        '3 2001:db8::7/4003 query[AAAA] a.example from 2001:db8::7',
        '1 192.0.2.1/4001 reply error is SERVFAIL',
        '3 dnssec-query[DS] example to 192.0.2.53',
        '3 2001:db8::7/4003 config error is REFUSED (EDE: not ready)',
      ),
    ).toEqual([
      '192.0.2.1#4001 forwarded a.example 1 1 2 -',
      '192.0.2.1#4002 forwarded a.example 1 1 0 203.0.113.2',
      '2001:db8::7#4003 recursive a.example 1 28 5 -',
    ]);
  });

  it('tells UDP from TCP, and TCP processes from one another', () => {
    const text = [
      'Nov 21 12:00:00 dnsmasq[20]: UDP 5 192.0.2.1/4001 query[A] a.example from 192.0.2.1',
      'Nov 21 12:00:00 dnsmasq[31]: TCP 5 192.0.2.1/4001 query[A] a.example from 192.0.2.1',
      'Nov 21 12:00:00 dnsmasq[32]: TCP 5 192.0.2.1/4001 query[A] a.example from 192.0.2.1',
      'Nov 21 12:00:00 dnsmasq[32]: TCP 5 192.0.2.1/4001 reply a.example is 203.0.113.3',
      'Nov 21 12:00:00 dnsmasq[20]: UDP 5 192.0.2.1/4001 reply a.example is 203.0.113.1',
      'Nov 21 12:00:00 dnsmasq[31]: TCP 5 192.0.2.1/4001 reply a.example is 203.0.113.2',
    ];
    const answers = new Reading(dnsmasqFormat)
      .push(text.join('\n'))
      .entries()
      .map((entry) => showEntries([entry])[0]!.split(' ').at(-1));
    expect(answers).toEqual(['203.0.113.3', '203.0.113.1', '203.0.113.2']);
  });

  it('gives an answer to a query that was found to ask the same', () => {
    expect(
      shown(
        '1 192.0.2.1/4001 query[A] a.example from 192.0.2.1',
        '1 192.0.2.1/4001 forwarded a.example to 192.0.2.53',
        '2 192.0.2.2/4002 query[A] a.example from 192.0.2.2',
        '1 192.0.2.1/4001 reply a.example is 203.0.113.1',
        '2 192.0.2.2/4002 reply query is duplicate',
      ),
    ).toEqual([
      '192.0.2.1#4001 forwarded a.example 1 1 0 203.0.113.1',
      '192.0.2.2#4002 recursive a.example 1 1 0 203.0.113.1',
    ]);
  });

  it('takes no text of a record for an address', () => {
    expect(
      shown('1 192.0.2.1/4001 query[TXT] a.example from 192.0.2.1', '1 192.0.2.1/4001 reply a.example is 203.0.113.1'),
    ).toEqual(['192.0.2.1#4001 recursive a.example 1 16 0 -']);
  });
});

describe('logs of dnsmasq 2.90', () => {
  it.each(['dnsmasq-2.90.log', 'dnsmasq-2.90-extra.log'])('%s gives an entry for each question', (name) => {
    const octets = serverLog(name);
    const reading = new Reading(dnsmasqFormat).push(octets);
    const entries = reading.entries();
    const lines = linesOf(octets).map((line) => line.toString('latin1'));
    const queries = lines.filter((line) => / query\[/.test(line));
    expect(queries).toHaveLength(84);
    expect(reading.refused).toEqual({ 'a query whose name dnsmasq does not print': 6 });
    expect(entries).toHaveLength(78);
    expect(reading.other).toBe(16);
    // Each address that a line tells of a printable name is in an entry.
    const addresses = lines.filter((line) =>
      /(reply|cached|config|hosts\.lab) [^<]* is [\d.]+$| is 2001:[\da-f:]+$/.test(line),
    );
    expect(entries.flatMap(({ answers }) => answers)).toHaveLength(addresses.length);
    // Nobody answers for `dead`.
    expect(entries.filter(({ responseCode }) => responseCode === undefined)).toHaveLength(10);
  });

  it('agree with each other but for ports', () => {
    const entriesOf = (name: string) =>
      new Reading(dnsmasqFormat)
        .push(serverLog(name))
        .entries()
        .map(({ client, name: asked, type, responseCode, answers }) =>
          JSON.stringify([client, asked, type, responseCode, [...answers].sort()]),
        )
        .sort();
    expect(entriesOf('dnsmasq-2.90.log')).toEqual(entriesOf('dnsmasq-2.90-extra.log'));
  });
});

describeIf(['shared'], 'logs of dnsmasq and Pi-hole', () => {
  it.each([
    ['pihole-log-queries.log', 186, 511, 89],
    ['pihole-ipv6-clients-stale.log', 36, 204, 96],
    ['dnsmasq-2.90-with-dhcp.log', 92, 295, 6],
    ['quoted-extra-and-proto.log', 4, 7, 3],
  ])('%s is read', (file, entries, taken, other) => {
    const reading = new Reading(dnsmasqFormat).push(sharedLog(`dnsmasq/${file}`));
    expect([reading.taken, reading.other, reading.refused]).toEqual([taken, other, {}]);
    expect(reading.entries()).toHaveLength(entries);
  });

  it('hold what stands in them', () => {
    const entriesOf = (file: string) =>
      showEntries(new Reading(dnsmasqFormat).push(sharedLog(`dnsmasq/${file}`)).entries());
    const pihole = entriesOf('pihole-log-queries.log');
    expect(pihole).toEqual(
      expect.arrayContaining([
        '2026-05-08T01:57:00.000Z 192.168.1.116#- > - recursive www.google.com 1 1 0 142.250.189.196',
        '2026-05-08T01:57:05.000Z 192.168.1.116#- > - forwarded d3ward.github.io 1 1 0 185.199.109.153,185.199.108.153,185.199.111.153,185.199.110.153',
        '2026-05-08T01:57:05.000Z 192.168.1.116#- > - forwarded d3ward.github.io 1 65 0 -',
        '2026-05-08T01:57:05.000Z 192.168.1.116#- > - recursive adtago.s3.amazonaws.com 1 28 0 ::',
        '2026-05-08T01:57:05.000Z 192.168.1.116#- > - recursive _dns.resolver.arpa 1 64 3 -',
        '2026-05-08T01:57:05.000Z 192.168.1.116#- > - forwarded netcts.cdn-apple.com 1 1 0 23.192.228.149,23.192.228.146',
      ]),
    );
    expect(entriesOf('pihole-ipv6-clients-stale.log')[0]).toBe(
      '2026-05-09T02:36:02.000Z fd08:4711::5#- > - forwarded thunder.dropbox.com 1 1 0 162.125.40.1',
    );
    expect(entriesOf('dnsmasq-2.90-with-dhcp.log')).toContain(
      '2026-06-19T22:26:09.000Z 192.168.4.3#- > - forwarded detectportal.firefox.com 1 28 0 2600:1901:0:38d7::',
    );
    expect(entriesOf('quoted-extra-and-proto.log').sort()).toEqual([
      '2025-12-21T16:31:31.000Z 127.0.0.1#36363 > - recursive 1.2.168.192.in-addr.arpa 1 12 - -',
      '2026-02-04T18:18:18.000Z 127.0.0.1#123 > - forwarded google.com 1 1 0 8.8.8.8',
      '2026-11-21T18:00:00.000Z 127.0.0.1#59479 > - recursive dnssec-failed.org 1 1 2 -',
      '2026-11-21T18:00:00.000Z 2a01:4b00:ab23:1200:411:63e5:a806:8143#65147 > - recursive browser-bridge.internalmeta.com 1 65 - -',
    ]);
  });
});

describe('bad input to the reader of dnsmasq', () => {
  const lines = linesOf(serverLog('dnsmasq-2.90.log'));
  const extra = linesOf(serverLog('dnsmasq-2.90-extra.log'));

  it('never throws', () => {
    expectHardy(dnsmasqFormat, [lines[7]!, lines[8]!, lines[9]!, extra[18]!, extra[20]!]);
  });

  it('is read in time, whatever its length', () => {
    const startedAtMs = performance.now();
    for (const body of [' ', ' is ', ' from ', ' to ', 'query[A] ', ' (', '1 ', '1.1.1.1/1 ', ' is 1.1.1.1', '\xff']) {
      const text = body.repeat(65_536 / body.length);
      for (const line of [text, log(text), log(`reply ${text}`), log(`forwarded ${text}`), log(`query[A] ${text}`)]) {
        new Reading(dnsmasqFormat).push(line);
      }
    }
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });

  it('takes its time in proportion where very many wait for one name', () => {
    const startedAtMs = performance.now();
    const reading = new Reading(dnsmasqFormat);
    const query = Buffer.from(log('query[A] a.example from 192.0.2.1'));
    const reply = Buffer.from(log('reply a.example is 2001:db8::1'));
    for (let count = 0; count < 10_000; count++) {
      reading.record(query);
      reading.record(reply);
    }
    expect(reading.entries()).toHaveLength(10_000);
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });

  it('goes on behind any line as if it had not stopped', () => {
    expectResumable(dnsmasqFormat, lines.slice(7, 110));
    expectResumable(dnsmasqFormat, extra.slice(7, 60));
  });

  it('keeps no address of a client where clients have pseudonyms', () => {
    const reading = new Reading(dnsmasqFormat, { client: () => 0x0a000001 as never });
    reading.push(log('1 192.0.2.1/5 query[A] a.example from 192.0.2.1', 'query[A] b.example from 192.0.2.1'));
    expect(reading.state).not.toContain(String(0xc0000201 | 0));
    expect(reading.state).not.toContain('192.0.2.1');
    expect(showEntries(reading.entries()).every((line) => line.includes(' 10.0.0.1#'))).toBe(true);
  });
});
