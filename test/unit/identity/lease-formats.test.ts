/** Every lease format, from real files: whole, cut everywhere, changed everywhere, and out of thin air. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, formatAddress } from '../../../src/core/address.ts';
import { formatMac } from '../../../src/core/mac-address.ts';
import { holdLeases } from '../../../src/identity/held-leases.ts';
import type { Lease, LeaseReading } from '../../../src/identity/lease.ts';
import { LEASE_FILES, MAX_LEASES, readLeases, realLeaseFile } from '../../support/lease-files.ts';
import { addressOf } from '../../support/observations.ts';

const summary = ({ address, mac, duidMac, hostname, expiresAtMs }: Lease) =>
  [
    formatAddress(address),
    mac === undefined ? '-' : formatMac(mac),
    duidMac === undefined ? '-' : formatMac(duidMac),
    hostname ?? '-',
    Number.isFinite(expiresAtMs) ? new Date(expiresAtMs).toISOString() : 'never',
  ].join(' ');
const summaries = (leases: ReadonlyMap<Address, Lease>) => [...leases.values()].map(summary);

/** What these files say, read off them by eye. */
const EXPECTED: Readonly<Record<(typeof LEASE_FILES)[number], readonly string[]>> = {
  'dnsmasq.leases': [
    '192.0.2.147 02:00:00:00:00:03 - - 2026-11-21T15:39:35.000Z',
    '192.0.2.146 02:00:00:00:00:02 - Annas-Laptop 2026-11-21T15:39:30.000Z',
    '192.0.2.145 02:00:00:00:00:01 - printer 2026-11-21T15:39:25.000Z',
    '2001:db8::138 - 02:00:00:00:00:03 - 2026-11-21T15:39:35.000Z',
    '2001:db8::13a - 02:00:00:00:00:02 Annas-Laptop 2026-11-21T15:39:30.000Z',
    '2001:db8::108 - 02:00:00:00:00:01 printer 2026-11-21T15:39:25.000Z',
  ],
  'dhcpd.leases': [
    '192.0.2.101 02:00:00:00:00:02 - Annas-Laptop 2026-11-21T15:42:47.000Z',
    '192.0.2.102 02:00:00:00:00:03 - - 2026-11-21T15:42:50.000Z',
  ],
  'dhcpd6.leases': [
    '2001:db8::150 - 02:00:00:00:00:01 - 2026-11-21T15:42:44.000Z',
    '2001:db8::14d - 02:00:00:00:00:02 - 2026-11-21T15:42:47.000Z',
    '2001:db8::14c - 02:00:00:00:00:03 - 2026-11-21T15:42:51.000Z',
  ],
  'kea-leases4.csv': [
    '192.0.2.101 02:00:00:00:00:02 - annas-laptop 2026-11-21T15:43:01.000Z',
    '192.0.2.102 02:00:00:00:00:03 - odd, "q" {x}; #1 2026-11-21T15:43:05.000Z',
  ],
  'kea-leases6.csv': [
    '2001:db8::100 - 02:00:00:00:00:01 printer.example.org 2026-11-21T15:42:59.000Z',
    '2001:db8::101 - 02:00:00:00:00:02 annas-laptop.example.org 2026-11-21T15:43:02.000Z',
    '2001:db8::102 - 02:00:00:00:00:03 - 2026-11-21T15:43:06.000Z',
  ],
};

/** Characters that mean something where they do not belong, and some that mean nothing anywhere. */
const HARMFUL = {
  lines: ['\n', ' ', ',', '&', '7', '\xff'],
  braces: ['\n', '"', '{', '}', ';', '#', '\\', '7', '\xff'],
};
/** Thousands of readings, on a machine that may be busy. */
const LONG_MS = 60_000;

