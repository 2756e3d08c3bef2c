import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { parseNetwork } from '../../../src/core/address.ts';
import type { ClientRecord } from '../../../src/identity/client-identity.ts';
import { quarantineProblem } from '../../../src/services/quarantine-services.ts';
import { addressOf } from '../../support/observations.ts';

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
