import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindFormat } from '../../../../src/querylog/readers/bind.ts';
import { BindOctets } from '../../../../src/querylog/readers/bind-octets.ts';
import { Reading } from '../../../support/read-log.ts';

/** Lines in their common form are read from their octets, all others as text: both must say the same. */

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('::', '::1', '1::', '1::2:3', '2001:DB8::0:1', '1:2:3:4:5:6:7::', '::ffff:192.0.2.1', 'fe80::1%eth0'),
  fc.constantFrom(
    '192.0.2',
    '192.0.2.256',
    '192.0.02.1',
    '1.2.3.4.5',
    ':::1',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '1:',
    ':1',
  ),
);
const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const name = fc.oneof(
  { weight: 4, arbitrary: fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.')) },
  fc.constantFrom(
    '.',
    'a.',
    '.a',
    'a..b',
    'x'.repeat(63),
    'x'.repeat(64),
    String.raw`a\.b`,
    String.raw`\032`,
    'a/b',
    "o'd",
  ),
  fc.constantFrom(`${'x.'.repeat(126)}x`, `${'x.'.repeat(127)}x`, 'a\xffb', 'a\x00b', '*', '@'),
);
const port = fc.oneof(fc.nat(65_535).map(String), fc.constantFrom('0', '00053', '65536', '123456', ''));
const type = fc.constantFrom('A', 'AAAA', 'HTTPS', 'PTR', 'TYPE65', 'a', 'NSEC3', 'OPENPGPKEY', 'NOTYPE', 'CNAME1', '');
const flags = fc.oneof(
  fc.constantFrom(
    '+',
    '-',
    '+E(0)K',
    '-SE(0)TDCV',
    '+E',
    '+SETDC',
    '',
    '*',
    '+E(0) K',
    '+'.padEnd(33, 'E'),
    '+'.padEnd(34, 'E'),
  ),
);
const code = fc.constantFrom('NOERROR', 'NXDOMAIN', 'REFUSED', 'SERVFAIL', 'BADCOOKIE', 'RESERVED12', '9', 'OOPS');
const pointer = fc.constantFrom('', '', '@0x7f2c04000b01 ', '@0x1 ', '@0x ', '@0xg ', `@0x${'f'.repeat(17)} `);
const view = fc.constantFrom('', '', ': view internal', ': view in side', ': view a:b', ': view ', ': view');
const rest = fc.constantFrom('', '', '', ' ', ' [ECS 192.0.2.0/24/0]', 'x', ')');
const prefix = fc.constantFrom(
  '21-Nov-2026 12:00:00.123 queries: info: ',
  '2026-11-21T12:00:00.123Z ',
  'Nov 21 12:00:00 ns1 named[7]: ',
  'Nov 21 12:00:00.123456 ns1 named[7]: ',
  'Nov 21 12:00:01 ns1 named[7]: 21-Nov-2026 12:00:00.123 queries: ',
);

const anyBody = fc
  .tuple(pointer, address, port, fc.boolean(), view, fc.boolean(), name, type, flags, code, address, rest)
  .map(([pointer, client, port, isNamed, view, isQuery, name, type, flags, code, server, rest]) => {
    const asked = isNamed ? ` (${name})` : '';
    const what = isQuery ? `query: ${name} IN ${type}` : `response: ${name} IN ${type} ${code} 1 0 12`;
    return `client ${pointer}${client}#${port}${asked}${view}: ${what} ${flags} (${server})${rest}`;
  });

/** What becomes of the line where the reader has seen `before`, or nothing. */
function outcome(line: Buffer, before?: string) {
  const reading = new Reading(bindFormat, { server: '203.0.113.1' });
  if (before !== undefined) reading.record(Buffer.from(before, 'latin1'));
  const { taken, other } = reading;
  reading.record(line);
  const entries = reading.entries();
  const [refused] = Object.keys(reading.refused);
  return {
    entry: entries[0],
    outcome: refused ?? (reading.taken > taken ? 'taken' : reading.other > other ? 'other' : ''),
  };
}

const known = (prefix: string) => `${prefix}client 198.51.100.1#1: update denied`;

describe('the two ways to read a line', () => {
  it('agree on lines of all forms', () => {
    fc.assert(
      fc.property(prefix, anyBody, (prefix, body) => {
        const line = Buffer.from(prefix + body, 'latin1');
        expect(outcome(line, known(prefix))).toEqual(outcome(line));
      }),
      { numRuns: 3000 },
    );
  });

  it('agree on lines with an octet changed, taken out or put in, anywhere', () => {
    fc.assert(
      fc.property(prefix, anyBody, fc.nat(), fc.nat(2), fc.nat(255), (prefix, body, place, kind, octet) => {
        const good = Buffer.from(prefix + body, 'latin1');
        const at = prefix.length + (place % (good.length - prefix.length));
        const line = Buffer.concat([
          good.subarray(0, at),
          kind === 0 ? Buffer.alloc(0) : Buffer.of(octet),
          good.subarray(kind === 2 ? at : at + 1),
        ]);
        expect(outcome(line, known(prefix))).toEqual(outcome(line));
      }),
      { numRuns: 3000 },
    );
  });

  it('agree on the milliseconds, and on seconds that follow', () => {
    const clocks = ['12:00:00.000', '12:00:00.999', '12:00:01.000', '12:00:00.5x0', '12:00:00,123', '12:00:00.1234'];
    for (const clock of clocks) {
      const line = Buffer.from(`21-Nov-2026 ${clock} client 192.0.2.1#53: query: a.example IN A + (192.0.2.53)`);
      expect(outcome(line, known('21-Nov-2026 12:00:00.123 '))).toEqual(outcome(line));
    }
  });

  it('are not the same way: common lines need no text', () => {
    const reader = new BindOctets({ client: (client) => client });
    const bodies = [
      '@0x7f2c04000b01 192.0.2.1#53211 (h1.example): query: h1.example IN A +E(0)K (192.0.2.53)',
      '192.0.2.1#53211 (h1.example): query: h1.example IN AAAA + (192.0.2.53)',
      '@0x1 2001:db8::1#53211 (h1.example): view internal: query: h1.example IN HTTPS -E(0)DK (2001:db8::53#53)',
      '@0x1 192.0.2.1#53211 (h1.example): query: h1.example IN A +E(0)K (192.0.2.53) [ECS 192.0.2.0/24/0]',
    ].map((body) => Buffer.from(body));
    for (const body of bodies) expect(reader.read(body, 0, body.length), body.toString()).toBe('query');
    const response = Buffer.from('@0x1 192.0.2.1#5 (a): response: a IN A NXDOMAIN 0 1 1 +E(0)K (192.0.2.53)');
    expect(reader.read(response, 0, response.length)).toBe('response');
  });
});
