import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CaptureChild } from '../../../src/capture/capture-child.ts';
import type { CaptureMessage, CaptureOrder, DirectionMode } from '../../../src/capture/protocol.ts';
import { parseNetwork } from '../../../src/core/address.ts';
import { composeAnswer, composeQuery } from '../../support/dns-messages.ts';
import { FakePcap } from '../../support/fake-pcap.ts';
import {
  composeFragments,
  composeFrame,
  composeSegment,
  type FrameFields,
  withTcpLength,
} from '../../support/frames.ts';

const INBOUND: FrameFields = {
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 53,
  destinationPort: 40000,
};
const query = (name: string) => composeFrame(composeQuery(name));
const answer = (name: string) => composeFrame(composeAnswer(name, '203.0.113.7'), INBOUND);

let pcap: FakePcap;
let messages: CaptureMessage[];
let unsent: (() => void)[];
let holdBack: boolean;
let wornOut: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  pcap = new FakePcap();
  messages = [];
  unsent = [];
  holdBack = false;
  wornOut = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

/** `lo` is there on every machine, and the fake never looks at it. */
function startChild(direction: DirectionMode = 'port', interfaces: readonly string[] = ['lo']): void {
  const order: CaptureOrder = {
    kind: 'capture',
    interfaces,
    direction,
    insideNetworks: [parseNetwork('192.0.2.0/24')!],
  };
  const send = (message: CaptureMessage, sent?: () => void) => {
    messages.push(message);
    if (sent !== undefined && holdBack) unsent.push(sent);
    else sent?.();
  };
  new CaptureChild(pcap, order, send, () => wornOut++).start();
}

function of<K extends CaptureMessage['kind']>(kind: K): Extract<CaptureMessage, { kind: K }>[] {
  return messages.filter((message): message is Extract<CaptureMessage, { kind: K }> => message.kind === kind);
}

function seen(): string[] {
  return of('observations').flatMap(({ observations }) => observations.map((o) => `${o.kind} ${o.question.name}`));
}