describe.each(LEASE_FILES)('%s', (name) => {
  const text = realLeaseFile(name);
  const whole = readLeases(text);
  /** All that any of its rows ever said. */
  const told = new Set(
    text
      .split('\n')
      .flatMap((_line, index, lines) => summaries(readLeases(`${lines.slice(0, index + 1).join('\n')}\n`).leases)),
  );

  it('says what its server wrote', () => {
    expect(summaries(whole.leases)).toEqual(EXPECTED[name]);
    expect(whole).toMatchObject({ isCut: false, hasUnknownRow: false, badRows: 0, problems: [], refused: 0 });
    expect([...whole.ended].map(formatAddress)).toEqual(
      ['dhcpd.leases', 'kea-leases4.csv'].includes(name) ? ['192.0.2.100'] : [],
    );
  });

  it(
    'says the same in two pieces, wherever it is cut',
    () => {
      for (let cut = 0; cut <= text.length; cut++) {
        expect(readLeases(text.slice(0, cut), text.slice(cut)), `cut at ${cut}`).toEqual(whole);
      }
    },
    LONG_MS,
  );

  it(
    'says the same octet by octet',
    () => {
      expect(readLeases(...text)).toEqual(whole);
    },
    LONG_MS,
  );

  it(
    'that is half written says nothing wrong, and what was held of the rest stays',
    () => {
      for (let length = 0; length < text.length; length++) {
        const reading = readLeases(text.slice(0, length));
        for (const lease of summaries(reading.leases)) expect(told, `cut at ${length}`).toContain(lease);
        expect(reading.badRows, `cut at ${length}`).toBe(0);
        if (text[length - 1] !== '\n') expect(reading.isCut, `cut at ${length}`).toBe(true);
        if (!reading.isCut) continue;
        const held = holdLeases(whole.leases, reading, MAX_LEASES, 0);
        for (const address of whole.leases.keys()) expect(held.has(address), `cut at ${length}`).toBe(true);
      }
    },
    LONG_MS,
  );

  it(
    'with one octet changed loses no row but its own',
    () => {
      for (let at = 0; at < text.length; at++) {
        for (const octet of HARMFUL[name.endsWith('.csv') || name.startsWith('dnsmasq') ? 'lines' : 'braces']) {
          const changed = text.slice(0, at) + octet + text.slice(at + 1);
          const reading = readLeases(changed);
          const held = summaries(holdLeases(whole.leases, reading, MAX_LEASES, 0));
          const lost = summaries(whole.leases).filter((lease) => !held.includes(lease));
          // Another digit may make it a row of an address that has one.
          const most = octet === '7' ? 2 : 1;
          expect(lost.length, `${JSON.stringify(octet)} at ${at}: ${lost}`).toBeLessThanOrEqual(most);
        }
      }
    },
    LONG_MS,
  );
});

describe('any text', () => {
  const pieces = [
    'lease ',
    '192.0.2.7',
    ' {',
    '}',
    ';',
    '"',
    '\\',
    '\n',
    '#',
    'ia-na "\\001\\002" {',
    'iaaddr 2001:db8::7 {',
    'ends never;',
    'ends 6 2026/11/21 14:00:00;',
    'binding state active;',
    'address,hwaddr,valid_lifetime,expire,hostname\n',
    '192.0.2.7,02:00:00:00:00:01,60,1795272177,x\n',
    '1795272177 02:00:00:00:00:01 192.0.2.7 x *\n',
    'duid 00:01\n',
    ',',
    '\0',
    '\xff',
    ' ',
  ];
  const anyText = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 5 })), {
    maxLength: 60,
  });

  it(
    'is read to an end, the same in whatever pieces it comes',
    () => {
      fc.assert(
        fc.property(anyText, (parts) => {
          const text = Buffer.from(parts.join(''), 'utf8').toString('latin1');
          const reading = readLeases(text);
          expect(readLeases(...text)).toEqual(reading);
          expect(reading.problems.length).toBeLessThanOrEqual(16);
          for (const { hostname } of reading.leases.values()) {
            expect(hostname ?? 'x').toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,253}$/u);
          }
        }),
        { numRuns: 2000 },
      );
    },
    LONG_MS,
  );
});

interface Row {
  readonly address: string;
  readonly mac: number;
  readonly hostname: string | undefined;
  readonly expiresAtSeconds: number;
}

