import { setImmediate as immediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CaptureWork } from '../../../src/capture/capture-work.ts';
import type { CaptureMessage, CaptureOrder, DirectionMode } from '../../../src/capture/protocol.ts';
import { parseNetwork } from '../../../src/core/address.ts';
import { BATCH_OCTETS } from '../../../src/dns/observation-writer.ts';
import { unpackBatch } from '../../support/collected-observations.ts';
import { composeAnswer, composeQuery } from '../../support/dns-messages.ts';
import { FakePcap } from '../../support/fake-pcap.ts';
import {
  composeFragments,
  composeFrame,
  composeSegment,
  type FrameFields,
  withTcpLength,
} from '../../support/frames.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const INBOUND: FrameFields = {
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 53,
  destinationPort: 40000,
};
const query = (name: string) => composeFrame(composeQuery(name));
const answer = (name: string) => composeFrame(composeAnswer(name, '203.0.113.7'), INBOUND);

let pcap: FakePcap;
let clock: VirtualClock;
/** Of the kernel, which stamps frames by it. */
let wall: { nowMs(): number };
let messages: CaptureMessage[];
let batches: Uint8Array[];
let wornOut: number;

beforeEach(() => {
  pcap = new FakePcap();
  clock = new VirtualClock();
  const aheadMs = 1234.5;
  wall = { nowMs: () => clock.nowMs() + aheadMs };
  messages = [];
  batches = [];
  wornOut = 0;
});

/** `lo` is there on every machine, and the fake never looks at it. */
function start(direction: DirectionMode = 'port', interfaces: readonly string[] = ['lo']): CaptureWork {
  const order: CaptureOrder = {
    kind: 'capture',
    interfaces,
    direction,
    insideNetworks: [parseNetwork('192.0.2.0/24')!],
  };
  const sink = {
    message: (message: CaptureMessage) => messages.push(message),
    batch: (batch: Uint8Array) => batches.push(batch),
    dropped: 7,
  };
  const work = new CaptureWork(pcap, order, sink, { clock, wall: { nowMs: () => wall.nowMs() } }, () => wornOut++);
  work.start();
  return work;
}

function of<K extends CaptureMessage['kind']>(kind: K): Extract<CaptureMessage, { kind: K }>[] {
  return messages.filter((message): message is Extract<CaptureMessage, { kind: K }> => message.kind === kind);
}

function observed() {
  return batches.flatMap(unpackBatch);
}

function seen(): string[] {
  return observed().map((o) => `${o.kind} ${o.question.name}`);
}

/** A frame is stamped `atMs` after now. */
function arrive(session: 'outbound' | 'inbound' | 'both', octets: Buffer, atMs = 0, swallowed = false): void {
  pcap.find(session).arrive(octets, wall.nowMs() + atMs, swallowed);
}

