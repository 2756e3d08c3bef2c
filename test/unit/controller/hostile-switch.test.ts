/** What a switch of ill will, or a broken one, may do to the others and to us: little, and not for long. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../../mininet/until.ts';
import { cookieOf, PIPELINE } from '../../../src/controller/pipeline.ts';
import { encodeMessage, type Message } from '../../../src/openflow/message.ts';
import type { FlowStats } from '../../../src/openflow/schema/multipart.ts';
import {
  composeHello,
  type FakeSwitch,
  type FakeSwitchOptions,
  portDescription,
} from '../../support/fake-openflow-switch.ts';
import { SessionRig } from '../../support/session-rig.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Others use this machine too: what takes a second may take many. */
const WAIT_MS = 50_000;
const MiB = 1024 * 1024;
const BIG_BYTES = 65_000;
/** What a flood may add to memory at any time, the buffers of its own side with it. */
const MAX_GROWTH_BYTES = 40 * MiB;
/** Open vSwitch gives up a controller that has not answered for 5 s. */
const MAX_ECHO_MS = 2500;
/** The lines that one connection may cause, and how long each may be. */
const MAX_LINES = 30;
const MAX_LINE_LENGTH = 1000;

vi.setConfig({ testTimeout: WAIT_MS + 10_000 });

let rig: SessionRig;
let honest: FakeSwitch;
let packetIns: number;

beforeEach(async () => {
  rig = new SessionRig();
  await rig.start();
  honest = (await rig.connectReady({ datapathId: 0xffn })).fake;
  rig.log.length = 0;
  packetIns = 0;
  rig.tookPacketIn = () => void packetIns++;
});
afterEach(() => rig.stop());

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Carries out an attack; meanwhile memory stays bounded, log lines few, and the honest switch is answered soon. */
async function endures(attack: () => Promise<unknown>, maxGrowthBytes = MAX_GROWTH_BYTES): Promise<void> {
  const before = usedBytes();
  let isOver = false;
  let growth = 0;
  let slowestMs = 0;
  const attacking = attack().finally(() => {
    isOver = true;
  });
  do {
    const askedAtMs = performance.now();
    await honest.echo();
    slowestMs = Math.max(slowestMs, performance.now() - askedAtMs);
    growth = Math.max(growth, usedBytes() - before);
  } while (!isOver);
  await attacking;
  expect(growth).toBeLessThan(maxGrowthBytes);
  expect(slowestMs).toBeLessThan(MAX_ECHO_MS);
  expect(rig.log.length).toBeLessThanOrEqual(MAX_LINES);
  expect(Math.max(0, ...rig.log.map((line) => line.length))).toBeLessThan(MAX_LINE_LENGTH);
  expect(rig.queue.bytes).toBeLessThanOrEqual(MiB);
  expect(honest.isClosed).toBe(false);
  expect(rig.sessions[0]?.isReady).toBe(true);
}

/** Lets virtual time pass in steps in which switches can answer. */
async function pass(durationMs: number): Promise<void> {
  for (let at = 0; at < durationMs; at += 1000) {
    rig.clock.advance(1000);
    await honest.echo();
  }
}

const closings = () => rig.told.filter((one) => one.startsWith('closed: '));

async function connectAll(count: number, options: FakeSwitchOptions): Promise<readonly FakeSwitch[]> {
  const all = rig.sessions.length + count;
  const fakes = await Promise.all(Array.from({ length: count }, () => rig.connect(options)));
  await rig.until('all sessions', () => rig.sessions.length === all);
  return fakes;
}

function packetIn(port: number, lengthBytes: number, cookie = 1n): Buffer {
  const data = Buffer.alloc(lengthBytes);
  const about = { bufferId: 0xffffffff, totalLen: lengthBytes, reason: 1, tableId: 1, cookie };
  return encodeMessage({ type: 'packetIn', xid: 0, ...about, data, match: [{ field: 'in_port', value: port }] });
}

