/** Rules, groups, modes, strictness and bypasses on virtual time: which flows a verdict makes, and whom they serve. */
import { describe, expect, it } from 'vitest';
import { isAtOrBelow } from '../../src/dns/name.ts';
import type { Pack } from '../../src/policy/pack.ts';
import { composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';
import { addressOf, nameOf } from '../support/observations.ts';
import { groupOf, ruleOf } from '../support/policies.ts';
import { play, World, type WorldOptions } from '../support/scenario.ts';

const KNOWN = '203.0.113.53';
const UNKNOWN = '203.0.113.8';
const LEARN = `
  0s refer org 198.51.100.2 172800
  0s refer example.org ${KNOWN} 86400
`;
const lab = (options: Parameters<typeof groupOf>[3] = {}, mode: 'monitor' | 'enforce' = 'enforce') =>
  groupOf(7, 'lab', ['192.0.2.66', '2001:db8:7::/64', 'mac:02:00:00:00:00:0a'], options, mode);

const scenario = (text: string, options: WorldOptions = {}) => play(`${LEARN}\n${text}`, options);

describe('the flow of a verdict matches what the verdict read', () => {
  it('what one client is allowed serves no other', () => {
    scenario(`
      1s rule allow from=192.0.2.10 to=${UNKNOWN}
      1s query 192.0.2.10 ${UNKNOWN} www.example.net => asks
      1s released 1
      1s flows allow 192.0.2.10>${UNKNOWN} 65535s
      1s query 192.0.2.11 ${UNKNOWN} www.example.net => asks
      1100ms released 1
      1100ms says ${UNKNOWN} is allowed by rule allow-192.0.2.10-${UNKNOWN} (test) and pass; ${UNKNOWN} is unknown and block
      1100ms query 192.0.2.10 ${UNKNOWN} www.example.net => passes
      1100ms query 192.0.2.11 ${UNKNOWN} www.example.net => drops
    `);
  });

  it('nor over IPv6', () => {
    scenario(`
      1s rule allow from=2001:db8::10 to=2001:db8:9::1
      1s query 2001:db8::10 2001:db8:9::1 www.example.net => asks
      1s flows allow 2001:db8::10>2001:db8:9::1 65535s
      1s query 2001:db8::11 2001:db8:9::1 www.example.net => asks
      1100ms released 1
    `);
  });

  it('what one group is allowed serves no other', () => {
    scenario(
      `
      1s rule allow from=group:lab to=${UNKNOWN}
      1s query 192.0.2.66 ${UNKNOWN} www.example.net => asks
      1s flows allow ${UNKNOWN} group 7 65535s
      1s query 192.0.2.10 ${UNKNOWN} www.example.net => asks
      1100ms released 1
      1100ms query 192.0.2.66 ${UNKNOWN} www.example.net => passes
    `,
      { groups: [lab()] },
    );
  });

  it('a MAC address is matched on, and so is the port', () => {
    const world = scenario('', {
      groups: [groupOf(8, 'port', ['port:7'])],
      rules: [ruleOf('allow', { from: 'mac:02:00:00:00:00:0a', to: UNKNOWN })],
    });
    const macs = '02000000009902000000000a';
    expect(world.query('192.0.2.10', UNKNOWN, 'a.example', { macs })).toBe('asks');
    expect(world.switch.flows()).toEqual([`allow ${UNKNOWN} group 8 mac 02:00:00:00:00:0a 65535s`]);
    expect(world.query('192.0.2.11', UNKNOWN, 'a.example', { macs })).toBe('passes');
    expect(world.query('192.0.2.10', UNKNOWN, 'a.example')).toBe('asks');
    world.clock.advance(60);
    expect(world.switch.released).toHaveLength(1);
  });

  it('a denial of one client is felt by nobody else, before and after', () => {
    scenario(`
      1s query 192.0.2.11 ${KNOWN} www.example.org => asks
      1s flows allow ${KNOWN} 65535s
      2s rule deny from=192.0.2.10 to=${KNOWN}
      2s flows none                                # it passed on a flow of all
      2s query 192.0.2.10 ${KNOWN} www.example.org => asks
      2s flows drop 192.0.2.10>${KNOWN} 10s
      2s query 192.0.2.11 ${KNOWN} www.example.org => asks
      2s released 2
      2s flows allow 192.0.2.11>${KNOWN} 65535s; drop 192.0.2.10>${KNOWN} 10s
      2s query 192.0.2.10 ${KNOWN} www.example.org => drops
      2s query 192.0.2.12 ${KNOWN} www.example.org => asks
      3s unrule deny from=192.0.2.10 to=${KNOWN}
      3s query 192.0.2.10 ${KNOWN} www.example.org => asks
      3s released 4
      3s query 192.0.2.13 ${KNOWN} www.example.org => passes
    `);
  });

  it('a verdict on the name makes no flow for UDP, whichever way it went', () => {
    const world = scenario(
      `
      1s query 192.0.2.10 ${KNOWN} www.example.org => asks
      1s released 1
      1s query 192.0.2.10 ${KNOWN} www.example.net => asks
      1100ms released 1
      1100ms flows none
      1100ms query 192.0.2.10 ${KNOWN} www.example.org => asks
      1100ms released 2
      1100ms query 192.0.2.10 ${UNKNOWN} www.example.org => asks
      1200ms flows drop 192.0.2.10>${UNKNOWN} group 1 10s
      1200ms says ${KNOWN} is registered glueA record and pass; ${KNOWN} is known, but not for this name, and block; ${KNOWN} is registered glueA record and pass; ${UNKNOWN} is unknown and block
    `,
      { groups: [groupOf(1, 'default', [], { check: 'zone' }), lab()].reverse() },
    );
    expect(world.switch.added.filter((line) => line.startsWith('allow'))).toEqual([]);
  });

  it('where a rule reads names, only what it is about is judged one by one', () => {
    scenario(`
      1s rule deny zone=tunnel.example to=${KNOWN}
      1s query 192.0.2.10 ${KNOWN} a.tunnel.example => asks
      1s query 192.0.2.10 ${KNOWN} www.example.org => asks
      1s released 1
      1s flows none
      1s query 192.0.2.10 198.51.100.2 a.tunnel.example => asks
      1s released 2
      1s flows allow 198.51.100.2 65535s
    `);
  });

  it('a deny of a type and one of a protocol', () => {
    scenario(`
      1s rule deny to=${KNOWN} protocol=tcp
      1s query 192.0.2.10 ${KNOWN} www.example.org tcp => asks
      1s query 192.0.2.10 ${KNOWN} www.example.org => asks
      1s flows allow ${KNOWN} protocol 17 65535s; drop 192.0.2.10>${KNOWN} protocol 6 10s
      2s rule deny to=${KNOWN} types=TXT,MX
      2s query 192.0.2.10 ${KNOWN} www.example.org => asks
      2s flows drop 192.0.2.10>${KNOWN} protocol 6 9s
    `);
  });
});

describe('packs', () => {
  const pack: Pack = {
    name: 'bad',
    hasNames: true,
    hasDestination: (destination) => destination === addressOf(KNOWN),
    hasName: (name) => isAtOrBelow(name, nameOf('evil.example')),
  };
  const packs = { get: (name: string) => (name === 'bad' ? pack : undefined) };

  it('are denied behind the rules that allow, by address and by name', () => {
    scenario(
      `
      1s rule deny to=pack:bad
      1s query 192.0.2.10 ${KNOWN} www.example.org => asks
      1s released 0
      1s query 192.0.2.10 198.51.100.2 www.evil.example => asks
      1s released 0
      1s query 192.0.2.10 198.51.100.2 www.example.org => asks
      1s released 1
      1s flows drop 192.0.2.10>${KNOWN} 10s
      2s rule allow to=${KNOWN} from=192.0.2.10
      2s flows none
      2s query 192.0.2.10 ${KNOWN} www.example.org => asks
      2s released 2
      2s flows allow 192.0.2.10>${KNOWN} 65535s
    `,
      { packs },
    );
  });
});

describe('modes', () => {
  it('of one switch: the one group passes and is told, the other is blocked', () => {
    const world = scenario(
      `
      1s query 192.0.2.66 ${UNKNOWN} www.example.net => passes
      1s query 192.0.2.10 ${UNKNOWN} www.example.net => asks
      2s says ${UNKNOWN} is unknown and would block; ${UNKNOWN} is unknown and block
      2s flows drop 192.0.2.10>${UNKNOWN} group 1 10s
      2s query 2001:db8:7::1 2001:db8:9::1 www.example.net => passes
      2s query 2001:db8:8::1 2001:db8:9::1 www.example.net => asks
    `,
      { groups: [lab({}, 'monitor')] },
    );
    expect(world.events.map(({ group, enforced }) => [group, enforced])).toEqual([
      ['lab', false],
      ['default', true],
    ]);
  });

  it('a group that is enforced and monitored again: what stood of it goes at once, what stood of others stays', () => {
    const world = scenario(
      `
      1s query 192.0.2.66 ${UNKNOWN} www.example.net => asks
      1s query 192.0.2.66 ${KNOWN} www.example.org => asks
      1s query 192.0.2.10 ${UNKNOWN} www.example.net => asks
      2s flows allow ${KNOWN} group 7 65534s; drop 192.0.2.10>${UNKNOWN} group 1 10s; drop 192.0.2.66>${UNKNOWN} group 7 10s
    `,
      { groups: [lab()] },
    );
    world.regroup([lab({}, 'monitor')]);
    expect(world.switch.flows()).toEqual([`drop 192.0.2.10>${UNKNOWN} group 1 10s`]);
    expect(world.query('192.0.2.66', UNKNOWN, 'www.example.net')).toBe('passes');
    world.regroup([lab()]);
    expect(world.query('192.0.2.66', UNKNOWN, 'www.example.net')).toBe('asks');
    expect(world.query('192.0.2.10', UNKNOWN, 'www.example.net')).toBe('drops');
  });

  it('flows from before there were groups are about clients that may be in one now: they go', () => {
    const world = scenario(`
      1s query 192.0.2.66 ${UNKNOWN} www.example.net => asks
      1s query 192.0.2.10 ${KNOWN} www.example.org => asks
      2s flows allow ${KNOWN} 65534s; drop 192.0.2.66>${UNKNOWN} 10s
    `);
    world.regroup([lab({}, 'monitor')]);
    expect(world.switch.flows()).toEqual([]);
    expect(world.query('192.0.2.66', UNKNOWN, 'www.example.net')).toBe('passes');
  });

  it('what waits for its verdict gets that of the group that its client is in by then', () => {
    const world = scenario(`1s query 192.0.2.66 ${UNKNOWN} www.example.net => asks`, { groups: [lab()] });
    world.policies.rules.add(ruleOf('allow', { from: 'group:late', to: UNKNOWN }));
    world.regroup([groupOf(9, 'late', ['192.0.2.66'])]);
    expect(world.switch.released).toHaveLength(1);
    expect(world.switch.flows()).toEqual([`allow ${UNKNOWN} group 9 65535s`]);
  });

  it('nor does its flow serve those of the group that it was in when it came', () => {
    const late = groupOf(9, 'late', ['192.0.2.66']);
    const strict = groupOf(7, 'lab', ['192.0.2.66', '192.0.2.67'], { check: 'zone' });
    const world = scenario(`1s query 192.0.2.66 ${UNKNOWN} www.example.net => asks`, { groups: [strict] });
    world.regroup([late, strict]);
    world.refer('example.com', UNKNOWN, 3600);
    expect(world.switch.released).toHaveLength(1);
    expect(world.switch.flows()).toEqual([`allow ${UNKNOWN} group 9 3600s`]);
    expect(world.query('192.0.2.67', UNKNOWN, 'www.example.net')).toBe('asks');
    world.clock.advance(60);
    expect(world.events.map(({ group, verdict }) => [group, verdict])).toEqual([
      ['late', 'allow'],
      ['lab', 'block'],
    ]);
  });

  it('rules in one book may change without end under queries, and none that is permitted is lost', () => {
    const world = scenario('');
    let sent = 0;
    for (let round = 0; round < 50; round++) {
      for (const client of ['192.0.2.10', '192.0.2.66']) {
        if (world.query(client, KNOWN, `h${round}.example.org`) !== 'passes') sent++;
      }
      world.policies.rules.configure([
        ruleOf('deny', { from: `192.0.2.${round + 100}`, to: KNOWN }, { origin: 'configuration' }),
      ]);
      world.regroup(round % 3 === 0 ? [] : [lab(round % 3 === 1 ? {} : { check: 'zone' })]);
      world.clock.advance(10);
    }
    expect(world.switch.released).toHaveLength(sent);
    expect(world.firewall.counters.get('blocked')).toBe(0);
  });
});

describe('strictness', () => {
  const strict = (strictness: Parameters<typeof groupOf>[3]) => ({ groups: [groupOf(1, 'default', [], strictness)] });

  it('an address that is too young is refused, and allowed when it is old enough', () => {
    scenario(
      `
      1s query 192.0.2.10 ${KNOWN} www.example.org => asks
      1s says ${KNOWN} is known too short a time and block
      1s flows drop 192.0.2.10>${KNOWN} 10s
      5s query 192.0.2.10 ${KNOWN} www.example.org => drops
      12s query 192.0.2.10 ${KNOWN} www.example.org => asks
      12s released 1
      12s flows allow ${KNOWN} 65535s
    `,
      strict({ minimumAgeMs: 10_000 }),
    );
  });

  it('RD=1 to a server that is known as an authoritative one: alarm', () => {
    const world = scenario(
      `1s query 192.0.2.10 ${KNOWN} www.example.org => asks`,
      strict({ recursionDesired: 'alarm' }),
    );
    expect(world.said()).toEqual([
      `${KNOWN} is registered glueA record and pass, but is asked to recurse and is no known resolver`,
    ]);
    expect(world.events[0]).toMatchObject({
      verdict: 'allow',
      alarm: 'recursionDesired',
      scope: expect.arrayContaining(['recursionDesired']),
    });
    expect(world.switch.flows()).toEqual([]);
    expect(world.switch.released).toHaveLength(1);
  });

  it('or block, and what does not ask for recursion passes', () => {
    const world = scenario(
      `1s query 192.0.2.10 ${KNOWN} www.example.org => asks`,
      strict({ recursionDesired: 'block' }),
    );
    expect(world.said()).toEqual([`${KNOWN} is an authoritative server asked to recurse and block`]);
    const plain = composeQuery('www.example.org');
    plain.writeUInt16BE(0, 2);
    expect(world.switch.receive(composeFrame(plain, { source: '192.0.2.10', destination: KNOWN }))).toBe('asks');
    expect(world.switch.released).toHaveLength(1);
    expect(world.switch.flows()).toEqual([]);
  });
});

describe('a bypass', () => {
  it('lets all pass, says what would have been, and ends by itself', () => {
    scenario(`
      1s query 192.0.2.10 ${UNKNOWN} www.example.net => asks
      1100ms query 192.0.2.10 ${UNKNOWN} www.example.net => drops
      1100ms says ${UNKNOWN} is unknown and block; ${UNKNOWN} is unknown and block
      2s bypass all 10s
      2s query 192.0.2.10 ${UNKNOWN} www.example.net => passes
      2s query 192.0.2.66 ${UNKNOWN} www.example.net => passes
      3s says ${UNKNOWN} is unknown and would block; ${UNKNOWN} is unknown and would block
      11900ms query 192.0.2.10 ${UNKNOWN} www.example.net => passes
      12s query 192.0.2.10 ${UNKNOWN} www.example.net => asks
    `);
  });

  it('of a group is of that group, and ends by hand', () => {
    scenario(
      `
      1s bypass lab 10s
      1s query 192.0.2.66 ${UNKNOWN} www.example.net => passes
      1s query 192.0.2.10 ${UNKNOWN} www.example.net => asks
      2s judge lab
      2s query 192.0.2.66 ${UNKNOWN} www.example.net => asks
    `,
      { groups: [lab()] },
    );
  });
});

describe('a switch that holds the history as flows', () => {
  it('is told of what is learned, and of what is not known any more, before anybody asks', () => {
    const world = new World({
      gate: { install: 'proactive' },
      groups: [lab(), groupOf(8, 'watched', ['192.0.2.7'], {}, 'monitor')],
    });
    world.refer('org', '198.51.100.2', 60);
    world.clock.advance(0);
    expect(world.switch.flows()).toEqual(['allow 198.51.100.2 group 1 60s', 'allow 198.51.100.2 group 7 60s']);
    expect(world.query('192.0.2.10', '198.51.100.2', 'www.example.org')).toBe('passes');
    world.clock.advance(61_000);
    expect(world.switch.flows()).toEqual([]);
    expect(world.query('192.0.2.10', '198.51.100.2', 'www.example.org')).toBe('asks');
  });

  it('has no flow for what reads names, nor for what a rule denies', () => {
    const world = new World({
      gate: { install: 'proactive' },
      groups: [lab({ check: 'zone' })],
      rules: [ruleOf('deny', { from: 'group:default', to: KNOWN })],
    });
    world.refer('org', '198.51.100.2', 3600);
    world.refer('example.org', KNOWN, 3600);
    world.clock.advance(100);
    expect(world.switch.flows()).toEqual(['allow 198.51.100.2 group 1 3600s']);
  });
});
