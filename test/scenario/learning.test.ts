import { describe, expect, it } from 'vitest';
import { composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';
import { addressOf } from '../support/observations.ts';
import { play, referral, World, type WorldOptions } from '../support/scenario.ts';

const BOT = '192.0.2.66';
const RESOLVER = '192.0.2.2';
const C2 = '203.0.113.66';
const ORG = '198.51.100.2';

/** A world in which the server of org is known, and whether the C&C address gets through at the end. */
function plant(attack: (world: World) => void, options: WorldOptions = {}): boolean {
  const world = new World(options);
  world.refer('org', ORG, 172_800);
  attack(world);
  world.clock.advance(10);
  world.query(BOT, C2, 'c2.example');
  world.clock.advance(100);
  return world.switch.released.length > 0;
}

const evil = referral('example.org', C2, 300);
const query = (fields: { client?: string; server?: string; id?: number; name?: string; port?: number }) =>
  composeFrame(composeQuery(fields.name ?? 'www.example.org', fields.id ?? 7), {
    source: fields.client ?? RESOLVER,
    destination: fields.server ?? ORG,
    sourcePort: fields.port ?? 40_000,
  });

describe('teaching', () => {
  it('a matched response from the parent opens the way: the attacks below differ from it in one thing each', () => {
    const reached = plant((world) => {
      world.capture('outbound', query({}));
      world.respond(ORG, 'www.example.org', evil, RESOLVER, 7);
    });
    expect(reached).toBe(true);
  });

  it.each<[string, (world: World) => void]>([
    [
      'a response to a query that never left (a blocked one)',
      (world) => world.respond(ORG, 'www.example.org', evil, RESOLVER, 7),
    ],
    [
      'a spoofed response with another ID',
      (world) => {
        world.capture('outbound', query({}));
        world.respond(ORG, 'www.example.org', evil, RESOLVER, 8);
      },
    ],
    [
      'a spoofed response from another server',
      (world) => {
        world.capture('outbound', query({}));
        world.respond('198.51.100.3', 'www.example.org', evil, RESOLVER, 7);
      },
    ],
    [
      'a spoofed response to another port',
      (world) => {
        world.capture('outbound', query({ port: 40_001 }));
        world.respond(ORG, 'www.example.org', evil, RESOLVER, 7);
      },
    ],
    [
      'a spoofed response that misses the letter case',
      (world) => {
        world.capture('outbound', query({ name: 'wWw.exAmple.org' }));
        world.respond(ORG, 'www.example.org', evil, RESOLVER, 7);
      },
    ],
    [
      'a late response',
      (world) => {
        world.capture('outbound', query({}));
        world.clock.advance(5001);
        world.respond(ORG, 'www.example.org', evil, RESOLVER, 7);
      },
    ],
    [
      'a second response to one query',
      (world) => {
        world.capture('outbound', query({}));
        world.respond(ORG, 'www.example.org', { answers: [] }, RESOLVER, 7);
        world.respond(ORG, 'www.example.org', evil, RESOLVER, 7);
      },
    ],
    [
      'a response seen going out, and a query seen coming in',
      (world) => {
        world.capture('inbound', query({}));
        world.respond(ORG, 'www.example.org', evil, RESOLVER, 7);
      },
    ],
    ['an unrelated owner', (world) => world.exchange(ORG, 'www.other.org', evil)],
    [
      'glue for a name that is no name server here',
      (world) =>
        world.exchange(ORG, 'www.example.org', {
          authorities: [{ name: 'example.org', type: 'NS', ttl: 300, data: 'ns.example.org' }],
          additionals: [{ name: 'ns2.example.org', type: 'A', ttl: 300, data: C2 }],
        }),
    ],
    [
      'a stranger that teaches a TLD',
      (world) => world.exchange('198.51.100.9', 'www.example.net', referral('net', C2, 300)),
    ],
    [
      'a TLD server that refers up to the root',
      (world) => world.exchange(ORG, 'www.example.org', referral('.', C2, 300)),
    ],
    ['a TLD server about its own TLD', (world) => world.exchange(ORG, 'www.example.org', referral('org', C2, 300))],
    [
      'the server of a zone about its parent',
      (world) => {
        world.refer('example.org', '203.0.113.53', 300);
        world.exchange('203.0.113.53', 'www.example.org', referral('org', C2, 300));
      },
    ],
    [
      'NS without glue whose address comes when it is over',
      (world) => {
        world.exchange(ORG, 'www.example.org', {
          authorities: [{ name: 'example.org', type: 'NS', ttl: 300, data: 'ns.example.org' }],
        });
        world.clock.advance(300_001);
        world.exchange(ORG, 'ns.example.org', { answers: [{ name: 'ns.example.org', type: 'A', ttl: 300, data: C2 }] });
      },
    ],
  ])('%s teaches nothing', (_what, attack) => {
    expect(plant(attack)).toBe(false);
  });

  it.each([
    ['resolvers', true, false],
    ['chain', false, false],
    ['matched', true, true],
  ] as const)(
    'in mode %s, a stranger opens the way to a zone of its own: %s; to a TLD: %s',
    (teach, zone, topLevel) => {
      const stranger = '198.51.100.9';
      const about = (owner: string) => (world: World) =>
        world.exchange(stranger, `www.${owner}`, referral(owner, C2, 300));
      expect(plant(about('example.net'), { teach })).toBe(zone);
      expect(plant(about('net'), { teach })).toBe(topLevel);
    },
  );

  it('NS without glue whose address comes within 2 s is learned', () => {
    const reached = plant((world) => {
      world.exchange(ORG, 'www.example.org', {
        authorities: [{ name: 'example.org', type: 'NS', ttl: 300, data: 'ns.example.org' }],
      });
      world.clock.advance(2000);
      world.exchange(ORG, 'ns.example.org', { answers: [{ name: 'ns.example.org', type: 'A', ttl: 300, data: C2 }] });
    });
    expect(reached).toBe(true);
  });

  it('in mode resolvers ignores the responses to others, in mode matched it takes them', () => {
    const ask = (world: World) => world.exchange(ORG, 'www.example.org', evil, BOT);
    expect(plant(ask, { teach: 'resolvers' })).toBe(false);
    expect(plant(ask, { teach: 'matched' })).toBe(true);
  });

  it('over IPv6 teaches the same', () => {
    play(`
      0s     refer org 2001:db8:1::2 300
      0s     refer example.org 2001:db8:1::53 300
      0s     learned 2 lessons
      1s     query 2001:db8::66 2001:db8:1::53 www.example.org => asks
      1s     released 1
    `);
  });
});

describe('a captured response that is damaged', () => {
  it('at any octet or any cut teaches no address that it did not carry', () => {
    const world = new World({ teach: 'matched' });
    world.refer('org', ORG, 172_800);
    const known = new Set([ORG, C2].map(addressOf));
    let frame: Buffer | undefined;
    const keep = world.capture.bind(world);
    world.capture = (direction, octets) => {
      if (direction === 'inbound') frame = octets;
      keep(direction, octets);
    };
    world.exchange(ORG, 'www.example.org', evil);
    const original = frame!;
    expect(world.history.standing(addressOf(C2))).toBeDefined();
    // Only the octets of the glue's own address may name another address.
    const dataStart = original.lastIndexOf(Buffer.from([203, 0, 113, 66]));
    const before = world.history.addressCount;
    for (let at = 0; at < original.length; at++) {
      keep('outbound', query({ id: original.readUInt16BE(42) }));
      keep('inbound', original.subarray(0, at));
      if (at >= dataStart && at < dataStart + 4) continue;
      for (const flip of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(original);
        changed[at]! ^= flip;
        keep('outbound', query({ id: original.readUInt16BE(42) }));
        keep('inbound', changed);
      }
    }
    expect(known.has(addressOf(C2))).toBe(true);
    expect(world.history.addressCount).toBe(before);
  });
});
