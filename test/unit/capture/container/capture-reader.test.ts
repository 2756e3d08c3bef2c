import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../../../../src/capture/container/capture-reader.ts';
import type { DnsObservation } from '../../../../src/dns/observation.ts';
import { PcapngBlocks, type PcapRecord, pcapFile, sourceOf } from '../../../support/capture-file-builder.ts';
import { unpackBatch } from '../../../support/collected-observations.ts';
import { composeAnswer, composeQuery } from '../../../support/dns-messages.ts';
import {
  composeFragments,
  composeFrame,
  composeSegment,
  type FrameFields,
  withTcpLength,
} from '../../../support/frames.ts';

const ANSWER = composeAnswer('www.example.org', '203.0.113.7');
const INBOUND: FrameFields = {
  source: '198.51.100.53',
  destination: '192.0.2.1',
  sourcePort: 53,
  destinationPort: 40000,
};
const QUERY_FRAME = composeFrame(composeQuery('www.example.org'));
const at = (seconds: number, octets: Buffer): PcapRecord => ({ seconds, ticks: 500_000, octets });

function open() {
  const observations: DnsObservation[] = [];
  const reader = new CaptureReader((batch) => observations.push(...unpackBatch(batch)));
  const read = (octets: Buffer) => reader.read(sourceOf(octets));
  return { observations, reader, read };
}

describe('CaptureReader', () => {
  it('gives the observations of a capture with the times of its packets', async () => {
    const { observations, reader, read } = open();
    expect(
      await read(pcapFile([at(7, QUERY_FRAME), at(9, composeFrame(ANSWER, INBOUND)), at(8, Buffer.alloc(60))])),
    ).toEqual({ packets: 3, damage: undefined });
    reader.finish();
    expect(observations.map(({ kind, atMs }) => [kind, atMs])).toEqual([
      ['query', 7500],
      ['response', 9500],
    ]);
    expect(reader.totals).toEqual({
      packets: 3,
      firstMs: 7500,
      lastMs: 9500,
      observed: { frames: 3, queries: 1, responses: 1, 'frame-not-ip': 1 },
      unread: {},
    });
  });

  it('has nothing to tell before the first packet', () => {
    const { reader } = open();
    reader.finish();
    expect(reader.totals).toEqual({ packets: 0, firstMs: undefined, lastMs: undefined, observed: {}, unread: {} });
  });

  it('joins what begins in one capture and ends in the next', async () => {
    const { observations, reader, read } = open();
    const tcp = { ...INBOUND, transport: 'tcp' as const };
    const message = withTcpLength(ANSWER);
    const [first, second] = composeFragments(composeSegment(ANSWER, INBOUND), [16], INBOUND);
    const segments = [message.subarray(0, 20), message.subarray(20)].map((part, index) =>
      composeFrame(part, { ...tcp, tcpSequence: 1 + 20 * index }),
    );
    const syn = composeFrame(Buffer.alloc(0), { ...tcp, tcpFlags: 0x12 });
    await read(pcapFile([at(1, first!), at(1, syn), at(1, segments[0]!)]));
    await read(pcapFile([at(2, second!), at(2, segments[1]!)]));
    reader.finish();
    expect(observations.map(({ transport, atMs }) => [transport, atMs])).toEqual([
      ['udp', 2500],
      ['tcp', 2500],
    ]);
  });

  it('passes over packets whose time cannot be', async () => {
    const { reader, read } = open();
    const blocks = new PcapngBlocks();
    const packet = (ticks: bigint) => blocks.packet(0, ticks, QUERY_FRAME);
    const ticks = [0n, 2n ** 64n - 1n, BigInt(Date.UTC(9000, 0)) * 1000n, BigInt(Date.UTC(9000, 0)) * 1000n + 1000n];
    await read(Buffer.concat([blocks.section(), blocks.interface(1), ...ticks.map(packet)]));
    reader.finish();
    expect(reader.totals).toMatchObject({
      packets: 2,
      firstMs: 0,
      lastMs: Date.UTC(9000, 0),
      observed: { frames: 2 },
      unread: { 'time that cannot be': 2 },
    });
  });

  it('passes over link types that it cannot read, and counts sixteen of them each on its own', async () => {
    const { reader, read } = open();
    const blocks = new PcapngBlocks();
    const types = [1, ...Array.from({ length: 20 }, (_, index) => 1000 + index)];
    const packets = types.map((_, index) => blocks.packet(index, 0n, QUERY_FRAME));
    await read(
      Buffer.concat([blocks.section(), ...types.map((type) => blocks.interface(type)), ...packets, packets[1]!]),
    );
    const { packets: read_, unread } = reader.totals;
    expect([read_, Object.keys(unread).length, unread['link type 1000'], unread['other link types']]).toEqual([
      1, 17, 2, 4,
    ]);
  });

  it('refuses a capture of which it can read no packet, and goes on with the next', async () => {
    const { observations, reader, read } = open();
    await expect(read(pcapFile([at(1, QUERY_FRAME)], { linkField: 147 }))).rejects.toMatchObject({
      name: 'GluewallError',
      code: 'capture-file',
      message: expect.stringContaining('made.pcap: link type 147 is not read here'),
    });
    await expect(read(Buffer.from('no capture, but long enough to be one'))).rejects.toMatchObject({
      code: 'capture-file',
    });
    expect(await read(pcapFile([], { linkField: 147 }))).toEqual({ packets: 0, damage: undefined });
    await read(pcapFile([at(1, QUERY_FRAME)]));
    reader.finish();
    expect(observations.length).toBe(1);
    expect(reader.totals.unread).toEqual({ 'link type 147': 1 });
  });

  it('reads a damaged capture as far as it goes', async () => {
    const { observations, reader, read } = open();
    const file = pcapFile([at(1, QUERY_FRAME), at(2, QUERY_FRAME)]);
    const { damage } = await read(file.subarray(0, -3));
    reader.finish();
    expect([observations.length, damage]).toEqual([1, expect.stringContaining('in the middle of the record')]);
  });

  it('writes into memory that is given back', async () => {
    const memories = new Set<ArrayBufferLike>();
    let batches = 0;
    const reader = new CaptureReader((batch) => {
      batches++;
      memories.add(batch.buffer);
      reader.takeBack(batch.buffer);
    });
    await reader.read(sourceOf(pcapFile(new Array<PcapRecord>(60_000).fill(at(1, QUERY_FRAME)))));
    reader.finish();
    expect(batches).toBeGreaterThan(10);
    // The last batch is small, and a copy.
    expect(memories.size).toBeLessThanOrEqual(3);
  }, 20_000);
});