/** The smallest flow entries, as many as one part has room for. */
function fullFlowPart(xid: number, more: boolean): Buffer {
  const counters = { durationSec: 0, durationNsec: 0, packetCount: 0n, byteCount: 0n };
  const rest = { tableId: 9, idleTimeout: 0, hardTimeout: 0, flags: 0, match: [], instructions: [] };
  const entries: FlowStats[] = Array.from({ length: 1160 }, (_, priority) => ({
    ...{ ...counters, ...rest, priority },
    cookie: 0x6757_0000_0000_0063n,
  }));
  return encodeMessage({ type: 'multipartReply', xid, flags: more ? 1 : 0, body: { type: 'flow', entries } });
}

/** Octets that look random and are the same in every run. */
function randomOctets(seed: number): (count: number) => Buffer {
  let state = seed;
  return (count) => {
    const octets = Buffer.alloc(count);
    for (let at = 0; at < count; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      octets[at] = state >>> 24;
    }
    return octets;
  };
}

const TINY_ECHO = encodeMessage({ type: 'echoRequest', xid: 1, data: Buffer.alloc(0) });
const padding = Buffer.alloc(BIG_BYTES);
const XID = 0x7777;
const flowModHead = encodeMessage({ type: 'barrierRequest', xid: XID });
flowModHead[1] = 14;

function malformed(typeCode: number): Buffer {
  return encodeMessage({ type: 'unknown', xid: XID, typeCode, body: Buffer.alloc(BIG_BYTES, 0xff) });
}

const BIG: readonly (readonly [string, Buffer])[] = [
  ['packet_in', packetIn(1, BIG_BYTES)],
  ['error', encodeMessage({ type: 'error', xid: XID, errorType: 1, code: 1, data: padding })],
  [
    'error of a flow_mod',
    encodeMessage({ type: 'error', xid: XID, errorType: 5, code: 1, data: Buffer.concat([flowModHead, padding]) }),
  ],
  [
    'experimenter',
    encodeMessage({ type: 'experimenter', xid: XID, experimenter: 1, experimenterType: 1, data: padding }),
  ],
  ['echo request', encodeMessage({ type: 'echoRequest', xid: XID, data: padding })],
  ['echo reply', encodeMessage({ type: 'echoReply', xid: XID, data: padding })],
  [
    'hello',
    encodeMessage({
      type: 'hello',
      xid: XID,
      elements: Array.from({ length: 8000 }, () => ({ type: 'versionBitmap', bitmaps: [16] }) as const),
    }),
  ],
  ['multipart reply that nobody asked for', fullFlowPart(XID, true)],
  ['unknown type', malformed(99)],
  ['malformed FLOW_REMOVED', malformed(11)],
  ['malformed packet_in', malformed(10)],
  ['malformed multipart reply', malformed(19)],
];

/** What a message is, and for a multipart request what it asks for. */
const nameOf = (message: Message) => (message.type === 'multipartRequest' ? message.body.type : message.type);

describe('a switch that never finishes its handshake', () => {
  it.each([1, 7, 8, 15])('because only %i octets of its HELLO come, is cut off after 10 s', async (octets) => {
    await endures(async () => {
      const hello = composeHello(4, [4]).subarray(0, octets);
      const fakes = await connectAll(50, { hello, deafTo: ['echoRequest'] });
      await pass(10_000);
      for (const fake of fakes) await fake.untilClosed();
    });
    expect(closings()).toEqual(Array(50).fill('closed: no handshake in time'));
  });

  const DEPTHS = [
    ...['featuresRequest', 'getConfigRequest', 'portDescription', 'roleRequest'],
    ...['meterConfig', 'flow', 'experimenter', 'barrierRequest'],
  ];
  it.each(DEPTHS)('because it never answers %s, is cut off in time', async (depth) => {
    rig.hooks = { ...rig.hooks, role: () => ({ role: 'master', generationId: 1n }) };
    await endures(async () => {
      const fakes = await connectAll(10, { answers: (message) => nameOf(message) === depth });
      for (const fake of fakes)
        await until(depth, WAIT_MS, () => fake.received.some((one) => nameOf(one) === depth) || undefined);
      await pass(10_000);
      for (const fake of fakes) await fake.untilClosed();
    });
    expect(closings()).toHaveLength(10);
    expect(rig.told).toEqual(['ready', ...closings()]);
  });

  it('because its port description has no end, is cut off after 10 s however often a part comes', async () => {
    const part = (xid: number) =>
      encodeMessage({ type: 'multipartReply', xid, flags: 1, body: { type: 'portDescription', ports: [] } });
    let xid: number | undefined;
    const fake = await rig.connect({
      answers(message) {
        if (nameOf(message) === 'portDescription') xid = message.xid;
        return xid !== undefined;
      },
    });
    await rig.until('asked', () => xid !== undefined);
    await endures(async () => {
      for (let second = 0; second < 10; second++) {
        await fake.writeAndWait(part(xid!));
        await pass(1000);
      }
      await fake.untilClosed();
    });
    expect(closings()).toEqual(['closed: no handshake in time']);
  });
});

