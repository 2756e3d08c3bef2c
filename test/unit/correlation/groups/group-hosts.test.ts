import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../../src/core/address.ts';
import { groupHosts } from '../../../../src/correlation/groups/group-hosts.ts';
import { formatName } from '../../../../src/dns/name.ts';
import { BotNet } from '../../../support/bot-net.ts';

const C2 = '203.0.113.66';

/** `hosts` people who all use two CDNs, and each some sites that few others do. */
function populate(world: BotNet, hosts: number): void {
  for (let host = 1; host <= hosts; host++) {
    world.visit(host, 'www.cdn.example', '198.51.100.1');
    world.beacon(host, 'mail.cdn.example', '198.51.100.2', 300, 993);
    for (let site = 0; site < 5; site++) {
      const number = (host * 7 + site * 13) % (hosts * 2);
      world.visit(host, `www.site${number}.example.net`, `203.0.113.${number % 60}`, 443, site * 100);
    }
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe.each([50, 5000])('groups among %i hosts', (hosts) => {
  it('joins the hosts of a beacon net, and names its server first', () => {
    const world = new BotNet();
    populate(world, hosts);
    for (const host of range(3, 8)) world.beacon(host, 'c2.evil.example', C2);
    world.suspect(0.6, ...range(3, 8));
    // Suspects that have nothing but CDNs and their sites in common.
    world.suspect(0.5, ...range(20, 29));
    expect(world.members()).toEqual([range(3, 8)]);
    const [group] = world.groups();
    const [first] = group!.candidates;
    expect(formatAddress(first!.address!)).toBe(C2);
    expect(formatName(first!.name!)).toBe('c2.evil.example');
    expect(first).toMatchObject({ role: 'c2', ports: [8080], suspects: 6, others: 0 });
    expect(first!.contactedBy).toHaveLength(6);
    expect(group!.features.map(({ feature }) => feature)).toContainEqual({
      kind: 'destination',
      address: first!.address,
      port: 8080,
    });
    expect(group!.features.some(({ feature }) => feature.kind === 'timing')).toBe(true);
    expect(group!.matches.length).toBe(15);
    expect(group!.hosts.every(({ matches }) => matches >= 3)).toBe(true);
  });

  it('lets CDNs and mail providers join nobody', () => {
    const world = new BotNet();
    populate(world, hosts);
    world.suspect(0.7, ...range(1, 20).filter((host) => host % 2 === 0));
    expect(world.members()).toEqual([]);
  });

  it('keeps a server of a few honest hosts from joining them, suspect or not', () => {
    const world = new BotNet();
    populate(world, hosts);
    for (const host of range(10, 15)) world.beacon(host, 'wiki.department.example', '203.0.113.200');
    world.suspect(0.12, ...range(10, 12));
    expect(world.members()).toEqual([]);
  });
});

describe('two nets', () => {
  function twoNets(): BotNet {
    const world = new BotNet();
    populate(world, 200);
    for (const host of range(1, 6)) world.beacon(host, 'c2.one.example', '203.0.113.101');
    for (const host of range(11, 16)) world.beacon(host, 'c2.two.example', '203.0.113.102', 900);
    world.suspect(0.7, ...range(1, 6), ...range(11, 16));
    return world;
  }

  it('stay two', () => {
    expect(new Set(twoNets().members().map(String))).toEqual(new Set([String(range(1, 6)), String(range(11, 16))]));
  });

  it('stay two with an infected host of both', () => {
    const world = twoNets();
    world.beacon(1, 'c2.two.example', '203.0.113.102', 900);
    const members = world.members();
    expect(members).toHaveLength(2);
    expect(members.flat()).toHaveLength(12);
  });

  it('stay two with a name and a victim in common', () => {
    const world = twoNets();
    for (const host of [...range(1, 6), ...range(11, 16)]) {
      world.beacon(host, 'myip.example', '203.0.113.103', 1800);
      for (let syn = 0; syn < 200; syn++) world.connect(host, '192.0.2.200', 80, 7200 + syn / 10, false);
    }
    expect(new Set(world.members().map(String))).toEqual(new Set([String(range(1, 6)), String(range(11, 16))]));
    const [group] = world.groups();
    expect(
      group!.victims.map(({ address, attackedBy, syns }) => [formatAddress(address), attackedBy.length, syns]),
    ).toEqual([['192.0.2.200', 6, 1200]]);
    expect(group!.candidates.slice(0, 2).map(({ address }) => formatAddress(address!))).not.toContain('192.0.2.200');
  });

  it('are the same whatever the order of hosts', () => {
    const world = twoNets();
    const groups = world.groups();
    expect(world.groups((hosts) => hosts.reverse())).toEqual(groups);
    expect(world.groups((hosts) => hosts.sort((a, b) => ((a * 7919) % 31) - ((b * 7919) % 31)))).toEqual(groups);
  });
});

describe('what joins', () => {
  it('takes TXT queries straight to a hard-coded server for a commander', () => {
    const world = new BotNet();
    populate(world, 100);
    for (const host of range(1, 4)) world.askDirectly(host, C2);
    world.suspect(0.8, ...range(1, 4));
    expect(world.members()).toEqual([range(1, 4)]);
    const [first] = world.groups()[0]!.candidates;
    expect(first).toMatchObject({ role: 'c2', ports: [53] });
    expect(first!.reasons).toContain('the gate blocked queries of 4 hosts to it');
  });

  it('does not join people who set the same foreign resolver', () => {
    const world = new BotNet();
    populate(world, 100);
    for (const host of range(1, 4)) world.askDirectly(host, '203.0.113.8', 1, 40);
    world.suspect(0.4, ...range(1, 4));
    expect(world.members()).toEqual([]);
  });

  it('follows a name whose addresses change quickly', () => {
    const world = new BotNet();
    populate(world, 100);
    for (const host of range(1, 5)) {
      for (let beat = 0; beat < 12; beat++) {
        world.visit(host, 'flux.example', `203.0.113.${100 + ((host + beat) % 40)}`, 443, beat * 600);
      }
    }
    world.suspect(0.6, ...range(1, 5));
    expect(world.members()).toEqual([range(1, 5)]);
    const [first] = world.groups()[0]!.candidates;
    expect(formatName(first!.name!)).toBe('flux.example');
    expect(first!.suspects).toBe(5);
  });

  it('joins hosts by one registrable domain with a name for each', () => {
    const world = new BotNet();
    populate(world, 100);
    for (const host of range(1, 5)) {
      for (let beat = 0; beat < 12; beat++)
        world.ask(host, `id${host}.tunnel.example`, beat * 600 + host, '203.0.113.70');
    }
    world.suspect(0.6, ...range(1, 5));
    expect(world.members()).toEqual([range(1, 5)]);
  });

  it('tells a download server from a commander', () => {
    const world = new BotNet();
    populate(world, 100);
    for (const host of range(1, 5)) {
      world.visit(host, 'get.example', '203.0.113.77', 80, 0);
      world.beacon(host, 'c2.evil.example', C2);
    }
    world.suspect(0.6, ...range(1, 5));
    const roles = world.groups()[0]!.candidates.map(({ role, address }) => [role, formatAddress(address!)]);
    expect(roles.slice(0, 2)).toEqual([
      ['c2', C2],
      ['download', '203.0.113.77'],
    ]);
  });
});

describe('turns', () => {
  it('ranks thousands of servers in many of them', () => {
    const count = (servers: number) => {
      const world = new BotNet();
      for (let server = 0; server < servers; server++) {
        for (const host of range(1, 3)) world.connect(host, `203.0.${113 + (server >> 8)}.${server & 255}`, 8080);
      }
      for (const host of range(1, 3)) world.beacon(host, 'c2.evil.example', C2);
      let turns = 0;
      const suspects = range(1, 3).map((host) => ({ host, score: 0.9 }));
      const work = groupHosts(world.pairs, suspects, world, Date.UTC(2026, 0, 16));
      while (work.next().done === false) turns++;
      return turns;
    };
    expect(count(6000) - count(100)).toBeGreaterThan(30);
  });

  it('lets others work between, and bears that hosts go meanwhile', () => {
    const world = new BotNet();
    populate(world, 1000);
    for (const host of range(1, 40)) world.beacon(host, 'c2.evil.example', C2);
    world.suspect(0.6, ...range(1, 1000));
    let turns = 0;
    const original = world.pairs;
    const groups = world.groups((hosts) => {
      turns++;
      for (const host of range(30, 40)) original.forget(host);
      return hosts;
    });
    expect(turns).toBe(1);
    expect(groups[0]!.hosts.length).toBeLessThanOrEqual(29);
  });
});
