import { beforeAll, describe, expect, it } from 'vitest';
import { Observer } from '../../../src/capture/observe.ts';
import type { Address } from '../../../src/core/address.ts';
import { Counters } from '../../../src/core/counters.ts';
import { observationEvents } from '../../../src/correlation/events/observation-events.ts';
import type { HostEvent } from '../../../src/correlation/host-event.ts';
import { ObservationWriter } from '../../../src/dns/observation-writer.ts';
import { CaptureEntries } from '../../../src/querylog/capture-entries.ts';
import { EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import { composeAnswer, composeQuery } from '../../support/dns-messages.ts';
import { composeFrame, type FrameFields } from '../../support/frames.ts';
import { startLearning } from '../../support/learning.ts';
import { addressOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const BACK: FrameFields = {
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 53,
  destinationPort: 40_000,
};
const NO_OCTETS = Buffer.alloc(0);
const FRAMES = [
  composeFrame(composeQuery('a.example')),
  composeFrame(NO_OCTETS, { transport: 'tcp', tcpFlags: 0x02, destinationPort: 53 }),
  composeFrame(NO_OCTETS, { ...BACK, transport: 'tcp', tcpFlags: 0x12 }),
  composeFrame(NO_OCTETS, {
    transport: 'tcp',
    tcpFlags: 0x02,
    source: '2001:db8::1',
    destination: '2001:db8::2',
    destinationPort: 22,
  }),
  composeFrame(composeAnswer('a.example', '203.0.113.80'), BACK),
];

/** One batch of what is in FRAMES: a query, three segments, and its response. */
function batchOf(frames: readonly Buffer[]): Uint8Array {
  const batches: Uint8Array[] = [];
  const writer = new ObservationWriter((batch) => batches.push(batch));
  const observer = new Observer(new Counters(), writer, { syns: true });
  for (const [index, frame] of frames.entries()) observer.observe(frame, 0, frame.length, 1000 + index, 'by-message');
  writer.flush();
  expect(batches).toHaveLength(1);
  return batches[0]!;
}

describe('a batch with beginnings of TCP connections', () => {
  let batch: Uint8Array;
  beforeAll(() => {
    batch = batchOf(FRAMES);
  });

  it('teaches the learner what its messages do, whose times alone count', () => {
    const { learner } = startLearning(new VirtualClock(), { teach: 'matched' });
    const times: number[] = [];
    learner.take(batch, 0, (atMs) => times.push(atMs));
    expect(times).toEqual([1000, 1004]);
    expect(learner.counters.get('queries')).toBe(1);
    expect(learner.counters.get('responses matched')).toBe(1);
    expect(learner.counters.get('damaged batches')).toBe(0);
  });

  it('gives the query log the exchange and nothing else', () => {
    const entries = new EntryBatchWriter();
    const trustedResolvers = new Set<Address>();
    const captured = new CaptureEntries({ entries, trustedResolvers, client: (address) => address });
    captured.take(batch);
    captured.settle();
    expect([...readEntries(entries.take())]).toHaveLength(1);
    expect(captured.counters.snapshot()).toEqual({ queries: 1, responses: 1 });
  });

  it('gives events of hosts, each with its ends', () => {
    const events: HostEvent[] = [];
    const everybody = { insideNetworks: [], trustedResolvers: [], mailServers: [] };
    expect(observationEvents(batch, 500, everybody, (event) => events.push(event), true)).toBe('whole');
    expect(events.map(({ kind }) => kind)).toEqual(['query', 'syn', 'syn-ack', 'syn', 'answer']);
    const ends = { host: addressOf('192.0.2.1'), destination: addressOf('198.51.100.53'), hostPort: 40_000, port: 53 };
    expect(events[1]).toEqual({ kind: 'syn', atMs: 1501, mac: 0x020000000002, ...ends });
    expect(events[2]).toEqual({ kind: 'syn-ack', atMs: 1502, mac: 0x020000000001, ...ends });
    expect(events[3]).toMatchObject({
      host: addressOf('2001:db8::1'),
      destination: addressOf('2001:db8::2'),
      port: 22,
    });
  });

  it('costs those little who do not want them', () => {
    const many = batchOf(Array.from({ length: 5000 }, () => FRAMES[1]!));
    const { learner } = startLearning(new VirtualClock(), { teach: 'matched' });
    const startMs = performance.now();
    for (let round = 0; round < 100; round++) learner.take(many);
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(learner.counters.get('queries')).toBe(0);
  });
});
