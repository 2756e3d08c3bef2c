import { describe, expect, it } from 'vitest';
import { formatOfProgram, SyslogRouter } from '../../../src/querylog/syslog-route.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function route(message: string, before = '', behind = '') {
  const octets = Buffer.from(`${before}${message}${behind}`, 'latin1');
  return new SyslogRouter(new VirtualClock()).read(octets, before.length, octets.length - behind.length);
}

describe('where a syslog message came from', () => {
  it.each([
    ['RFC 3164', '<30>Jan 15 11:59:58 NS1 named[7]: text', 'ns1', 'named'],
    ['RFC 3164 without a process number', '<30>Jan  5 11:59:58 ns1 dnsmasq: text', 'ns1', 'dnsmasq'],
    ['a program with its folder', '<30>Jan 15 11:59:58 ns1 /usr/sbin/Named[7]: text', 'ns1', 'named'],
    ['RFC 5424', '<30>1 2026-01-15T11:59:59.5Z ns3.example unbound 99 - - text', 'ns3.example', 'unbound'],
    ['an address for a host', '<30>1 2026-01-15T11:59:59Z 2001:db8::1 named 1 - - text', '2001:db8::1', 'named'],
    ['RFC 5424 that says nothing', '<30>1 - - - - - - text', undefined, undefined],
    ['no syslog', 'text', undefined, undefined],
    ['nothing', '', undefined, undefined],
  ])('%s', (_, message, host, program) => {
    expect(route(message)).toEqual({ host, program });
  });

  it.each(['../x', 'a/b', 'a\0b', '-x', 'x'.repeat(191), 'a\x1b[2J'])(
    'a host that can name no source is none: %j',
    (host) => {
      expect(route(`<30>1 2026-01-15T11:59:59Z ${host} named 1 - - text`).host).toBeUndefined();
    },
  );

  it('is read within its octets only', () => {
    const message = '<30>1 2026-01-15T11:59:59Z ns1 named 1 - - text';
    expect(route(message, '<30>1 2026-01-15T11:59:59Z ns9 unbound', ' ns8')).toEqual({ host: 'ns1', program: 'named' });
    for (let end = 0; end < message.length; end++) expect(() => route(message.slice(0, end))).not.toThrow();
  });
});

it('the format follows from the name of the program', () => {
  const names = ['named', 'named-pkcs11', 'pihole-ftl', 'pdns_recursor', 'coredns', 'sshd', '', undefined];
  expect(names.map((name) => formatOfProgram(name)?.name)).toEqual([
    'bind',
    'bind',
    'dnsmasq',
    'powerdns-recursor',
    'coredns',
    undefined,
    undefined,
    undefined,
  ]);
});
