/** Ways round rules that were found by trying: each passed once. */
import { describe, expect, it } from 'vitest';
import { composeQuery } from '../support/dns-messages.ts';
import { composeFragments, composeFrame, composeSegment } from '../support/frames.ts';
import { groupOf, ruleOf } from '../support/policies.ts';
import { World, type WorldOptions } from '../support/scenario.ts';

const SERVER = '203.0.113.53';
const CLIENT = '192.0.2.10';
const ENDS = { source: CLIENT, destination: SERVER };
const TCP = { SYN: 2, ACK: 0x10, PSH_ACK: 0x18 };

/** The server is known to serve example.org. */
function worldWith(options: WorldOptions): World {
  const world = new World(options);
  world.refer('org', '198.51.100.2', 3000);
  world.refer('example.org', SERVER, 3000);
  return world;
}

const passed = (world: World, text: string) => world.switch.released.filter((frame) => frame.includes(text)).length;

describe.each<[string, WorldOptions]>([
  ['a deny of its zone', { rules: [ruleOf('deny', { zone: 'evil.example' })] }],
  ['a check by zone', { groups: [groupOf(1, 'default', [], { check: 'zone' })] }],
])('%s', (_case, options) => {
  const segment = (payload: Buffer, tcpSequence: number, tcpFlags: number) =>
    composeFrame(payload, { ...ENDS, transport: 'tcp', tcpFlags, tcpSequence, sourcePort: 5555 });
  const framed = (name: string) => {
    const message = composeQuery(name);
    return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
  };
  const open = (world: World, sequence: number) => {
    world.switch.receive(segment(Buffer.alloc(0), sequence, TCP.SYN));
    world.switch.receive(segment(Buffer.alloc(0), sequence + 1, TCP.ACK));
  };

  it('is not passed by saying it again under the drop flow of a refusal, nor by a new connection from the same port', () => {
    const world = worldWith(options);
    open(world, 100);
    world.switch.receive(segment(framed('a.evil.example'), 101, TCP.PSH_ACK));
    world.switch.receive(segment(framed('a.evil.example'), 101, TCP.PSH_ACK));
    expect(passed(world, 'evil')).toBe(0);
    world.clock.advance(1000);
    open(world, 9000);
    world.switch.receive(segment(framed('a.evil.example'), 9001, TCP.PSH_ACK));
    expect(passed(world, 'evil')).toBe(0);
  });

  it('is not passed behind a fragment, for which there is no reset', () => {
    const world = worldWith(options);
    open(world, 100);
    const fields = { ...ENDS, transport: 'tcp' as const, tcpFlags: TCP.PSH_ACK, tcpSequence: 101, sourcePort: 5555 };
    const [fragment] = composeFragments(composeSegment(framed('www.example.org'), fields), [32], fields);
    world.switch.receive(fragment!);
    world.switch.receive(segment(framed('a.evil.example'), 101, TCP.PSH_ACK));
    expect(passed(world, 'evil')).toBe(0);
  });
});

describe('a query whose message cannot be read', () => {
  const evil = composeQuery('a.evil.example');
  const first = (bytes: number) => composeFragments(composeSegment(evil, ENDS), [bytes], ENDS)[0]!;
  const counted = (questions: number) => {
    const message = Buffer.from(evil);
    message.writeUInt16BE(questions, 4);
    return composeFrame(message, ENDS);
  };

  it.each<[string, Buffer]>([
    ['a fragment with the UDP header alone', first(8)],
    ['a fragment that is cut inside the name', first(24)],
    ['no question', counted(0)],
    ['two questions', counted(2)],
    ['nothing at all', composeFrame(Buffer.alloc(0), ENDS)],
    ['a question cut short', composeFrame(evil.subarray(0, -1), ENDS)],
  ])('passes no denial of names or types, and no denied pack of names: %s', (_case, frame) => {
    const pack = { name: 'bad', hasNames: true, hasDestination: () => false, hasName: () => false };
    const denials = [
      [ruleOf('deny', { zone: 'evil.example' })],
      [ruleOf('deny', { types: ['TXT'] })],
      [ruleOf('deny', { to: 'pack:bad' })],
    ];
    for (const rules of denials) {
      const world = worldWith({ rules, packs: { get: () => pack } });
      world.switch.receive(frame);
      world.clock.advance(100);
      expect(world.switch.released, JSON.stringify(rules[0]!.match)).toEqual([]);
      expect(world.events.at(-1)).toMatchObject({ verdict: 'block', reason: 'unreadable' });
    }
  });

  it('passes where no denial reads messages, as before', () => {
    const world = worldWith({ rules: [ruleOf('deny', { zone: 'evil.example', from: '192.0.2.11' })] });
    world.switch.receive(first(8));
    expect(world.switch.released).toHaveLength(1);
  });
});

describe('a rule that comes while a query is held', () => {
  const held = (rule: ReturnType<typeof ruleOf>, name: string) => {
    const world = new World();
    world.refer('org', '198.51.100.2', 3000);
    world.query(CLIENT, SERVER, name);
    expect(world.firewall.held.packets).toBe(1);
    world.policies.rules.add(rule);
    world.clock.advance(1);
    world.refer('example.org', SERVER, 3000);
    world.clock.advance(1);
    return world;
  };

  it('that reads what the first did not: the verdict is that of the rule', () => {
    const frameMac = 'mac:02:00:00:00:00:02';
    const world = held(ruleOf('deny', { from: frameMac }), 'www.example.org');
    const flows = world.switch.flows();
    for (const flow of flows) expect(flow).not.toMatch(/^allow 203\.0\.113\.53 \d/);
  });

  it('that reads the name: it is read', () => {
    const world = held(ruleOf('deny', { zone: 'www.example.org' }), 'www.example.org');
    expect(world.switch.released).toEqual([]);
    expect(world.switch.flows()).toEqual([]);
  });
});

it('a permission by distinct zones is asked again within a minute', () => {
  const world = new World({ groups: [groupOf(1, 'default', [], { minimumZones: 2 })] });
  world.refer('org', '198.51.100.2', 3000);
  world.refer('example.org', SERVER, 30_000);
  world.refer('other.org', SERVER, 60);
  world.query(CLIENT, SERVER, 'www.example.org');
  expect(world.switch.flows()).toEqual([`allow ${SERVER} 60s`]);
});
