import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takePrefix } from '../../../src/querylog/line-prefix.ts';
import { SourceTime } from '../../../src/querylog/source-time.ts';

function sourceTime(): SourceTime {
  return new SourceTime({
    zone: 'Europe/Vienna',
    nowMs: () => Date.parse('2026-11-21T18:00:00Z'),
  });
}

/** `TIME | HOST | PROGRAM | REST`. */
function taken(line: string): string {
  const { atMs, host, program, rest } = takePrefix(line, sourceTime());
  const at = typeof atMs === 'number' ? new Date(atMs).toISOString() : (atMs ?? '-');
  return [at, host ?? '-', program ?? '-', rest].join(' | ');
}

describe('what stands in front of a message', () => {
  it.each([
    // As syslog daemons write it.
    ['Nov 21 09:08:07 ns1 named[77]: client x', '2026-11-21T08:08:07.000Z | ns1 | named | client x'],
    ['Nov  1 09:08:07 ns1 named: client x', '2026-11-01T08:08:07.000Z | ns1 | named | client x'],
    ['Nov 1 09:08:07 ns1 named[77]: x', '2026-11-01T08:08:07.000Z | ns1 | named | x'],
    ['<30>Nov 21 09:08:07 192.0.2.53 named[77]: x', '2026-11-21T08:08:07.000Z | 192.0.2.53 | named | x'],
    ['Nov 21 09:08:07 2001:db8::53 named[77]: x', '2026-11-21T08:08:07.000Z | 2001:db8::53 | named | x'],
    ['Nov 21 09:08:07 relay.example 192.0.2.9 named[7]: x', '2026-11-21T08:08:07.000Z | relay.example | named | x'],
    [
      'Nov 21 09:08:07 <VM-HOSTNAME> pdns_recursor[7]: x',
      '2026-11-21T08:08:07.000Z | <VM-HOSTNAME> | pdns_recursor | x',
    ],
    ['Nov 21 09:08:07 dnsmasq[7]: query[A] a from b', '2026-11-21T08:08:07.000Z | - | dnsmasq | query[A] a from b'],
    ['Nov 21 09:08:07 unbound[7:0] info: x', '2026-11-21T08:08:07.000Z | - | unbound | info: x'],
    ['Nov 21 09:08:07 fw unbound: [7:0] info: x', '2026-11-21T08:08:07.000Z | fw | unbound | [7:0] info: x'],
    ['Nov 21 09:08:07.123456 ns1 named[77]: x', '2026-11-21T08:08:07.123Z | ns1 | named | x'],
    ['Nov 21 2024 09:08:07 ns1 named[77]: x', '2024-11-21T08:08:07.000Z | ns1 | named | x'],
    ['2024 Nov 21 09:08:07 ns1 named[77]: x', '2024-11-21T08:08:07.000Z | ns1 | named | x'],
    ['Nov 21 09:08:07 2024 ns1 named[77]: x', '2024-11-21T08:08:07.000Z | ns1 | named | x'],
    ['Sat Nov 21 09:08:07 2026 daemon.info dnsmasq[7]: x', '2026-11-21T08:08:07.000Z | daemon.info | dnsmasq | x'],
    ['nov 21 09:08:07 ns1 named[77]: x', '2026-11-21T08:08:07.000Z | ns1 | named | x'],
    ['Nov 21 09:08:07: ns1 named[77]: x', '2026-11-21T08:08:07.000Z | ns1 | named | x'],
    // RFC 5424.
    ['<30>1 2026-11-21T09:08:07.5Z ns1 named 77 - - x y', '2026-11-21T09:08:07.500Z | ns1 | named | x y'],
    ['<30>1 2026-11-21T09:08:07+01:00 - - - - - x', '2026-11-21T08:08:07.000Z | - | - | x'],
    ['<30>1 2026-11-21T09:08:07Z h p 7 q [a@1 b="x]\\"y"][c d="e"] x', '2026-11-21T09:08:07.000Z | h | p | x'],
    ['<30>1 2026-11-21T09:08:07Z h p 7 q [a] \xef\xbb\xbfx', '2026-11-21T09:08:07.000Z | h | p | x'],
    ['<30>1 2026-11-21T09:08:07Z h p 7 q -', '2026-11-21T09:08:07.000Z | h | p | '],
    ['<30>1 - ns1 named - - - x', '- | ns1 | named | x'],
    ['<30>1 soon ns1 named - - - x', 'no such time | ns1 | named | x'],
    // ISO 8601.
    ['2026-11-21T09:08:07.123Z ns1 named[77]: x', '2026-11-21T09:08:07.123Z | ns1 | named | x'],
    ['2026-11-21T09:08:07.123456-03:30 ns1 named[77]: x', '2026-11-21T12:38:07.123Z | ns1 | named | x'],
    ['2026-11-21T09:08:07+0100 ns1 named[77]: x', '2026-11-21T08:08:07.000Z | ns1 | named | x'],
    ['2026-11-21 09:08:07 +0100 ns1 named[77]: x', '2026-11-21T08:08:07.000Z | ns1 | named | x'],
    ['2026-11-21 09:08:07,250 named[77]: x', '2026-11-21T08:08:07.250Z | - | named | x'],
    ['2026/11/21 09:08:07 x', '2026-11-21T08:08:07.000Z | - | - | x'],
    ['2026-11-21T09:08:07Z [INFO] plugin/reload: x', '2026-11-21T09:08:07.000Z | - | - | [INFO] plugin/reload: x'],
    // Files of servers.
    ['21-Nov-2026 09:08:07.123 client x', '2026-11-21T08:08:07.123Z | - | - | client x'],
    ['1-Nov-2026 09:08:07 client x', '2026-11-01T08:08:07.000Z | - | - | client x'],
    ['[1795255872] unbound[7:0] info: x', '2026-11-21T10:11:12.000Z | - | unbound | info: x'],
    ['[1795255872.25] unbound[7:0] info: x', '2026-11-21T10:11:12.250Z | - | unbound | info: x'],
    ['18:59:59.5 client x', '2026-11-21T17:59:59.500Z | - | - | client x'],
    // The server's own time behind that of syslog.
    [
      '<30>Nov 21 09:09:00 ns1 named[77]: 21-Nov-2024 09:08:07.834 queries: client x',
      '2024-11-21T08:08:07.834Z | ns1 | named | queries: client x',
    ],
    [
      'Nov 21 09:09:00 ns1 named[77]: infoblox-responses: 21-Nov-2024 09:08:07.834 client x',
      '2024-11-21T08:08:07.834Z | ns1 | named | client x',
    ],
    // journalctl without times, and nothing at all.
    ['ns1 named[77]: client x', '- | ns1 | named | client x'],
    ['named[77]: client x', '- | - | named | client x'],
    ['client 192.0.2.1#53: query: x IN A', '- | - | - | client 192.0.2.1#53: query: x IN A'],
    ['security: info: client x', '- | - | - | security: info: client x'],
    ['query[A] a.example from 192.0.2.1', '- | - | - | query[A] a.example from 192.0.2.1'],
    ['', '- | - | - | '],
    // What is no time of a program, or no time.
    ['Nov 21 09:08:07 client 192.0.2.1#53: x', '2026-11-21T08:08:07.000Z | - | - | client 192.0.2.1#53: x'],
    ['31-Nov-2026 09:08:07.123 client x', 'no such time | - | - | client x'],
    ['21-Nov-2027 09:08:07.123 client x', 'a time that is to come | - | - | client x'],
    ['21-okt-2026 09:08:07.123 client x', 'no such time | - | - | client x'],
    ['21-Nov-2026 09:08:07.123client x', '- | - | - | 21-Nov-2026 09:08:07.123client x'],
    ['Nov 21 9:08:07 ns1 named[77]: x', '- | - | - | Nov 21 9:08:07 ns1 named[77]: x'],
    ['<30>', '- | - | - | '],
  ])('%s', (line, expected) => {
    expect(taken(line)).toBe(expected);
  });

  it('asks the clock of the source only for the time that counts', () => {
    const time = sourceTime();
    takePrefix('Nov 21 09:09:00 ns1 named[77]: 21-Nov-2024 09:08:07.834 client x', time);
    expect(time.assumptions).toEqual(['zone']);
    takePrefix('Nov 21 09:09:00 ns1 named[77]: client x', time);
    expect(time.assumptions).toEqual(['year', 'zone']);
  });
});

