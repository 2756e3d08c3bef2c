import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { windowsDebugFormat } from '../../../../src/querylog/readers/windows-debug.ts';
import { sharedFolder } from '../../../conditions.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { expectHardy, expectResumable, Reading, type ReadingOptions, showEntries } from '../../../support/read-log.ts';

const SERVER = { server: '192.0.2.1' };
const HEADER = [
  'DNS Server log file creation at 1/15/2026 11:59:00 AM',
  'Log file wrap at 1/15/2026 11:59:00 AM',
  '',
  'Message logging key (for packets - other items use a subset of these fields):',
  '\tField #  Information         Values',
  '\t-------  -----------         ------',
  '\t   1     Date',
  '\t  10     Query/Response      R = Response',
  '\t                             blank = Query',
  '',
];
const QUERY = line('1/15/2026 12:00:00 PM', 'Rcv', '192.0.2.10', '3af6', '  Q', '0001   D   NOERROR', 'A');
const RESPONSE = line('1/15/2026 12:00:01 PM', 'Snd', '192.0.2.10', '3af6', 'R Q', '8381   DR NXDOMAIN', 'A');
const ASKED = line('1/15/2026 12:00:00 PM', 'Snd', '198.51.100.53', '0102', '  Q', '0001   D   NOERROR', 'A');
const TOLD = line('1/15/2026 12:00:00 PM', 'Rcv', '198.51.100.53', '0102', 'R Q', '8081   DR  NOERROR', 'A');
const DETAILS = [
  'UDP response info at 0000000003AF57F0',
  '  Socket = 336',
  '  Remote addr 192.0.2.10, port 49495',
  '  Time Query=321854, Queued=0, Expire=0',
  '  Buf length = 0x0200 (512)',
  '  Message:',
  '    XID       0x3af6',
  '    QUESTION SECTION:',
  '    Offset = 0x000c, RR count = 0',
  '    Name      "(3)www(7)example(3)org(0)"',
  '      QTYPE   A (1)',
  '      QCLASS  1',
  '    ANSWER SECTION:',
  '    Offset = 0x002a, RR count = 0',
  '    Name      "[C00C](3)www(7)example(3)org(0)"',
  '      TYPE   CNAME  (5)',
  '      CLASS  1',
  '      TTL    3600',
  '      DLEN   2',
  '      DATA   (1)a(0)',
  '      TYPE   A  (1)',
  '      CLASS  1',
  '      DATA   203.0.113.80',
  '      TYPE   AAAA  (28)',
  '      DATA   2001:db8::80',
  '    AUTHORITY SECTION:',
  '      TYPE   A  (1)',
  '      DATA   203.0.113.99',
  '    ADDITIONAL SECTION:',
  '      empty',
  '',
];

function line(
  at: string,
  way: string,
  remote: string,
  id: string,
  opcode: string,
  flags: string,
  type: string,
): string {
  const place = '0000020D6E8F03E0 UDP';
  const name = '(3)www(7)example(3)org(0)';
  return `${at} 10FC PACKET  ${place} ${way} ${remote.padEnd(15)} ${id} ${opcode} [${flags}] ${type.padEnd(6)} ${name}`;
}

function read(lines: readonly string[], options: ReadingOptions = SERVER): Reading {
  return new Reading(windowsDebugFormat, options).push(`${lines.join('\r\n')}\r\n`);
}

const show = (lines: readonly string[]) => showEntries(read(lines).entries());
const withName = (name: string) => QUERY.replace('(3)www(7)example(3)org(0)', name);