const row = fc.record({
  address: fc.integer({ min: 1, max: 250 }).map((host) => `192.0.2.${host}`),
  mac: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  hostname: fc.option(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,30}$/), { nil: undefined }),
  expiresAtSeconds: fc.integer({ min: 1, max: 4_000_000_000 }),
});
const rows = fc.uniqueArray(row, { selector: ({ address }) => address, maxLength: 20 });

const iscDate = (seconds: number) => {
  const date = new Date(seconds * 1000);
  const [day = '', time = ''] = date.toISOString().split(/[T.]/);
  return `${date.getUTCDay()} ${day.replaceAll('-', '/')} ${time}`;
};

const COMPOSE: Readonly<Record<string, (rows: readonly Row[]) => string>> = {
  dnsmasq: (rows) =>
    rows
      .map(
        ({ address, mac, hostname, expiresAtSeconds }) =>
          `${expiresAtSeconds} ${formatMac(mac)} ${address} ${hostname ?? '*'} *\n`,
      )
      .join(''),
  'ISC dhcpd': (rows) =>
    rows
      .map(({ address, mac, hostname, expiresAtSeconds }) => {
        const name = hostname === undefined ? '' : `  client-hostname "${hostname}";\n`;
        const state = '  binding state active;\n  next binding state free;\n';
        return `lease ${address} {\n  starts 6 2026/11/21 14:00:00;\n  ends ${iscDate(expiresAtSeconds)};\n${state}  hardware ethernet ${formatMac(mac)};\n${name}}\n`;
      })
      .join(''),
  Kea: (rows) =>
    `address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n${rows
      .map(
        ({ address, mac, hostname, expiresAtSeconds }) =>
          `${address},${formatMac(mac)},,60,${expiresAtSeconds},1,0,0,${hostname ?? ''},0,,0\n`,
      )
      .join('')}`,
};

describe.each(Object.entries(COMPOSE))('a file of %s', (_server, compose) => {
  it('reads back to what it was made from', () => {
    fc.assert(
      fc.property(rows, (made) => {
        const reading = readLeases(compose(made));
        const expected = made.map(({ address, mac, hostname, expiresAtSeconds }) =>
          summary({
            address: addressOf(address),
            mac,
            duidMac: undefined,
            hostname,
            expiresAtMs: expiresAtSeconds * 1000,
          }),
        );
        expect(summaries(reading.leases)).toEqual(expected);
        expect(reading.badRows).toBe(0);
      }),
    );
  });

  it('holds no more leases than it may', () => {
    const many = Array.from({ length: MAX_LEASES + 5 }, (_, index) => ({
      address: `198.18.${index >> 8}.${index & 255}`,
      mac: index + 1,
      hostname: undefined,
      expiresAtSeconds: 4_000_000_000,
    }));
    const reading = readLeases(compose(many));
    expect(reading.leases.size).toBe(MAX_LEASES);
    expect(reading.refused).toBe(5);
  });
});

const only = (reading: LeaseReading) => summaries(reading.leases);