describe('any text', () => {
  const PARTS = [
    '<30>',
    '1 ',
    'Nov 21 09:08:07 ',
    '2026-11-21T09:08:07.123Z ',
    '21-Nov-2026 09:08:07.123 ',
    'ns1 ',
    'named[77]: ',
    '[a b="',
    '"] ',
    '- ',
    '\\',
    ':',
    ' ',
    '\0',
    '\xff',
  ];

  it('is taken apart without a throw: what is left is its end', () => {
    const anyLine = fc.oneof(
      fc.array(fc.constantFrom(...PARTS), { maxLength: 12 }).map((parts) => parts.join('')),
      fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets).toString('latin1')),
    );
    fc.assert(
      fc.property(anyLine, (line) => {
        const { atMs, rest } = takePrefix(line, sourceTime());
        expect(line.endsWith(rest)).toBe(true);
        expect(['number', 'string', 'undefined']).toContain(typeof atMs);
        expect(Number.isNaN(atMs)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(PARTS)('of 64 KiB of %j takes little time', (part) => {
    const fronts = ['', '<30>', '<30>1 2026-11-21T09:08:07Z h p 7 q ', 'Nov 21 09:08:07 ', 'Nov 21 09:08:07 a ', 'a[1'];
    const before = performance.now();
    for (const front of fronts) takePrefix(front + part.repeat(65_536 / part.length), sourceTime());
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