describe('a switch that says nothing', () => {
  it('from the start, is cut off after 10 s', async () => {
    await endures(async () => {
      const fakes = await connectAll(50, { hello: Buffer.alloc(0), answers: () => true });
      await pass(10_000);
      for (const fake of fakes) await fake.untilClosed();
    });
    expect(closings()).toHaveLength(50);
  });

  it('any more, is cut off after 15 s', async () => {
    let isSilent = false;
    const { fake } = await rig.connectReady({ answers: () => isSilent });
    isSilent = true;
    await endures(async () => {
      await pass(16_000);
      await fake.untilClosed();
    });
    expect(closings()).toHaveLength(1);
    expect(closings()[0]).toMatch(/nothing heard for 15 s|no reply within 10000 ms/);
  });
});

describe('garbage', () => {
  it('instead of HELLO ends each connection', async () => {
    const random = randomOctets(1);
    await endures(async () => {
      for (let round = 0; round < 4; round++) {
        const fakes = await connectAll(25, { hello: random(20_000) });
        await pass(10_000);
        for (const fake of fakes) await fake.untilClosed();
      }
    });
    expect(closings()).toHaveLength(100);
  });

  it('behind a handshake ends each connection', async () => {
    const random = randomOctets(2);
    await endures(async () => {
      for (let round = 0; round < 20; round++) {
        const { fake } = await rig.connectReady();
        fake.write(Buffer.concat([Buffer.from([1 + 4 * random(1)[0]!]), random(60_000)]));
        await fake.untilClosed();
        rig.log.length = 0;
      }
    });
    expect(closings()).toHaveLength(20);
  });

  it('in the bodies of messages of every type costs those messages', async () => {
    const random = randomOctets(3);
    const { fake, session } = await rig.connectReady();
    rig.log.length = 0;
    await endures(async () => {
      for (let count = 0; count < 20_000; count++) {
        const [typeCode, lengthBytes] = random(2);
        const body = random(lengthBytes!);
        // Types 0 to 2 have no body that could be wrong, or only one that is copied.
        await fake.writeAndWait(encodeMessage({ type: 'unknown', xid: count, typeCode: 3 + (typeCode! % 40), body }));
      }
      await fake.echo();
    });
    expect(session.isReady).toBe(true);
    expect(session.counters.get('malformed')).toBeGreaterThan(1000);
  });
});