describe('dnsmasq', () => {
  it.each([
    ['a lease without end', '0 02:00:00:00:00:01 192.0.2.7 x *\n', '192.0.2.7 02:00:00:00:00:01 - x never'],
    [
      'an ARP type',
      '60 01-02:00:00:00:00:01 192.0.2.7 x *\n',
      '192.0.2.7 02:00:00:00:00:01 - x 1970-01-01T00:01:00.000Z',
    ],
    ['other hardware', '60 06-02:00:00:00:00:01 192.0.2.7 x 01:02\n', '192.0.2.7 - - x 1970-01-01T00:01:00.000Z'],
    ['a temporary address', '60 T17 2001:db8::7 * *\n', '2001:db8::7 - - - 1970-01-01T00:01:00.000Z'],
    [
      'a DUID without a MAC address',
      '60 17 2001:db8::7 x 00:02:00:00:01:02:03\n',
      '2001:db8::7 - - x 1970-01-01T00:01:00.000Z',
    ],
    ['line ends of two octets', '0 02:00:00:00:00:01 192.0.2.7 x *\r\n', '192.0.2.7 02:00:00:00:00:01 - x never'],
  ])('writes %s', (_what, text, expected) => {
    expect(only(readLeases(text))).toEqual([expected]);
  });

  it.each([
    ['60 02:00:00:00:00:01 192.0.2.7 x\n', 'has not 5 fields', '192.0.2.7'],
    ['60 02:00:00:00:00:01 192.0.2.7 x * y\n', 'has not 5 fields', '192.0.2.7'],
    ['60 02:00:00:00:00:01 192.0.2.777 x *\n', 'has no IP address as its third field', undefined],
    ['60 x 2001:db8::7 x *\n', 'has no IAID as its second field', '2001:db8::7'],
    ['600000000000 02:00:00:00:00:01 192.0.2.7 x *\n', 'does not begin with a time in seconds', '192.0.2.7'],
  ])('does not write %j', (text, problem, address) => {
    const reading = readLeases(`0 02:00:00:00:00:09 192.0.2.9 good *\n${text}`);
    expect(reading.problems).toEqual([{ line: 2, problem }]);
    expect([...reading.unread].map(formatAddress)).toEqual(address === undefined ? [] : [address]);
    expect(reading.hasUnknownRow).toBe(address === undefined);
    expect(reading.leases.size).toBe(1);
  });

  it('writes no line of a megabyte', () => {
    const reading = readLeases(
      `0 02:00:00:00:00:09 192.0.2.9 ${'x'.repeat(1_000_000)} *\n0 02:00:00:00:00:01 192.0.2.7 x *\n`,
    );
    expect(only(reading)).toEqual(['192.0.2.7 02:00:00:00:00:01 - x never']);
    expect(reading.badRows).toBe(1);
  });
});

const lease = (statements: string) => `lease 192.0.2.7 {\n${statements}\n}\n`;

