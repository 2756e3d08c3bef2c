import * as dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { CopiedFrames } from '../../../src/capture/copied-frames.ts';
import { unpackBatch } from '../../support/collected-observations.ts';
import { composeQuery, REFERRAL } from '../../support/dns-messages.ts';
import { composeFragments, composeFrame, composeSegment, withTcpLength } from '../../support/frames.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NAME = 'wWw.eXample.org';
const QUERY = composeFrame(composeQuery(NAME, 0xbeef));
const ENDS = { source: '198.51.100.53', destination: '192.0.2.1', sourcePort: 53, destinationPort: 40000 };
const RESPONSE = composeFrame(dnsPacket.encode(REFERRAL), ENDS);
const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp() {
  const clock = new VirtualClock();
  const batches: Uint8Array[] = [];
  const copies = new CopiedFrames(clock, (batch) => batches.push(batch));
  const take = (frame: Buffer, direction: 'outbound' | 'inbound') => copies.take(frame, 0, frame.length, direction);
  const kinds = () => batches.map((batch) => unpackBatch(batch).map(({ kind }) => kind));
  return { clock, batches, copies, take, kinds };
}

describe('CopiedFrames', () => {
  it('gives what came in one turn as one batch at its end, with the time of the clock', async () => {
    const { clock, batches, take, kinds } = setUp();
    take(QUERY, 'outbound');
    take(RESPONSE, 'inbound');
    expect(batches).toEqual([]);
    await endOfTurn();
    expect(kinds()).toEqual([['query', 'response']]);
    expect(unpackBatch(batches[0]!)[1]).toMatchObject({ atMs: clock.nowMs(), nameServers: [{}, {}] });
    clock.advance(10);
    take(QUERY, 'outbound');
    await endOfTurn();
    expect(kinds()).toEqual([['query', 'response'], ['query']]);
    expect(unpackBatch(batches[1]!)[0]!.atMs).toBe(clock.nowMs());
  });

  it('reads the frame where it lies, and keeps nothing of the buffer', async () => {
    const { batches, copies } = setUp();
    const message = Buffer.concat([Buffer.alloc(50, 0xff), QUERY, Buffer.alloc(50, 0xff)]);
    copies.take(message, 50, 50 + QUERY.length, 'outbound');
    message.fill(0);
    await endOfTurn();
    expect(unpackBatch(batches[0]!)).toMatchObject([{ kind: 'query', id: 0xbeef }]);
  });

  it('joins the fragments of a response, whichever copies they came by', async () => {
    const { batches, take } = setUp();
    const segment = composeSegment(dnsPacket.encode(REFERRAL), ENDS);
    const [first, second] = composeFragments(segment, [64], ENDS);
    take(second!, 'inbound');
    take(first!, 'inbound');
    await endOfTurn();
    expect(unpackBatch(batches[0]!)).toMatchObject([{ kind: 'response', nameServers: [{}, {}] }]);
  });

  it('joins the segments of a TCP stream', async () => {
    const { batches, take } = setUp();
    const message = withTcpLength(dnsPacket.encode(REFERRAL));
    const segment = (payload: Buffer, tcpSequence: number, tcpFlags = 0x10) =>
      composeFrame(payload, { ...ENDS, transport: 'tcp', tcpSequence, tcpFlags });
    take(segment(Buffer.alloc(0), 99, 0x12), 'inbound');
    take(segment(message.subarray(0, 40), 100), 'inbound');
    take(segment(message.subarray(40), 140), 'inbound');
    await endOfTurn();
    expect(batches.flatMap(unpackBatch)).toMatchObject([{ kind: 'response', transport: 'tcp' }]);
  });

  it('does not wait for ever for a segment that is lost', async () => {
    const { clock, batches, copies, take } = setUp();
    const message = withTcpLength(dnsPacket.encode(REFERRAL));
    const segment = (payload: Buffer, tcpSequence: number, tcpFlags = 0x10) =>
      composeFrame(payload, { ...ENDS, transport: 'tcp', tcpSequence, tcpFlags });
    take(segment(Buffer.alloc(0), 99, 0x12), 'inbound');
    take(segment(message, 100 + message.length), 'inbound');
    clock.advance(1000);
    copies.tick();
    await endOfTurn();
    expect(batches).toEqual([]);
    clock.advance(10_000);
    copies.tick();
    await endOfTurn();
    expect(batches.flatMap(unpackBatch)).toMatchObject([{ kind: 'response', transport: 'tcp' }]);
  });

  it('counts what it cannot read, and gives no empty batch', async () => {
    const { batches, copies, take } = setUp();
    take(Buffer.alloc(60), 'inbound');
    take(QUERY, 'inbound');
    await endOfTurn();
    expect(batches).toEqual([]);
    expect(copies.counters.get('frames')).toBe(2);
    expect(copies.counters.get('wrong-way')).toBe(1);
  });
});
