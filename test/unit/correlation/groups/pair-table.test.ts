import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PairTable } from '../../../../src/correlation/groups/pair-table.ts';
import { BotNet, SITE } from '../../../support/bot-net.ts';
import { addressOf } from '../../../support/observations.ts';

const STEP = fc.oneof(
  fc.record({ do: fc.constant('connect' as const), host: fc.nat(6), server: fc.nat(8), atSeconds: fc.nat(1000) }),
  fc.record({ do: fc.constant('forget' as const), host: fc.nat(6) }),
);

describe('PairTable', () => {
  it('holds what a Map of Maps holds', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 200 }), (steps) => {
        const net = new BotNet({ pairs: 1000, hosts: 10 });
        const model = new Map<number, Map<string, number>>();
        for (const step of steps) {
          if (step.do === 'forget') {
            net.pairs.forget(step.host);
            model.delete(step.host);
            continue;
          }
          const server = step.server % 2 === 0 ? `203.0.113.${step.server}` : `2001:db8::${step.server}`;
          net.connect(step.host, server, 443, step.atSeconds);
          const held = model.get(step.host) ?? new Map<string, number>();
          held.set(server, (held.get(server) ?? 0) + 1);
          model.set(step.host, held);
        }
        const servers = new Set([...model.values()].flatMap((held) => [...held.keys()]));
        expect(net.pairs.size).toBe([...model.values()].reduce((sum, held) => sum + held.size, 0));
        expect(net.pairs.hostCount).toBe(model.size);
        for (const server of servers) {
          const feature = net.pairs.features.findDestination(addressOf(server), 443);
          expect(net.pairs.features.hosts(feature)).toBe([...model.values()].filter((held) => held.has(server)).length);
          expect(net.pairs.features.addressOf(feature)).toBe(addressOf(server));
        }
        for (const host of [...model.keys()]) net.pairs.forget(host);
        expect([net.pairs.size, net.pairs.features.size]).toEqual([0, 0]);
      }),
    );
  });

  it('leaves out the newest of a host with a million destinations, and says how many', () => {
    const net = new BotNet({ pairs: 100_000, hosts: 100 });
    net.connect(2, '203.0.113.9', 443);
    for (let n = 0; n < 60_000; n++) net.connect(1, `11.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, 443, 0, false);
    expect(net.pairs.pairsOf(1)).toBe(20_000);
    expect(net.pairs.counts.ofFullHosts).toBe(40_000);
    expect(net.pairs.pairsOf(2)).toBe(1);
  });

  it('makes room, first at the cost of hosts with more than their share', () => {
    const net = new BotNet({ pairs: 1000, hosts: 100 });
    for (let host = 10; host < 30; host++) net.connect(host, `203.0.113.${host}`, 443, 0);
    for (let n = 0; n < 5000; n++) net.connect(1, `11.0.${n >> 8}.${n & 255}`, 443, 100, false);
    expect(net.pairs.size).toBeGreaterThan(990);
    expect(net.pairs.size + net.pairs.counts.pushedOut).toBe(5020);
    for (let host = 10; host < 30; host++) expect(net.pairs.pairsOf(host)).toBe(1);
  });

  it.each([
    ['short', (host: number, n: number) => `www.shop-${host}-${n}.example`],
    ['long', (host: number, n: number) => `${`${'x'.repeat(60)}.`.repeat(3)}h${host}-${n}.example`],
  ])('makes room for names, however many %s ones came before', (_, nameOf) => {
    const net = new BotNet({ pairs: 5000, hosts: 1000 });
    for (let host = 0; host < 100; host++) for (let n = 0; n < 60; n++) net.ask(host, nameOf(host, n), host * 60 + n);
    const others = Array.from({ length: 200 }, (_, index) => 500 + index);
    for (const host of others) net.ask(host, `${'c'.repeat(host % 60)}2.evil-${host}.example`, 100_000 + host);
    expect(others.filter((host) => net.pairs.pairsOf(host) === 0)).toEqual([]);
  });

  it('leaves out what is of the site itself', () => {
    const net = new BotNet();
    for (const server of ['192.0.2.53', '192.0.2.25', '198.18.9.9']) net.connect(1, server, 443);
    net.ask(1, '9.2.0.192.in-addr.arpa');
    net.ask(1, 'printer');
    expect(net.pairs.size).toBe(0);
    const open = new PairTable({ pairs: 10, hosts: 10 }, { ...SITE, insideNetworks: [] });
    expect(open.size).toBe(0);
  });

  it('bears times that jump and are none', () => {
    const net = new BotNet();
    for (const atSeconds of [1e9, 0, -1e12, 1e12, 5]) net.connect(1, '203.0.113.1', 443, atSeconds);
    const pair = net.pairs.firstPair(1);
    expect(net.pairs.firstAtMs(pair)).toBe(0);
    expect(net.pairs.lastAtMs(pair)).toBe(0xffffffff * 1000);
  });
});
