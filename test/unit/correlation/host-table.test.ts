import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostTable } from '../../../src/correlation/host-table.ts';
import { address, BEGIN_MS, HOST, outside, query } from '../../support/host-events.ts';

const OTHER = address('192.0.2.8');
const MAC = 0x020000000001;
const NEXT_MAC = 0x020000000002;

function tableOf(most: number) {
  const forgotten: number[] = [];
  return { table: new HostTable(most, (host) => forgotten.push(host)), forgotten };
}

describe('HostTable', () => {
  it('gives a host one number, and another host another', () => {
    const { table } = tableOf(10);
    const first = table.numberOf(query(0));
    const other = table.numberOf(query(1, { host: OTHER }));
    expect(other).not.toBe(first);
    expect(table.numberOf(query(2))).toBe(first);
    expect(table.size).toBe(2);
    expect(table.address(other)).toBe(OTHER);
    expect(table.lastAtMs(first)).toBe(query(2).atMs);
    expect(table.numbersOf(HOST)).toEqual([first]);
    expect(table.numbersOf(address('2001:db8::1'))).toEqual([]);
  });

  it('tells hosts with one address apart by their MAC addresses, the one seen last first', () => {
    const { table } = tableOf(10);
    const first = table.numberOf(query(0, { mac: MAC }));
    const next = table.numberOf(query(1, { mac: NEXT_MAC }));
    expect(next).not.toBe(first);
    expect(table.numbersOf(HOST)).toEqual([next, first]);
    expect(table.numberOf(query(2))).toBe(next);
    expect(table.numberOf(query(3, { mac: MAC }))).toBe(first);
    expect(table.numberOf(query(4))).toBe(first);
    expect(table.numbersOf(HOST)).toEqual([first, next]);
    expect([table.mac(first), table.mac(next)]).toEqual([MAC, NEXT_MAC]);
  });

  it('takes a MAC address that is seen late for that of the host there', () => {
    const { table } = tableOf(10);
    const host = table.numberOf(query(0));
    expect(table.mac(host)).toBeUndefined();
    expect(table.numberOf(query(1, { mac: MAC }))).toBe(host);
    expect(table.mac(host)).toBe(MAC);
    expect(table.numberOf(query(2, { mac: NEXT_MAC }))).not.toBe(host);
  });

  it('forgets the host seen least and longest ago, and uses its number again', () => {
    const { table, forgotten } = tableOf(2);
    const first = table.numberOf(query(0));
    const second = table.numberOf(query(1, { host: OTHER }));
    table.numberOf(query(2));
    const third = table.numberOf(query(3, { host: outside(1) }));
    expect(forgotten).toEqual([second]);
    expect(third).toBe(second);
    expect(table.forgotten).toBe(1);
    expect(table.size).toBe(2);
    expect(table.numbersOf(OTHER)).toEqual([]);
    expect(table.numbersOf(HOST)).toEqual([first]);
  });

  it('holds few hosts with one address, however many MAC addresses are made up for it', () => {
    const { table, forgotten } = tableOf(1000);
    const neighbour = table.numberOf(query(0, { host: OTHER, mac: MAC }));
    for (let mac = 1; mac <= 500; mac++) table.numberOf(query(mac, { mac }));
    expect(table.numbersOf(HOST)).toHaveLength(16);
    expect(table.size).toBe(17);
    expect(forgotten).not.toContain(neighbour);
    expect(table.mac(table.numbersOf(HOST)[0]!)).toBe(500);
  });

  it('keeps those seen often, however many addresses and MAC addresses are made up for a packet', () => {
    const { table, forgotten } = tableOf(1000);
    const bots = Array.from({ length: 50 }, (_, index) => {
      const bot = { host: outside(index), mac: MAC };
      let number = 0;
      for (let atMs = 0; atMs < 40; atMs++) number = table.numberOf(query(atMs, bot));
      return number;
    });
    for (let index = 0; index < 20_000; index++) table.numberOf(query(100 + index, { host: outside(1000 + index) }));
    for (let mac = 0; mac < 500; mac++) table.numberOf(query(30_000 + mac, { host: outside(0), mac: 0x10000 + mac }));
    expect(forgotten.filter((host) => bots.includes(host))).toEqual([]);
    expect(table.forgotten).toBe(forgotten.length);
    const days = 86_400_000;
    for (let index = 0; index < 20_000; index++)
      table.numberOf(query(7 * days + index, { host: outside(50_000 + index) }));
    expect(forgotten).toEqual(expect.arrayContaining(bots));
  });

  it('agrees with a plain model', () => {
    const step = fc.record({ host: fc.integer({ min: 0, max: 6 }), mac: fc.option(fc.integer({ min: 1, max: 3 })) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (steps, most) => {
        const { table, forgotten } = tableOf(most);
        const model: { number: number; address: number; mac: number | undefined; events: number; atMs: number }[] = [];
        for (const [index, { host, mac }] of steps.entries()) {
          forgotten.length = 0;
          const number = table.numberOf(query(index, { host: outside(host), mac: mac ?? undefined }));
          const withAddress = model.filter((one) => one.address === outside(host)).reverse();
          const newest = withAddress[0];
          const known =
            mac === null
              ? newest
              : (withAddress.find((one) => one.mac === mac) ?? (newest?.mac === undefined ? newest : undefined));
          if (known !== undefined) {
            expect(number).toBe(known.number);
            model.splice(model.indexOf(known), 1);
          } else if (model.length === most) {
            const worths = model.map((one) => Math.log2(one.events) + (BEGIN_MS + one.atMs) / (6 * 3_600_000));
            const [least] = model.splice(worths.indexOf(Math.min(...worths)), 1);
            expect(forgotten).toEqual([least!.number]);
          }
          model.push({
            ...{ number, address: outside(host) as number, mac: known?.mac ?? mac ?? undefined },
            ...{ events: (known?.events ?? 0) + 1, atMs: index },
          });
          expect(table.size).toBe(model.length);
          expect(new Set(model.map((one) => one.number)).size).toBe(model.length);
          expect(table.end).toBeLessThanOrEqual(most);
          for (const one of model) {
            expect(table.isHeld(one.number)).toBe(true);
            expect(table.mac(one.number)).toBe(one.mac);
          }
          const order = model.filter((one) => one.address === outside(host)).reverse();
          expect(table.numbersOf(outside(host))).toEqual(order.map((one) => one.number));
        }
      }),
    );
  });
});