describe('ISC dhcpd', () => {
  it.each([
    ['ends never;', '192.0.2.7 - - - never'],
    ['ends epoch 1571565793; # Sun Oct 20 10:03:13 2019', '192.0.2.7 - - - 2019-10-20T10:03:13.000Z'],
    [
      'ends 0 2019/10/20 10:03:13; client-hostname "a\\"b\\\\c\\303\\266";',
      '192.0.2.7 - - a"b\\cö 2019-10-20T10:03:13.000Z',
    ],
    ['ends never; client-hostname "\\033[2J";', '192.0.2.7 - - \\x1b[2J never'],
    ['ends never; set ddns-fwd-name = "pc.example.org.";', '192.0.2.7 - - pc.example.org never'],
    ['ends never; client-hostname "pc"; set ddns-fwd-name = "pc.example.org";', '192.0.2.7 - - pc never'],
    ['ends never; hardware token-ring 02:00:00:00:00:01;', '192.0.2.7 - - - never'],
    ['ends never; option agent.circuit-id "a;b}c";', '192.0.2.7 - - - never'],
    ['ends never; on expiry or release { set x = "y"; if known { log (info, "{"); } }', '192.0.2.7 - - - never'],
  ])('writes %s', (statements, expected) => {
    expect(only(readLeases(lease(statements)))).toEqual([expected]);
  });

  it.each(['free', 'expired', 'released', 'abandoned', 'reset', 'backup'])('ends a lease that is %s', (state) => {
    const reading = readLeases(lease('ends never;') + lease(`ends never;\nbinding state ${state};`));
    expect(reading.leases.size).toBe(0);
    expect([...reading.ended]).toEqual([addressOf('192.0.2.7')]);
  });

  it('ends a lease that it abandoned before there were states', () => {
    expect(readLeases(lease('ends never; abandoned;')).leases.size).toBe(0);
  });

  it('writes identifiers in hex, too', () => {
    const id = '01:00:00:00:00:03:00:01:02:00:00:00:00:07';
    const text = `ia-na ${id} {\n  iaaddr 2001:db8::7 {\n    binding state active;\n    ends never;\n  }\n}\n`;
    expect(only(readLeases(text))).toEqual(['2001:db8::7 - 02:00:00:00:00:07 - never']);
  });

  it('has prefixes that are nobody’s address', () => {
    const text =
      'ia-pd "\\001\\002\\003\\004" {\n  iaprefix 2001:db8:7::/48 {\n    binding state active;\n    ends never;\n  }\n}\n';
    expect(readLeases(text)).toMatchObject({ leases: new Map(), badRows: 0, isCut: false });
  });

  it('has other blocks, which say nothing of leases', () => {
    const text =
      'failover peer "a" state {\n  my state normal at 6 2026/11/21 14:00:00;\n}\nhost h {\n  dynamic;\n  hardware ethernet 02:00:00:00:00:01;\n}\n';
    expect(only(readLeases(text + lease('ends never;')))).toEqual(['192.0.2.7 - - - never']);
  });

  it.each([
    ['ends;', 'has no date behind ends'],
    ['ends 6 2026/13/21 14:00:00;', 'has no date behind ends'],
    ['ends 6 2026/02/31 14:00:00;', 'has no date behind ends'],
    ['ends never', 'has no ; at its end'],
    ['ends never; hardware ethernet 02:00;', 'has no MAC address behind hardware ethernet'],
    ['ends never; binding;', 'has no state behind binding state'],
    ['ends never; client-hostname "x;\n', 'has a quoted text that does not end on its line'],
    [`ends never; client-hostname "${'x'.repeat(2000)}";`, 'has a word that is too long'],
    ['starts 6 2026/11/21 14:00:00;', 'is a lease that does not say its end'],
  ])('does not write %j', (statements, problem) => {
    const reading = readLeases(`# dhcpd\n${lease(statements)}lease 192.0.2.8 { ends never; }\n`);
    expect(reading.problems).toEqual([{ line: 2, problem }]);
    expect([...reading.unread]).toEqual([addressOf('192.0.2.7')]);
    expect(only(reading)).toEqual(['192.0.2.8 - - - never']);
  });

  it.each(['lease 192.0.2.7 {\n  ends never;\n', 'ia-na "\\001\\002\\003\\004" {\n  iaaddr 2001:db8::7 {\n'])(
    'goes on behind a brace that nothing closes: %j',
    (text) => {
      const reading = readLeases(`${text}lease 192.0.2.8 { ends never; }\n`);
      expect(reading.problems[0]?.problem).toBe('has a brace that nothing closes');
      expect(reading.unread.size).toBe(1);
      expect(only(reading)).toEqual(['192.0.2.8 - - - never']);
    },
  );

  it('goes on behind blocks within blocks without end', () => {
    const reading = readLeases(`# x\n${'a {'.repeat(100_000)}\nlease 192.0.2.8 { ends never; }\n`);
    expect(only(reading)).toEqual(['192.0.2.8 - - - never']);
    const closed = readLeases(`host a {${'a {'.repeat(1000)}${'}'.repeat(1001)}\nlease 192.0.2.8 { ends never; }\n`);
    expect(only(closed)).toEqual(['192.0.2.8 - - - never']);
  });
});

const KEA_HEADER =
  'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context';

