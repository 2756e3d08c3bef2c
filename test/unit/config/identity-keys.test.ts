import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { composeConfig } from '../../../src/config/compose.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';

const read = (text: string) => parseConfig(text, 'gluewall.yaml').clients;

describe('clients', () => {
  it('are read', () => {
    expect(
      read('clients: {leases: [/var/lib/misc/dnsmasq.leases], resolver: "192.0.2.53:53", keep: 1d}'),
    ).toMatchObject({
      leases: ['/var/lib/misc/dnsmasq.leases'],
      resolver: { host: '192.0.2.53', port: 53 },
      keep: 86_400_000,
    });
    expect(read('clients: {resolver: "[2001:db8::53]:53"}').resolver).toEqual({ host: '2001:db8::53', port: 53 });
  });

  it('have lease files beside the configuration', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
    try {
      writeFileSync(
        join(folder, 'gluewall.yaml'),
        'clients: {leases: [kea-leases4.csv, /var/lib/dhcp/dhcpd.leases]}\n',
      );
      const { leases } = loadConfig(join(folder, 'gluewall.yaml')).clients;
      expect(leases).toEqual([join(folder, 'kea-leases4.csv'), '/var/lib/dhcp/dhcpd.leases']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are written as they were read', () => {
    const config = parseConfig('clients: {resolver: "[2001:db8::53]:53", name_life: 2h}', 'gluewall.yaml');
    expect(composeConfig(config).clients).toMatchObject({ resolver: '[2001:db8::53]:53', name_life: '2h' });
  });

  it.each([
    ['resolver: resolver.example.org:53', 'is no server: want ADDRESS:PORT, such as 192.0.2.53:53'],
    ['resolver: "192.0.2.53:0"', 'is no server: want ADDRESS:PORT, such as 192.0.2.53:53'],
    ['resolver: 192.0.2.53', 'is no server: want ADDRESS:PORT'],
    ['leases: [""]', 'clients.leases.0: '],
    ['leases: /var/lib/misc/dnsmasq.leases', 'clients.leases: '],
    ['addresses: 1', 'clients.addresses: '],
    ['lease: []', 'did you mean "clients.leases"'],
  ])('%s is refused', (text, message) => {
    expect(() => read(`clients: {${text}}`)).toThrow(message);
  });
});
