import { describe, expect, it } from 'vitest';
import { play } from '../support/scenario.ts';

const monitor = { monitor: true };

describe('monitor mode', () => {
  it('tells of a known destination at once, of an unknown one only after the hold time, and makes no flow', () => {
    const world = play(
      `
      0s     refer org 198.51.100.2 172800
      0s     refer example.org 203.0.113.53 300
      1s     query 192.0.2.10 203.0.113.53 a.example.org => passes
      1s     says 203.0.113.53 is registered glueA record and pass
      1s     query 192.0.2.66 203.0.113.8 c2.example => passes
      1.049s says nothing
      1.05s  says 203.0.113.8 is unknown and would block
      1.05s  counts would block 1
      400s   query 192.0.2.10 203.0.113.53 a.example.org => passes
      401s   says 203.0.113.53 is unknown and would block
      401s   flows none
      401s   released 0
      401s   counts blocked 0
    `,
      monitor,
    );
    expect(world.switch.added).toEqual([]);
    expect(world.events.map(({ enforced }) => enforced)).toEqual([false, false, false]);
    expect(world.events[1]).toMatchObject({ verdict: 'block', reason: 'unknown', heldMs: 50 });
  });

  it('a query right behind its referral is no false would-block', () => {
    play(
      `
      0s     refer org 198.51.100.2 172800
      1s     query 192.0.2.10 203.0.113.53 a.example.org => passes
      1.04s  refer example.org 203.0.113.53 300
      1.04s  says 203.0.113.53 is registered glueA record and pass
      2s     says nothing
      2s     counts would block 0
      2s     released 0
    `,
      monitor,
    );
  });

  it.each([
    ['number', { packets: 1, bytes: 10_000 }],
    ['octets', { packets: 10, bytes: 100 }],
  ])('the copies it holds, for the events that show them, are bounded in %s', (_, hold) => {
    const world = play(
      `
      1s     query 192.0.2.10 203.0.113.8 a.example => passes
      1s     query 192.0.2.11 203.0.113.8 a.example => passes
      1s     held 1
      1s     counts held: no room 1
      1s     says 203.0.113.8 is unknown and would block
      2s     held 0
    `,
      { monitor: true, hold },
    );
    expect(world.firewall.held.bytes).toBe(0);
  });

  it('an address on the allow-list is told as such; allow add settles what waits', () => {
    play(
      `
      1s     query 192.0.2.10 203.0.113.9 a.example => passes
      1s     says 203.0.113.9 is allowed by rule allow-203.0.113.9 (test) and pass
      1s     query 192.0.2.10 203.0.113.8 a.example => passes
      1.01s  allow add 203.0.113.8
      1.01s  says 203.0.113.8 is allowed by rule allow-203.0.113.8 (test) and pass
      1.01s  flows none
    `,
      { monitor: true, allow: ['203.0.113.9'] },
    );
  });

  it('TCP and IPv6 are told the same way', () => {
    play(
      `
      1s     query 192.0.2.10 203.0.113.8 - tcp => passes
      1s     query 2001:db8::10 2001:db8:1::8 a.example => passes
      1.05s  says 203.0.113.8 is unknown and would block; 2001:db8:1::8 is unknown and would block
    `,
      monitor,
    );
  });
});

describe('the change from monitor to enforce', () => {
  it('a copy held when it came is settled as the copy it was', () => {
    const world = play(
      `
      1s     query 192.0.2.10 203.0.113.8 a.example => passes
    `,
      monitor,
    );
    world.switch.isObserving = false;
    world.clock.advance(100);
    expect(world.said()).toEqual(['203.0.113.8 is unknown and would block']);
    expect(world.switch.flows()).toEqual([]);
    expect(world.query('192.0.2.10', '203.0.113.8', 'a.example')).toBe('asks');
  });
});
