import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Name, parseName } from '../../../src/dns/name.ts';
import { AddressRows } from '../../../src/nsdb/address-rows.ts';

const names = Array.from({ length: 6 }, (_, index) => parseName(`n${index}.test`)!);

function row(zone: Name, nameServer: Name) {
  return { zone, nameServer };
}

describe('AddressRows', () => {
  it('holds what a Map would, few rows or many, whatever comes and goes', () => {
    const step = fc.record({ add: fc.boolean(), zone: fc.constantFrom(...names), server: fc.constantFrom(...names) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const rows = new AddressRows<ReturnType<typeof row>>();
        const model = new Map<string, ReturnType<typeof row>>();
        for (const { add, zone, server } of steps) {
          const key = zone + server;
          const held = model.get(key);
          expect(rows.find(row(zone, server))).toBe(held);
          if (add && held === undefined) {
            const fresh = row(zone, server);
            rows.add(fresh);
            model.set(key, fresh);
          } else if (!add && held !== undefined) {
            rows.delete(held);
            model.delete(key);
          }
          expect(rows.size).toBe(model.size);
          expect([...rows.values()]).toEqual([...model.values()]);
          const zones = new Set([...model.values()].map((each) => each.zone));
          for (const name of names) expect(rows.hasZone(name)).toBe(zones.has(name));
        }
      }),
    );
  });

  it('may change while it is walked', () => {
    const rows = new AddressRows<ReturnType<typeof row>>();
    for (const zone of names) rows.add(row(zone, zone));
    const seen: Name[] = [];
    for (const each of rows.values()) {
      seen.push(each.zone);
      rows.delete(each);
    }
    expect(seen).toEqual(names);
    expect(rows.size).toBe(0);
  });
});