describe('CaptureChild', () => {
  it('says ready, sends what a turn of the event loop brought in one batch, and figures every second', async () => {
    startChild();
    expect(messages).toEqual([{ kind: 'ready' }]);
    pcap.find('outbound').arrive(query('a'), 1_700_000_000_123.5);
    pcap.find('outbound').arrive(query('b'), 1_700_000_000_124);
    pcap.find('outbound').wake();
    pcap.find('inbound').arrive(answer('a'), 1_700_000_000_125);
    pcap.find('inbound').wake();
    await immediate();
    expect(of('observations').length).toBe(1);
    expect(seen()).toEqual(['query \x01a\0', 'query \x01b\0', 'response \x01a\0']);
    expect(of('observations')[0]?.observations[0]?.atMs).toBe(1_700_000_000_123.5);
    vi.advanceTimersByTime(1000);
    expect(of('statistics')).toEqual([
      {
        kind: 'statistics',
        openInterfaces: ['lo'],
        receivedByKernel: 3,
        droppedByKernel: 0,
        droppedByBackpressure: 0,
        counters: { frames: 3, queries: 2, responses: 1 },
      },
    ]);
  });

  it('finds the first frame of each direction, which libpcap loses', async () => {
    startChild();
    pcap.find('outbound').arrive(query('a'), 1000, true);
    pcap.find('(').arrive(query('a'), 1000);
    pcap.find('outbound').wake();
    pcap.find('(').wake();
    await immediate();
    pcap.find('inbound').arrive(answer('a'), 1001, true);
    pcap.find('(').arrive(answer('a'), 1001);
    pcap.find('(').wake();
    pcap.find('inbound').wake();
    await immediate();
    await immediate();
    expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0']);
    // Both sides are settled: the witness has done its work.
    expect(pcap.sessions.filter(({ closed }) => !closed).map(({ filter }) => filter.split(' ')[0])).toEqual([
      'outbound',
      'inbound',
    ]);
  });

  it('puts no response before its query, whichever session is read first', async () => {
    startChild();
    pcap.find('inbound').arrive(answer('a'), 1001);
    pcap.find('inbound').wake();
    // While the inbound session was read, another query has left and its response has come in.
    pcap.find('outbound').arrive(query('a'), 1000);
    pcap.find('outbound').arrive(query('b'), 1002);
    await immediate();
    expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0', 'query \x01b\0']);
  });

  it('puts fragments together, and gives what waits behind a lost TCP segment when its time has come', async () => {
    vi.setSystemTime(1_700_000_000_000);
    startChild();
    const pieces = composeFragments(composeSegment(composeAnswer('a', '203.0.113.7'), INBOUND), [16], INBOUND);
    for (const octets of pieces) pcap.find('inbound').arrive(octets, 1_700_000_000_000);
    const tcp: FrameFields = { ...INBOUND, transport: 'tcp' };
    pcap.find('inbound').arrive(composeFrame(Buffer.alloc(0), { ...tcp, tcpFlags: 0x12 }), 1_700_000_000_000);
    const behind = withTcpLength(composeAnswer('b', '203.0.113.7'));
    pcap.find('inbound').arrive(composeFrame(behind, { ...tcp, tcpSequence: 500 }), 1_700_000_000_000);
    pcap.find('inbound').wake();
    await immediate();
    expect(seen()).toEqual(['response \x01a\0']);
    vi.advanceTimersByTime(5000);
    expect(seen()).toEqual(['response \x01a\0', 'response \x01b\0']);
  });

  it('opens a mirror port once and tells the direction by the source', async () => {
    startChild('networks');
    expect(pcap.sessions.length).toBe(1);
    pcap.find('(').arrive(query('a'));
    pcap.find('(').arrive(answer('a'));
    pcap.find('(').wake();
    await immediate();
    expect(seen()).toEqual(['query \x01a\0', 'response \x01a\0']);
  });

  it('tells once why an interface does not open, tries less and less often, and is ready when it does', () => {
    pcap.failure = "eth9: You don't have permission to capture on that device";
    const tries = vi.spyOn(pcap, 'createSession');
    startChild();
    expect(of('error')).toEqual([
      { kind: 'error', interface: 'lo', reason: pcap.failure, remedy: expect.stringContaining('CAP_NET_RAW') },
    ]);
    vi.advanceTimersByTime(60_000);
    expect(of('error').length).toBe(1);
    expect(tries.mock.calls.length).toBeLessThan(12);
    expect(tries.mock.calls.length).toBeGreaterThan(6);
    pcap.failure = undefined;
    vi.advanceTimersByTime(10_000);
    expect(of('ready').length).toBe(1);
  });

  it('asks libpcap for no interface that is not there', () => {
    startChild('port', ['lo', 'absent0']);
    vi.advanceTimersByTime(5000);
    expect(of('error')).toMatchObject([{ interface: 'absent0', reason: 'no such interface' }]);
    expect(of('ready')).toEqual([]);
    expect(pcap.sessions.length).toBe(3);
  });

  it('refuses other link types and closes what it had opened', () => {
    pcap.linkType = 'LINKTYPE_RAW';
    startChild();
    expect(of('error')).toMatchObject([{ reason: 'link type LINKTYPE_RAW is not Ethernet' }]);
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
        vi.advanceTimersByTime(1000);
      },
    ],
    [
      'frames of which the event loop was not told',
      () => {
        vi.advanceTimersByTime(1000);
        pcap.find('outbound').arrive(query('a'));
        vi.advanceTimersByTime(1000);
      },
    ],
  ])('opens an interface anew after %s', async (_, lose) => {
    startChild();
    const before = pcap.sessions.length;
    lose();
    await immediate();
    expect(pcap.sessions.slice(0, before).every(({ closed }) => closed)).toBe(true);
    expect(pcap.sessions.length).toBe(2 * before);
    vi.advanceTimersByTime(1000);
    expect(of('statistics').at(-1)?.openInterfaces).toEqual(['lo']);
  });

  it('drops batches, counted, while the parent does not read', async () => {
    startChild();
    holdBack = true;
    for (let frame = 0; frame < 513 * 512; frame++) pcap.find('outbound').arrive(query('a'));
    pcap.find('outbound').wake();
    await immediate();
    expect(of('observations').length).toBe(512);
    vi.advanceTimersByTime(1000);
    expect(of('statistics').at(-1)?.droppedByBackpressure).toBe(512);
    for (const sent of unsent.splice(0)) sent();
    pcap.find('outbound').arrive(query('b'));
    pcap.find('outbound').wake();
    await immediate();
    expect(of('observations').length).toBe(513);
  });

  it('asks for a new process before closed sessions can fill the memory', async () => {
    startChild();
    for (let round = 0; round < 1000; round++) {
      pcap.find('inbound').wake();
      await immediate();
    }
    expect(wornOut).toBe(1);
  });
});