describe('Windows debug log', () => {
  it('makes one entry of a query and its response', () => {
    expect(show([...HEADER, QUERY, RESPONSE])).toEqual([
      '2026-01-15T12:00:00.000Z 192.0.2.10#- > 192.0.2.1 recursive www.example.org 1 1 3 -',
    ]);
  });

  it('tells what it asks others from what it is asked', () => {
    expect(show([QUERY, ASKED, TOLD, RESPONSE])).toEqual([
      '2026-01-15T12:00:00.000Z 192.0.2.1#- > 198.51.100.53 forwarded www.example.org 1 1 0 -',
      '2026-01-15T12:00:00.000Z 192.0.2.10#- > 192.0.2.1 recursive www.example.org 1 1 3 -',
    ]);
    const iterative = ASKED.replace('0001   D ', '0000     ');
    expect(show([iterative])[0]).toContain('192.0.2.1#- > 198.51.100.53 authoritative ');
  });

  it('has an entry for a query without a response, and for a response without its query', () => {
    expect(show([QUERY])[0]).toContain('192.0.2.10#- > 192.0.2.1 recursive www.example.org 1 1 - -');
    expect(show([RESPONSE])[0]).toContain('192.0.2.10#- > 192.0.2.1 recursive www.example.org 1 1 3 -');
    expect(show([QUERY, RESPONSE.replace('3af6', '3af7')])).toHaveLength(2);
    expect(show([QUERY, RESPONSE.replace('UDP', 'TCP')])).toHaveLength(2);
  });

  it('knows neither its own address nor says one where none is configured', () => {
    expect(showEntries(read([QUERY, ASKED], {}).entries())).toEqual([
      '2026-01-15T12:00:00.000Z 192.0.2.10#- > - recursive www.example.org 1 1 - -',
      '2026-01-15T12:00:00.000Z -#- > 198.51.100.53 forwarded www.example.org 1 1 - -',
    ]);
  });

  it('reads what counts as other, and as nothing', () => {
    const lines = [
      ...HEADER,
      '1/15/2026 12:00:00 PM 1674 EVENT   The DNS server has started.',
      '1/15/2026 12:00:00 PM 1674 Note: got GQCS failure on a dead socket context status=995',
      line('1/15/2026 12:00:00 PM', 'Rcv', '192.0.2.9', '7822', '  U', '0028       NOERROR', 'SOA'),
      line('1/15/2026 12:00:00 PM', 'Snd', '192.0.2.9', '7822', 'R U', '02a8      SERVFAIL', 'SOA'),
      line('1/15/2026 12:00:00 PM', 'Rcv', '192.0.2.9', '7822', '  N', '0020       NOERROR', 'SOA'),
    ];
    const reading = read(lines);
    expect([reading.entries(), reading.refused, reading.taken]).toEqual([[], {}, 0]);
    // Lines with nothing in them are none.
    expect(reading.other).toBe(lines.length - 2);
  });

  it('reads IPv6, 32-bit places, older lines without one, and a byte order mark', () => {
    expect(show([QUERY.replace('192.0.2.10     ', '2001:db8::10')])[0]).toContain(' 2001:db8::10#- > ');
    expect(show([QUERY.replace('192.0.2.10     ', 'fe80::1%12')])[0]).toContain(' fe80::1#- > ');
    expect(show([QUERY.replace('0000020D6E8F03E0', '03AF57F0')])).toHaveLength(1);
    expect(show([QUERY.replace('0000020D6E8F03E0 ', '')])).toHaveLength(1);
    expect(show([`\xef\xbb\xbf${QUERY}`])).toHaveLength(1);
  });

  it.each([
    ['AAAA', 28],
    ['ALL', 255],
    ['65', 65],
    ['WINSR', 0xff02],
    ['NULL', 10],
    ['TYPE64', 64],
  ])('reads type %s', (text, type) => {
    expect(read([QUERY.replace('A      (', `${text.padEnd(6)} (`)]).entries()).toMatchObject([{ type }]);
  });

  it.each([
    ['(0)', '.'],
    ['(4)a(b)(3)c d(0)', 'a\\(b\\).c\\032d'],
    ['(3)\xe9\xff\x01(0)', '\\233\\255\\001'],
    ['(3)wWw(0)', 'wWw'],
    ['(3)www(0)  ', 'www'],
    [`(63)${'x'.repeat(63)}(0)`, 'x'.repeat(63)],
  ])('reads the name %j', (text, name) => {
    const [entry] = show([withName(text)]);
    expect(entry!.split(' recursive ')[1]).toBe(`${name} 1 1 - -`);
  });

  it.each([
    ['a name that is cut, or none', withName('(3)odc')],
    ['a name that is cut, or none', withName('(7)example(0')],
    ['a name that is cut, or none', withName('(3)odca(0)')],
    ['a name that is cut, or none', withName(`(64)${'x'.repeat(64)}(0)`)],
    ['a name that is cut, or none', withName(`${`(63)${'x'.repeat(63)}`.repeat(4)}(0)`)],
    ['a name that is cut, or none', withName('(0)more')],
    ['a record type that is not known', QUERY.replace('A      (', 'WHAT   (')],
    ['a record type that is not known', QUERY.replace('A      (', '70000  (')],
    ['an address that is none', QUERY.replace('192.0.2.10 ', '192.0.2.310')],
    ['a packet in a form that is not known, or cut', QUERY.slice(0, 70)],
    ['a line in a form that is not known, or cut', QUERY.slice(0, 26)],
    ['no line of a Windows DNS debug log', QUERY.slice(12)],
    ['no such time', QUERY.replace('1/15', '13/15')],
    ['no such time', QUERY.replace('1/15', '2/30')],
    ['no such time', QUERY.replace('12:00:00', '13:00:00')],
    ['a line in a form that is not known, or cut', QUERY.replace('PM', 'XM')],
    ['a time that is to come', QUERY.replace('2026', '2027')],
  ])('refuses: %s', (reason, text) => {
    const reading = read([text]);
    expect([reading.refused, reading.entries()]).toEqual([{ [reason]: 1 }, []]);
  });

  it('says what to do about UTF-16', () => {
    for (const swap of [false, true]) {
      const octets = Buffer.from(`\ufeff${QUERY}\r\n${QUERY}\r\n`, 'utf16le');
      if (swap) octets.swap16();
      const reading = new Reading(windowsDebugFormat).push(octets);
      const reason = 'text in UTF-16: it is to be converted to UTF-8 first (iconv -f UTF-16)';
      expect(reading.refused[reason]).toBeGreaterThanOrEqual(1);
      expect(reading.entries()).toEqual([]);
    }
  });

  it('asks for the pseudonym of a client at once', () => {
    const reading = read([QUERY], { ...SERVER, client: () => 0x7f000001 as never });
    expect(reading.state).not.toContain('192.0.2.10');
    expect(reading.state).not.toContain(String(Buffer.from([192, 0, 2, 10]).readInt32BE()));
    expect(showEntries(reading.entries())[0]).toContain(' 127.0.0.1#- > 192.0.2.1 ');
  });

  it('goes on wherever it was stopped', () => {
    const lines = [...HEADER, QUERY, ASKED, TOLD, RESPONSE, ...DETAILS, QUERY, ...DETAILS.slice(0, 12), RESPONSE];
    const records = lines.filter((text) => text !== '').map((text) => Buffer.from(text, 'latin1'));
    expectResumable(windowsDebugFormat, records, SERVER);
  });

  it('does nothing with a state that it cannot read', () => {
    const bad = ['', '3', '{"version":1,"state":3}', '{"version":1,"state":{"date":[],"event":{"key":1},"open":[[]]}}'];
    for (const state of bad) {
      const reading = read([], SERVER);
      reading.resume(state);
      expect(reading.entries(), state).toEqual([]);
    }
  });

  it('is hardy', { timeout: 60_000 }, () => {
    const lines = [QUERY, RESPONSE, ASKED, ...DETAILS.filter((text) => text.length > 20), HEADER[0]!];
    expectHardy(
      windowsDebugFormat,
      lines.map((text) => Buffer.from(text, 'latin1')),
      SERVER,
    );
  });

  it('takes no longer for lines that are made to take long', () => {
    const blanks = ' '.repeat(60_000);
    const reading = new Reading(windowsDebugFormat);
    const begin = performance.now();
    for (const text of [
      QUERY.replace('10FC', blanks),
      QUERY.replace('PACKET', `PACKET${blanks}`),
      QUERY.replace('3af6 ', `3af6 ${blanks}`),
      QUERY.replace('D   NOERROR]', `${'D '.repeat(30_000)}`),
      QUERY.replace('A      (', `A${blanks}(`),
      withName('(1)a'.repeat(15_000)),
      withName('('.repeat(60_000)),
      `${'1/'.repeat(30_000)}`,
      `  Remote addr ${'1'.repeat(60_000)}`,
      blanks,
    ]) {
      reading.record(Buffer.from(text, 'latin1'));
    }
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(reading.entries()).toEqual([]);
  });
});