describe('64 KiB messages without end', () => {
  it.each(BIG)('%s', async (name, message) => {
    const { fake, session } = await rig.connectReady({ forgets: ['echoReply'] });
    rig.log.length = 0;
    // What is decoded into many values takes its time, and would take much room.
    await endures(() => fake.flood(message, name === 'hello' || name.startsWith('multipart') ? 100 : 1000));
    expect(session.isReady).toBe(true);
  });

  it('parts of a reply to a request', async () => {
    const fake = await rig.connect({
      answers(message, one) {
        if (nameOf(message) !== 'flow') return false;
        void one.flood(fullFlowPart(message.xid, true), 2000);
        return true;
      },
    });
    await endures(() => until('closed', WAIT_MS, () => fake.isClosed || undefined), 120 * MiB);
    expect(closings()).toEqual(['closed: a multipart request: more than 4000000 values']);
  });

  it('parts of a reply that are looked at one by one', async () => {
    rig.hooks = { ...rig.hooks, wantsUse: () => true };
    let isAsked = false;
    const { fake, session } = await rig.connectReady({
      answers(message, one) {
        if (nameOf(message) !== 'flow' || !rig.told.includes('ready')) return false;
        isAsked ||= rig.sessions.at(-1)!.isReady;
        if (isAsked) void one.flood(fullFlowPart(message.xid, true), 300);
        return isAsked;
      },
    });
    await endures(async () => {
      await pass(10_000);
      await until('all looked at', WAIT_MS, () => session.counters.get('messages') > 300 || undefined);
    });
    expect(isAsked).toBe(true);
    expect(fake.isClosed).toBe(false);
  });
});

describe('a switch that reads nothing', () => {
  it.each([
    ['ECHO requests', TINY_ECHO, 3_000_000],
    ['large ECHO requests', encodeMessage({ type: 'echoRequest', xid: 1, data: padding }), 600],
    ['packet_ins', packetIn(1, 100), 100_000],
    ['large packet_ins', packetIn(1, BIG_BYTES), 600],
  ])('and sends %s all the time is cut off, and takes little room until then', async (_name, message, count) => {
    const { fake } = await rig.connectReady();
    const frame = Buffer.alloc(100);
    rig.tookPacketIn = () => rig.sessions[1]?.verdicts.release(1, frame, 0, frame.length);
    fake.stopReading();
    await endures(async () => {
      await fake.flood(message, count);
      for (let second = 0; second < 70 && closings().length === 0; second++) {
        await pass(1000);
        await fake.flood(message, 10);
      }
    });
    expect(closings()).toHaveLength(1);
    expect(closings()[0]).toMatch(
      /^closed: the switch (reads too slowly|has read nothing for 15 s|talks and has answered nothing for 60 s)$/,
    );
  });
});

describe('one octet at a time', () => {
  it('does not keep a switch from a whole session', async () => {
    await endures(async () => {
      const { fake, session } = await rig.connectReady({ writesOctets: true });
      expect((await fake.echo()).data.toString()).toBe('are you there');
      fake.write(packetIn(1, 200));
      await fake.echo();
      expect(packetIns).toBe(1);
      expect(session.counters.get('malformed')).toBe(0);
    });
  });

  it('does not make a handshake last longer than 10 s', async () => {
    const fake = await rig.connect({ hello: Buffer.alloc(0), answers: () => true });
    await endures(async () => {
      for (const octet of composeHello(4, [4]).subarray(0, 15)) {
        await fake.writeAndWait(Buffer.from([octet]));
        await pass(1000);
      }
      await fake.untilClosed();
    });
    expect(closings()).toEqual(['closed: no handshake in time']);
  });
});

describe('a flood of small messages', () => {
  const flowModError = encodeMessage({ type: 'error', xid: XID, errorType: 5, code: 1, data: flowModHead });
  const status = (portNo: number) =>
    encodeMessage({ type: 'portStatus', xid: 0, reason: 2, port: portDescription(['outside', portNo]) });
  it.each([
    ['ECHO requests', TINY_ECHO, 200_000],
    ['ERRORs', encodeMessage({ type: 'error', xid: XID, errorType: 1, code: 1, data: Buffer.alloc(0) }), 200_000],
    ['ERRORs about flow_mods', flowModError, 200_000],
    ['barrier replies', encodeMessage({ type: 'barrierReply', xid: XID }), 200_000],
    ['malformed messages', encodeMessage({ type: 'unknown', xid: XID, typeCode: 12, body: Buffer.alloc(1) }), 60_000],
    ['packet_ins', packetIn(1, 0), 200_000],
    ['changes of ports', status(77), 20_000],
  ])('%s', async (_name, message, count) => {
    const { fake, session } = await rig.connectReady({ forgets: ['echoReply', 'multipartRequest', 'barrierRequest'] });
    rig.log.length = 0;
    await endures(async () => {
      expect(await fake.flood(message, count)).toBe(true);
      await until('all read', WAIT_MS, () => session.counters.get('messages') >= count || undefined);
    });
    expect(session.isReady).toBe(true);
  });
});

