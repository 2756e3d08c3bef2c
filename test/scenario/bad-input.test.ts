import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeQuery } from '../support/dns-messages.ts';
import { composeFrame } from '../support/frames.ts';
import { World } from '../support/scenario.ts';

const CLIENT = '192.0.2.10';
const KNOWN = '203.0.113.53';
const UNKNOWN = '203.0.113.8';

function world(monitor = false): World {
  const made = new World({ monitor });
  made.refer('org', '198.51.100.2', 172_800);
  made.refer('example.org', KNOWN, 86_400);
  return made;
}

const header = (counts: string) => Buffer.from(`12340100${counts}`, 'hex');

const BAD_DNS: readonly (readonly [string, Buffer])[] = [
  ['empty', Buffer.alloc(0)],
  ['one octet', Buffer.from([1])],
  ['shorter than a header', Buffer.alloc(11)],
  ['ten questions', header('000a000000000000')],
  ['no question', header('0000000000000000')],
  ['a name without end', Buffer.concat([header('0001000000000000'), Buffer.from('0777', 'hex')])],
  ['a pointer to itself', Buffer.concat([header('0001000000000000'), Buffer.from('c00c00010001', 'hex')])],
  ['a pointer forward', Buffer.concat([header('0001000000000000'), Buffer.from('c01000010001c00c', 'hex')])],
  [
    'a label of 64 octets',
    Buffer.concat([
      header('0001000000000000'),
      Buffer.from([64]),
      Buffer.alloc(64, 97),
      Buffer.from('0000010001', 'hex'),
    ]),
  ],
  [
    'a name of 256 octets',
    Buffer.concat([
      header('0001000000000000'),
      ...Array.from({ length: 4 }, () => Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 97)])),
      Buffer.from('0000010001', 'hex'),
    ]),
  ],
  [
    'a question without type',
    Buffer.concat([header('0001000000000000'), Buffer.from('0161', 'hex'), Buffer.from([0, 0])]),
  ],
];

describe('malformed DNS', () => {
  it.each(BAD_DNS)(
    '%s: to a known address it passes, to an unknown one it is blocked, both without a name',
    (_what, payload) => {
      const { switch: bridge, events, clock, firewall, ...rest } = expose(world());
      expect(bridge.receive(composeFrame(payload, { source: CLIENT, destination: KNOWN }))).toBe('asks');
      expect(bridge.released).toHaveLength(1);
      expect(bridge.receive(composeFrame(payload, { source: CLIENT, destination: UNKNOWN }))).toBe('asks');
      clock.advance(60);
      expect(bridge.released).toHaveLength(1);
      expect(rest.said()).toEqual([`${KNOWN} is registered glueA record and pass`, `${UNKNOWN} is unknown and block`]);
      expect(events.map(({ queryName }) => queryName)).toEqual([undefined, undefined]);
      expect(firewall.counters.get('unreadable frames')).toBe(0);
    },
  );

  it.each(BAD_DNS)('%s: in monitor mode it is told as any other', (_what, payload) => {
    const { switch: bridge, clock, said } = expose(world(true));
    expect(bridge.receive(composeFrame(payload, { source: CLIENT, destination: UNKNOWN }))).toBe('passes');
    clock.advance(60);
    expect(said()).toEqual([`${UNKNOWN} is unknown and would block`]);
  });
});

describe('frames that cannot be read', () => {
  const whole = composeFrame(composeQuery('www.example.org'), { source: CLIENT, destination: KNOWN });

  it('cut at every octet are counted, never released, never an exception', () => {
    const { switch: bridge, firewall } = expose(world());
    for (let end = 0; end < whole.length; end++) bridge.receive(whole.subarray(0, end));
    expect(firewall.counters.get('unreadable frames')).toBe(whole.length);
    expect(bridge.released).toEqual([]);
    expect(bridge.flows()).toEqual([]);
    expect(bridge.receive(whole)).toBe('asks');
    expect(bridge.released).toHaveLength(1);
  });

  it('with one octet changed are released only to the known address', () => {
    const { switch: bridge, clock } = expose(world());
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [0x01, 0x10, 0x80, 0xff]) {
        const changed = Buffer.from(whole);
        changed[at]! ^= flip;
        bridge.flush();
        bridge.receive(changed);
      }
    }
    clock.advance(100);
    expect(bridge.released.length).toBeGreaterThan(50);
    for (const frame of bridge.released) expect(frame.subarray(30, 34)).toEqual(Buffer.from([203, 0, 113, 53]));
  });

  it('of other protocols and ports are not judged', () => {
    const { switch: bridge, firewall, clock, said } = expose(world());
    bridge.receive(composeFrame(Buffer.alloc(20), { source: CLIENT, destination: KNOWN, destinationPort: 54 }));
    bridge.receive(composeFrame(Buffer.alloc(20), { source: CLIENT, destination: KNOWN, fragmentField: 100 }));
    clock.advance(100);
    expect(firewall.counters.get('not outbound DNS')).toBe(2);
    expect(bridge.released).toEqual([]);
    expect(said()).toEqual([]);
  });

  it('of random octets are never an exception', () => {
    const { switch: bridge, clock } = expose(world());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (octets, isIp) => {
        const frame = isIp ? Buffer.concat([whole.subarray(0, 34), octets]) : Buffer.from(octets);
        bridge.flush();
        bridge.receive(frame);
        clock.advance(10);
      }),
    );
  });

  it('first fragments are judged by their ports', () => {
    const { switch: bridge } = expose(world());
    const first = composeFrame(composeQuery('www.example.org'), {
      source: CLIENT,
      destination: KNOWN,
      fragmentField: 0x2000,
    });
    expect(bridge.receive(first)).toBe('asks');
    expect(bridge.released).toHaveLength(1);
  });

  it('VLAN tags are read over and released with the frame', () => {
    const { switch: bridge } = expose(world());
    const tagged = composeFrame(composeQuery('www.example.org'), {
      source: CLIENT,
      destination: KNOWN,
      tags: [0x8100],
    });
    bridge.receive(tagged);
    expect(bridge.released).toEqual([tagged]);
  });
});

function expose(made: World) {
  return {
    switch: made.switch,
    events: made.events,
    clock: made.clock,
    firewall: made.firewall,
    said: () => made.said(),
  };
}
