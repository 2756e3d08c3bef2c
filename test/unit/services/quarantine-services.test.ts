import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { parseNetwork } from '../../../src/core/address.ts';
import { silentLog } from '../../../src/core/log.ts';
import { Quarantines } from '../../../src/firewall/quarantines.ts';
import type { ClientRecord } from '../../../src/identity/client-identity.ts';
import { quarantineProblem, quarantineServices } from '../../../src/services/quarantine-services.ts';
import { addressOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MAC = 0x0200000000ab;

function problemOfMac(
  records: readonly { readonly addresses: readonly Address[]; readonly isBehindRouter: boolean }[],
) {
  return quarantineProblem(
    { mac: MAC },
    {
      insideNetworks: () => [parseNetwork('192.0.2.0/24')!],
      trustedResolvers: () => [addressOf('192.0.2.53')],
      clients: { recordsOfMac: (mac) => (mac === MAC ? (records as ClientRecord[]) : []) },
    },
  );
}

describe('a quarantine', () => {
  it.each([0, 2])('says that %i switches drop what the host sends', (connected) => {
    const clock = new VirtualClock(1_800_000_000_000);
    const services = quarantineServices({
      clock,
      quarantines: new Quarantines(clock, silentLog, () => {}),
      switches: () => connected,
      insideNetworks: () => [],
      trustedResolvers: () => [],
    });
    const wanted = { scope: 'dns', forMs: 60_000, reason: 'a test', owner: 'admin' } as const;
    const host = { address: addressOf('192.0.2.66') };
    expect(services.quarantineBegin({ host, ...wanted })).toMatchObject({ host: '192.0.2.66', switches: connected });
  });
});

describe('a hardware address', () => {
  it('may be put in quarantine when it is that of a host, or nobody knows whose it is', () => {
    expect(problemOfMac([])).toBeUndefined();
    const addresses = [addressOf('192.0.2.66'), addressOf('fe80::66')];
    expect(problemOfMac([{ addresses, isBehindRouter: false }])).toBeUndefined();
  });

  it('is refused when a trusted resolver has it', () => {
    const addresses = [addressOf('192.0.2.66'), addressOf('192.0.2.53')];
    expect(problemOfMac([{ addresses, isBehindRouter: false }])).toMatch(
      /^02:00:00:00:00:ab has 192\.0\.2\.53, a trusted resolver: .*trusted_resolvers/,
    );
  });

  it('is refused when many stand behind it, and is told how many', () => {
    const records = [1, 2, 3].map((last) => ({ addresses: [addressOf(`192.0.2.${last}`)], isBehindRouter: true }));
    expect(problemOfMac(records)).toMatch(/^02:00:00:00:00:ab is a router, with 3 addresses behind it: .*address/);
  });
});