describe('ports that change all the time', () => {
  it('are looked at once a second, and said as often', async () => {
    let number = 100;
    const status = () =>
      ({ type: 'portStatus', xid: 0, reason: 2, port: portDescription(['outside', ++number]) }) as const;
    const { fake } = await rig.connectReady({
      forgets: ['multipartRequest', 'barrierRequest', 'experimenter', 'flowMod'],
      answers(message, one) {
        if (nameOf(message) !== 'portDescription') return false;
        one.ports = { inside: 1, outside: ++number };
        one.send(status());
        return false;
      },
    });
    rig.log.length = 0;
    await endures(async () => {
      for (let second = 0; second < 10; second++) {
        for (let count = 0; count < 100; count++) fake.send(status());
        await pass(1000);
      }
    });
    expect(rig.log.filter((line) => line.includes('flows in step')).length).toBeLessThanOrEqual(12);
  });
});

describe('copies to learn from without end', () => {
  it('take no more room than is theirs, and no packet that wants a verdict is lost or waits for them', async () => {
    const ROUNDS = 400;
    rig.hooks.meterRates = () => new Map([[4, 1_000_000]]);
    const { fake } = await rig.connectReady();
    const { response } = PIPELINE.copy.entries;
    const copies = Buffer.concat(Array.from({ length: 100 }, () => packetIn(2, 1400, cookieOf(1, response.rule))));
    const asks = packetIn(0xabcdef, 64);
    let asked = 0;
    let copied = 0;
    rig.tookPacketIn = ({ inPort }) => {
      if (inPort === 0xabcdef) asked++;
      else copied++;
    };
    let mostBytes = 0;
    await endures(async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await fake.writeAndWait(Buffer.concat([copies, asks]));
        mostBytes = Math.max(mostBytes, rig.queue.copies.bytes);
      }
      await fake.echo();
      expect(asked).toBe(ROUNDS);
      await rig.until('the queue is empty', () => rig.queue.copies.bytes === 0);
    });
    expect(mostBytes).toBeGreaterThan(0);
    expect(mostBytes).toBeLessThanOrEqual(MiB / 4);
    expect(copied + rig.queue.copies.counters.get('copies dropped')).toBe(ROUNDS * 100);
    expect(rig.queue.counters.get('packet_in dropped')).toBe(0);
  });
});

describe('packet_ins from port numbers at random', () => {
  it('take a bounded number of lanes, and packets of others are still taken', async () => {
    const { fake } = await rig.connectReady();
    const random = randomOctets(4);
    let honestPackets = 0;
    rig.tookPacketIn = (packet) => {
      if (packet.inPort === 0xabcdef) honestPackets++;
      else packetIns++;
    };
    const message = packetIn(1, 500);
    const chunk = Buffer.concat(Array.from({ length: 200 }, () => message));
    const portAt = message.indexOf(Buffer.from('80000004', 'hex')) + 4;
    await endures(async () => {
      for (let round = 0; round < 500; round++) {
        for (let at = portAt; at < chunk.length; at += message.length) random(4).copy(chunk, at);
        await fake.writeAndWait(Buffer.from(chunk));
        if (round % 50 === 0) honest.write(packetIn(0xabcdef, 64));
      }
      await fake.echo();
      await rig.until('the queue is empty', () => rig.queue.bytes === 0);
    });
    expect(honestPackets).toBe(10);
    expect(packetIns + rig.queue.counters.get('packet_in dropped')).toBe(500 * 200);
  });
});