describe('Kea', () => {
  it.each([
    ['a name with a comma', '192.0.2.7,,,60,60,1,0,0,a&#x2cb,0,', '192.0.2.7 - - a,b 1970-01-01T00:01:00.000Z'],
    ['a lease without end', '192.0.2.7,,,4294967295,4295967295,1,0,0,x,0,', '192.0.2.7 - - x never'],
    [
      'other hardware',
      '192.0.2.7,02:00:00:00:00:01:00:02,,60,60,1,0,0,x,0,',
      '192.0.2.7 - - x 1970-01-01T00:01:00.000Z',
    ],
  ])('writes %s', (_what, text, expected) => {
    expect(only(readLeases(`${KEA_HEADER}\n${text}\n`))).toEqual([expected]);
  });

  it.each([
    '192.0.2.7,,,0,60,1,0,0,x,0,',
    '192.0.2.7,,,60,60,1,0,0,x,1,',
    '192.0.2.7,,,60,60,1,0,0,x,2,',
    '192.0.2.7,,,60,60,1,0,0,x,3,',
  ])('ends a lease with %s', (text) => {
    const reading = readLeases(`${KEA_HEADER}\n192.0.2.7,,,60,60,1,0,0,x,0,\n${text}\n`);
    expect(reading.leases.size).toBe(0);
    expect([...reading.ended]).toEqual([addressOf('192.0.2.7')]);
  });

  it('had fewer columns once, and a header in between', () => {
    const header = 'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state';
    const text = `${header}\n192.0.2.7,,,60,60,1,0,0,x,0\n${KEA_HEADER}\n192.0.2.8,,,60,60,1,0,0,x,0,\n`;
    expect(readLeases(text)).toMatchObject({ badRows: 0, leases: { size: 2 } });
  });

  it('delegates prefixes, which are nobody’s address', () => {
    const header =
      'address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state';
    const reading = readLeases(`${header}\n2001:db8:7::,00:01,60,60,1,30,2,1,48,0,0,,,0\n`);
    expect(reading).toMatchObject({ leases: new Map(), badRows: 0 });
  });

  it.each([
    ['192.0.2.7,,,60,60,1,0,0,x,0', 'has 10 columns, the header 11', '192.0.2.7'],
    ['192.0.2.7,,,60,60,1,0,0,x,0,,', 'has 12 columns, the header 11', '192.0.2.7'],
    ['192.0.2.7,,,,60,1,0,0,x,0,', 'has no valid_lifetime in seconds', '192.0.2.7'],
    ['192.0.2.7,,,60,soon,1,0,0,x,0,', 'has no expire in seconds', '192.0.2.7'],
    ['192.0.2.7,,,60,60,1,0,0,x,active,', 'has no number as its state', '192.0.2.7'],
    ['192.0.2,,,60,60,1,0,0,x,0,', 'does not begin with an IP address', undefined],
  ])('does not write %s', (text, problem, address) => {
    const reading = readLeases(`${KEA_HEADER}\n${text}\n192.0.2.8,,,60,60,1,0,0,x,0,\n`);
    expect(reading.problems).toEqual([{ line: 2, problem }]);
    expect([...reading.unread].map(formatAddress)).toEqual(address === undefined ? [] : [address]);
    expect(reading.leases.size).toBe(1);
  });

  it('names the columns that it needs', () => {
    const reading = readLeases('address,hwaddr,hostname\n192.0.2.7,,x\n');
    expect(reading.problems[0]).toEqual({
      line: 1,
      problem: 'is no header of a lease file: no column valid_lifetime, expire, state, client_id',
    });
    expect(reading.leases.size).toBe(0);
  });
});

describe('a file of nobody', () => {
  it.each(['<html>\n<body>\n', '\x1f\x8b\x08\0\n', '{"leases": []}\n'])('is told as such: %j', (text) => {
    const reading = readLeases(text);
    expect(reading.problems[0]).toEqual({ line: 1, problem: 'is of no lease file of dnsmasq, ISC dhcpd or Kea' });
    expect(reading).toMatchObject({ leases: new Map(), hasUnknownRow: true });
  });

  it.each([
    ['0 02:00:00:00:00:01 192.0.2.7 x\n', 'has not 5 fields'],
    ['lease 192.0.2.7 { ends; }\n', 'has no date behind ends'],
    ['address,hostname\n', 'is no header of a lease file'],
  ])('is left at the first line that somebody writes: %j', (line, problem) => {
    const { problems } = readLeases(`garbage\n\n${line}`);
    expect(problems.map(({ line }) => line)).toEqual([1, 3]);
    expect(problems[1]?.problem).toContain(problem);
  });

  it('that is empty is one that is being written', () => {
    expect(readLeases('')).toMatchObject({ isCut: true, badRows: 0 });
  });

  it('without line ends takes no memory', () => {
    const reading = readLeases(...Array.from({ length: 300 }, () => 'x'.repeat(65_536)));
    expect(reading).toMatchObject({ leases: new Map(), isCut: true });
  });
});