describe('details of a Windows debug log', () => {
  it('have the port of the client and the addresses of the answer', () => {
    const reading = read([...HEADER, QUERY, RESPONSE.replace('8381', '8081'), ...DETAILS, ASKED]);
    expect(showEntries(reading.entries())[0]).toBe(
      '2026-01-15T12:00:00.000Z 192.0.2.10#49495 > 192.0.2.1 recursive www.example.org 1 1 0 203.0.113.80,2001:db8::80',
    );
    // Query, response, what was asked, the port, the class, and two addresses.
    expect(reading.taken).toBe(7);
    expect(reading.refused).toEqual({});
  });

  it('have the class of a query, and of what is asked of others not the port of those', () => {
    const chaos = DETAILS.map((text) => text.replace('QCLASS  1', 'QCLASS  3'));
    expect(show([ASKED, ...chaos])).toEqual([
      '2026-01-15T12:00:00.000Z 192.0.2.1#- > 198.51.100.53 forwarded www.example.org 3 1 - 203.0.113.80,2001:db8::80',
    ]);
  });

  it('belong to no message once another line has come', () => {
    expect(show([QUERY, ASKED.replace('PACKET', 'EVENT'), ...DETAILS])[0]).toContain(' 192.0.2.10#- > ');
  });
});

describeIf(['shared'], 'Windows debug logs that others quote', () => {
  const folder = join(sharedFolder, 'data', 'dnslog', 'windows-dns-debug');
  const readFile = (name: string) => new Reading(windowsDebugFormat, SERVER).push(readFileSync(join(folder, name)));

  it('are there', () => {
    expect(existsSync(folder)).toBe(true);
  });

  it('quoted-us-2025.log', () => {
    const reading = readFile('quoted-us-2025.log');
    expect(reading).toMatchObject({ taken: 11, other: 2, refused: {} });
    expect(showEntries(reading.entries()).sort()).toEqual([
      '2013-06-05T10:00:32.000Z 10.161.60.71#- > 192.0.2.1 recursive somecomputer.domain.com 1 1 - -',
      '2025-08-13T16:02:03.000Z 192.0.2.1#- > 8.8.8.8 forwarded www.abayoumy.tech 1 1 - -',
      '2025-08-13T16:02:03.000Z 192.0.2.1#- > 8.8.8.8 forwarded www.abayoumy.tech 1 28 0 -',
      '2025-08-13T16:02:03.000Z 192.168.1.101#- > 192.0.2.1 recursive www.abayoumy.tech 1 1 - -',
      '2025-08-13T16:02:03.000Z 192.168.1.101#- > 192.0.2.1 recursive www.abayoumy.tech 1 28 0 -',
      '2025-08-13T16:05:02.000Z 192.168.1.101#- > 192.0.2.1 recursive www.abayoumy.tech 1 28 - -',
      '2025-08-13T16:05:03.000Z 192.168.1.101#- > 192.0.2.1 recursive www.abayoumy.tech 1 28 - -',
      '2026-04-11T15:29:17.000Z 127.0.0.1#- > 192.0.2.1 recursive home.gell.one 1 6 0 -',
      '2026-04-11T20:33:19.000Z 192.168.2.9#- > 192.0.2.1 recursive . 1 2 0 -',
      '2026-04-11T20:34:00.000Z 127.0.0.1#- > 192.0.2.1 recursive HOME.home.gell.one 1 1 3 -',
    ]);
  });

  it('quoted-other-locales.log: the last line was cut by its author', () => {
    const reading = readFile('quoted-other-locales.log');
    expect(reading).toMatchObject({ taken: 4, other: 0, refused: { 'a name that is cut, or none': 1 } });
    expect(showEntries(reading.entries())).toEqual([
      '2024-10-21T19:00:35.000Z 192.170.65.34#- > 192.0.2.1 recursive conn-service-cn-04.allawntech.com 1 1 - -',
      '2024-10-21T19:02:27.000Z 192.168.113.210#- > 192.0.2.1 recursive 254.113.168.192.in-addr.arpa 1 12 3 -',
      '2024-10-21T19:02:27.000Z 192.168.0.246#- > 192.0.2.1 recursive FSSCPRDAPP2 1 28 2 -',
      '2019-12-05T13:03:50.000Z 172.16.70.35#- > 192.0.2.1 recursive consumer.entitlement.skype.com 1 1 0 -',
    ]);
  });

  it('quoted-details.log', () => {
    const reading = readFile('quoted-details.log');
    expect(reading.refused).toEqual({});
    expect(showEntries(reading.entries())).toEqual([
      '2015-07-15T23:59:59.000Z 10.28.2.140#49495 > 192.0.2.1 recursive 140.2.28.10.in-addr.arpa 1 12 0 -',
    ]);
  });
});