describe('CaptureWork', () => {
  it('says ready, sends what a turn of the event loop brought in one batch, and figures every second', async () => {
    start();
    expect(messages).toEqual([{ kind: 'ready' }]);
    arrive('outbound', query('a'), -1.5);
    arrive('outbound', query('b'), -1);
    pcap.find('outbound').wake();
    arrive('inbound', answer('a'));
    pcap.find('inbound').wake();
    await immediate();
    expect(batches.length).toBe(1);
    expect(seen()).toEqual(['query \x01a\0', 'query \x01b\0', 'response \x01a\0']);
    expect(observed()[0]?.atMs).toBeCloseTo(clock.nowMs() - 1.5, 2);
    clock.advance(1000);
    expect(of('statistics')).toEqual([
      {
        kind: 'statistics',
        openInterfaces: ['lo'],
        receivedByKernel: 3,
        droppedByKernel: 0,
        droppedByBackpressure: 7,
        counters: { frames: 3, queries: 2, responses: 1 },
      },
    ]);
  });

  it('finds the first frame of each direction, which libpcap loses', async () => {
    start();
    arrive('outbound', query('a'), 0, true);
    arrive('both', query('a'), -2);
    pcap.find('outbound').wake();
    pcap.find('both').wake();
    await immediate();
    arrive('inbound', answer('a'), 1, true);
    arrive('both', answer('a'), -1);
    pcap.find('both').wake();
    pcap.find('inbound').wake();
    await immediate();
    await immediate();
    expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0']);
    // Both sides are settled: the witness has done its work.
    expect(pcap.sessions.filter(({ closed }) => !closed).map(({ filter }) => filter.split(' ')[0])).toEqual([
      'outbound',
      'outbound',
      'inbound',
      'inbound',
    ]);
  });

  it('puts no response before its query, whichever session is read first', async () => {
    start();
    arrive('inbound', answer('a'), -1);
    pcap.find('inbound').wake();
    // While the inbound session was read, another query has left and its response has come in.
    arrive('outbound', query('a'), -2);
    arrive('outbound', query('b'), 0);
    await immediate();
    expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0', 'query \x01b\0']);
  });

  it('puts fragments together, and gives what waits behind a lost TCP segment when its time has come', async () => {
    start();
    const pieces = composeFragments(composeSegment(composeAnswer('a', '203.0.113.7'), INBOUND), [16], INBOUND);
    for (const octets of pieces) arrive('inbound', octets);
    const tcp: FrameFields = { ...INBOUND, transport: 'tcp' };
    arrive('inbound', composeFrame(Buffer.alloc(0), { ...tcp, tcpFlags: 0x12 }));
    const behind = withTcpLength(composeAnswer('b', '203.0.113.7'));
    arrive('inbound', composeFrame(behind, { ...tcp, tcpSequence: 500 }));
    pcap.find('inbound').wake();
    await immediate();
    expect(seen()).toEqual(['response \x01a\0']);
    clock.advance(5000);
    expect(seen()).toEqual(['response \x01a\0', 'response \x01b\0']);
  });

  it('opens a mirror port for both directions at once and tells the direction by the source', async () => {
    start('networks');
    expect(pcap.sessions.map(({ filter }) => filter.split(' ')[0])).toEqual(['less', 'greater']);
    arrive('both', query('a'));
    arrive('both', answer('a'));
    pcap.find('both').wake();
    await immediate();
    expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0']);
  });

  it('tells once why an interface does not open, tries less and less often, and is ready when it does', () => {
    pcap.failure = "eth9: You don't have permission to capture on that device";
    const tries = vi.spyOn(pcap, 'createSession');
    start();
    expect(of('problem')).toEqual([
      { kind: 'problem', interface: 'lo', reason: pcap.failure, remedy: expect.stringContaining('CAP_NET_RAW') },
    ]);
    clock.advance(60_000);
    expect(of('problem').length).toBe(1);
    expect(tries.mock.calls.length).toBeLessThan(12);
    expect(tries.mock.calls.length).toBeGreaterThan(6);
    pcap.failure = undefined;
    clock.advance(10_000);
    expect(of('ready').length).toBe(1);
  });

  it('asks libpcap for no interface that is not there', () => {
    start('port', ['lo', 'absent0']);
    clock.advance(5000);
    expect(of('problem')).toMatchObject([{ interface: 'absent0', reason: 'no such interface' }]);
    expect(of('ready')).toEqual([]);
    expect(pcap.sessions.length).toBe(5);
  });

  it('refuses other link types and closes what it had opened', () => {
    pcap.linkType = 'LINKTYPE_RAW';
    start();
    expect(of('problem')).toMatchObject([{ reason: 'link type LINKTYPE_RAW is not Ethernet' }]);
    expect(pcap.sessions.every(({ closed }) => closed)).toBe(true);
  });

  it.each<[string, () => void]>([
    ['a wake-up without a frame', () => pcap.find('inbound').wake()],
    [
      'a failed read',
      () => {
        pcap.find('outbound').status = -1;
        pcap.find('outbound').wake();
      },
    ],
    [
      'a failure that only the tick finds',
      () => {
        pcap.find('outbound').status = -1;
        clock.advance(1000);
      },
    ],
    [
      'frames of which the event loop was not told',
      () => {
        clock.advance(1000);
        arrive('outbound', query('a'));
        clock.advance(1000);
      },
    ],
  ])('opens an interface anew after %s', async (_, lose) => {
    start();
    const before = pcap.sessions.length;
    lose();
    await immediate();
    expect(pcap.sessions.slice(0, before).every(({ closed }) => closed)).toBe(true);
    expect(pcap.sessions.length).toBe(2 * before);
    clock.advance(1000);
    expect(of('statistics').at(-1)?.openInterfaces).toEqual(['lo']);
  });

  it('puts the turns of a flood in order, too, and sends batches that others take', async () => {
    start();
    for (let frame = 0; frame < 20_000; frame++) arrive('inbound', answer('a'), frame / 500 - 50);
    for (let frame = 0; frame < 20_000; frame++) arrive('outbound', query('a'), frame / 500 - 50.001);
    pcap.find('inbound').wake();
    await immediate();
    expect(batches.length).toBeGreaterThan(3);
    expect(batches.every(({ length }) => length <= BATCH_OCTETS)).toBe(true);
    const kinds = observed().map(({ kind }) => kind);
    expect(kinds.length).toBe(40_000);
    expect(kinds.every((kind, index) => kind === (index % 2 === 0 ? 'query' : 'response'))).toBe(true);
  });

  it('puts no response before its query when the tick reads them', async () => {
    start();
    // A session that is woken now and then is well.
    arrive('inbound', answer('x'));
    pcap.find('inbound').wake();
    await immediate();
    clock.advance(999);
    arrive('inbound', answer('a'));
    clock.advance(1);
    arrive('outbound', query('a'), -1.5);
    await immediate();
    expect(seen()).toEqual(['response \x01x\0', 'query \x01a\0', 'response \x01a\0']);
  });

  it('reads frames that an interface put together', async () => {
    start();
    pcap.find('inbound', 'large').arrive(answer('a'), wall.nowMs());
    pcap.find('outbound', 'large').arrive(query('a'), wall.nowMs() - 1);
    pcap.find('inbound', 'large').wake();
    await immediate();
    expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0']);
  });

  it.each([3_600_000, -3_600_000])(
    'goes by a clock that does not jump when the wall clock does, by %d ms',
    async (jumpMs) => {
      start();
      clock.advance(1000);
      // Stamped before the jump, read after it.
      arrive('outbound', query('a'), -2);
      const before = wall;
      wall = { nowMs: () => before.nowMs() + jumpMs };
      arrive('inbound', answer('a'), -1);
      pcap.find('inbound').wake();
      await immediate();
      clock.advance(5000);
      arrive('outbound', query('b'));
      pcap.find('outbound').wake();
      await immediate();
      expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0', 'query \x01b\0']);
      const ages = observed().map(({ atMs }) => clock.nowMs() - atMs);
      for (const [index, ageMs] of [5002, 5001, 0].entries()) expect(ages[index]).toBeCloseTo(ageMs, 2);
    },
  );

  it('tells one who comes later how things stand', () => {
    pcap.failure = 'eth9: no';
    const work = start();
    messages.length = 0;
    work.sayAll();
    expect(messages.map(({ kind }) => kind)).toEqual(['problem', 'statistics']);
    pcap.failure = undefined;
    clock.advance(60_000);
    messages.length = 0;
    work.sayAll();
    expect(messages.map(({ kind }) => kind)).toEqual(['ready', 'statistics']);
  });

  it('asks for a new process before closed sessions can fill the memory', async () => {
    start();
    for (let round = 0; round < 1000; round++) {
      pcap.find('inbound').wake();
      await immediate();
    }
    expect(wornOut).toBe(1);
  });
});
