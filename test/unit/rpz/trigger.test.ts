import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  addressFromOctets,
  formatAddress,
  networkContains,
  parseAddress,
} from '../../../src/core/address.ts';
import { formatName, type Name, parseName } from '../../../src/dns/name.ts';
import { readRpzList } from '../../../src/packs/rpz-list.ts';
import { Protection } from '../../../src/rpz/protection.ts';
import { type Trigger, triggerOwners } from '../../../src/rpz/trigger.ts';
import { RpzZone } from '../../../src/rpz/zone.ts';
import { zoneLines } from '../../../src/rpz/zone-text.ts';

const APEX = parseName('rpz.example.net')!;
const name = (text: string): Name => parseName(text)!;
const address = (text: string): Address => parseAddress(text)!;
const ownersOf = (trigger: Trigger) => triggerOwners(trigger, APEX)?.map(formatName);

describe('triggerOwners', () => {
  it('has a name, and all below it', () => {
    expect(ownersOf({ kind: 'name', name: name('c2.example') })).toEqual([
      'c2.example.rpz.example.net',
      '*.c2.example.rpz.example.net',
    ]);
  });

  it('has the name of a name server alone', () => {
    expect(ownersOf({ kind: 'server-name', name: name('ns.c2.example') })).toEqual([
      'ns.c2.example.rpz-nsdname.rpz.example.net',
    ]);
  });

  it.each([
    ['198.51.100.7', '32.7.100.51.198'],
    ['0.0.0.1', '32.1.0.0.0'],
    ['2001:db8::57:35', '128.35.57.zz.db8.2001'],
    ['2001:db8:1:2:3:4:5:6', '128.6.5.4.3.2.1.db8.2001'],
    ['2001:db8::1:0:0:1', '128.1.0.0.1.zz.db8.2001'],
    ['2001:db8:0:1:1:1:1:1', '128.1.1.1.1.1.0.db8.2001'],
    ['2001:db8::', '128.zz.db8.2001'],
    ['::1', '128.1.zz'],
    ['::', '128.zz'],
  ])('writes the address %s as %s', (text, labels) => {
    const [owner] = ownersOf({ kind: 'server-address', address: address(text) })!;
    expect(owner).toMatch(new RegExp(`^${labels.replaceAll('.', '\\.')}\\.rpz-nsip\\.rpz\\.example\\.net$`));
  });

  it('refuses what is no name any more below the zone', () => {
    const long = name(Array(4).fill('a'.repeat(58)).join('.'));
    expect(long.length).toBe(237);
    expect(triggerOwners({ kind: 'name', name: long }, name('a.b.c.d.e.f'))).toHaveLength(2);
    expect(triggerOwners({ kind: 'name', name: long }, APEX)).toHaveLength(2);
    expect(triggerOwners({ kind: 'name', name: long }, name('rpz.example.network'))).toBeUndefined();
  });

  it('writes every address so that our own reader finds it again', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(octets, (given) => {
        const written = addressFromOctets(Buffer.from(given))!;
        const zone = new RpzZone(APEX, undefined);
        const protection = new Protection({ names: [], addresses: [], networks: [], lists: [] });
        const trigger = { kind: 'server-address', address: written } as const;
        const wanted = [{ trigger, behind: [], why: 'F-1', expiresAtMs: 2000 }];
        zone.update(wanted, protection, { zonesOfAddress: () => [], zonesOfServer: () => [] }, 1000);
        const found = [...readRpzList(Buffer.from([...zoneLines(zone.state)].join('')))];
        expect(found).toHaveLength(1);
        const [finding] = found;
        if (finding?.kind !== 'entry' || finding.entry.kind !== 'network') throw new Error(JSON.stringify(finding));
        expect(formatAddress(finding.entry.network.base)).toBe(formatAddress(written));
        expect(networkContains(finding.entry.network, written)).toBe(true);
      }),
    );
  });
});
