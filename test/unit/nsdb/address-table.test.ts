import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { AddressTable } from '../../../src/nsdb/address-table.ts';
import { addressOf } from '../../support/observations.ts';

/** Some that share words with others: an IPv4 address and IPv6 addresses that begin, or end, with its octets. */
const ADDRESSES = [
  '0.0.0.0',
  '::',
  '203.0.113.53',
  'cb00:7135::',
  '::203.0.113.53',
  '203.0.113.54',
  '255.255.255.255',
  'ffff:ffff::',
  '2001:db8::53',
  '2001:db8::54',
  '2001:db8:0:1::53',
  '2001:db8:0:1:1::53',
  '128.0.0.1',
  '0.0.0.1',
].map(addressOf);

describe('AddressTable', () => {
  it('gives one number to each address of both families', () => {
    const table = new AddressTable(ADDRESSES.length);
    const ids = ADDRESSES.map((address) => table.intern(address));
    expect(new Set([0, ...ids]).size).toBe(ADDRESSES.length + 1);
    expect(ids.map((id) => table.addressOf(id))).toEqual(ADDRESSES);
    expect(ADDRESSES.map((address) => table.find(address))).toEqual(ids);
    expect(table.size).toBe(ADDRESSES.length);
  });

  it('refuses beyond its most addresses, and finds what it has', () => {
    const table = new AddressTable(1);
    const id = table.intern(addressOf('203.0.113.1'));
    expect(table.intern(addressOf('203.0.113.2'))).toBe(0);
    expect(table.intern(addressOf('2001:db8::1'))).toBe(0);
    expect(table.intern(addressOf('203.0.113.1'))).toBe(id);
  });

  it('what hangs on an address is gone when its number comes again', () => {
    const table = new AddressTable(1);
    const id = table.intern(addressOf('2001:db8::1'));
    table.setRows(id, 3);
    table.addZoneCount(id, 1);
    table.setUntil(id, Number.POSITIVE_INFINITY, 2);
    table.setTold(id, true);
    expect([table.rows(id), table.zoneCount(id), table.untilMs(id), table.origin(id), table.isTold(id)]).toEqual([
      3,
      1,
      Number.POSITIVE_INFINITY,
      2,
      true,
    ]);
    table.drop(id);
    expect(table.intern(addressOf('203.0.113.1'))).toBe(id);
    expect([table.rows(id), table.zoneCount(id), table.untilMs(id), table.origin(id), table.isTold(id)]).toEqual([
      0,
      0,
      0,
      0,
      false,
    ]);
    expect(table.find(addressOf('2001:db8::1'))).toBe(0);
  });

  it('behaves as a map with counts, whatever is asked of it', () => {
    const address = fc.constantFrom(...ADDRESSES);
    const step = fc.record({ do: fc.constantFrom('intern', 'retain', 'release', 'drop', 'find'), address });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const most = 8;
        const table = new AddressTable(most);
        const model = new Map<Address, { id: number; count: number }>();
        for (const { do: what, address } of steps) {
          const held = model.get(address);
          if (what === 'find') expect(table.find(address)).toBe(held?.id ?? 0);
          if (what === 'intern') {
            const id = table.intern(address);
            if (held !== undefined) expect(id).toBe(held.id);
            else if (model.size >= most) expect(id).toBe(0);
            else {
              expect([...model.values()].map((other) => other.id)).not.toContain(id);
              model.set(address, { id, count: 0 });
            }
          }
          if (held === undefined) continue;
          if (what === 'retain') {
            table.retain(held.id);
            held.count++;
          }
          if (what === 'release' && held.count > 0) {
            table.release(held.id);
            if (--held.count === 0) model.delete(address);
          }
          if (what === 'drop') {
            table.drop(held.id);
            if (held.count === 0) model.delete(address);
          }
        }
        expect(table.size).toBe(model.size);
        for (const [address, { id }] of model) {
          expect(table.find(address)).toBe(id);
          expect(table.addressOf(id)).toBe(address);
        }
      }),
      { numRuns: 500 },
    );
  });
});
