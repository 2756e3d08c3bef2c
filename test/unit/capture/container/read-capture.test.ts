import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaptureSource } from '../../../../src/capture/container/capture-source.ts';
import { readCapture } from '../../../../src/capture/container/read-capture.ts';
import { PcapngBlocks, pcapFile, readPackets, sourceOf } from '../../../support/capture-file-builder.ts';

/** Octets that gzip cannot make much smaller, the same each time. */
function noise(length: number, seed: number): Buffer {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >> 16;
  };
  return Buffer.from(Array.from({ length }, next));
}

const lengths = Array.from({ length: 120 }, (_, index) => (index * 37) % 1500);
const pcap = pcapFile(lengths.map((length, index) => ({ seconds: index, ticks: index, octets: noise(length, index) })));
const blocks = new PcapngBlocks();
const pcapng = Buffer.concat([
  blocks.section(),
  blocks.interface(1),
  ...lengths.flatMap((length, index) => [
    blocks.packet(0, BigInt(index), noise(length, index)),
    blocks.simplePacket(noise(9, index)),
    blocks.block(0x80000001, [noise(length, index)]),
  ]),
]);
const packed = gzipSync(pcap);

/** Chunk lengths from a property's numbers, over and over; an empty chunk now and then. */
function cycle(values: readonly number[]): () => number {
  let at = 0;
  let isEmptyNext = false;
  return () => {
    isEmptyNext = !isEmptyNext && at % 5 === 4;
    return isEmptyNext ? 0 : values[at++ % values.length]!;
  };
}

/** A source that says whether it was closed. */
function watched(octets: Buffer, after?: () => Promise<void>): { source: CaptureSource; isClosed: () => boolean } {
  let closed = false;
  const chunks = async function* () {
    try {
      for (let at = 0; at < octets.length; at += 4096) yield octets.subarray(at, at + 4096);
      await after?.();
    } finally {
      closed = true;
    }
  };
  return { source: { name: 'watched', sizeBytes: undefined, chunks: chunks() }, isClosed: () => closed };
}

describe('readCapture', () => {
  it('gives the same packets in chunks of every length', async () => {
    const files = await Promise.all(
      [pcap, pcapng, packed].map(async (file) => ({ file, whole: await readPackets(sourceOf(file)) })),
    );
    expect(files.map(({ whole }) => whole.packets)).toEqual([120, 240, 120]);
    const chunkLengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })), {
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), chunkLengths, async ({ file, whole }, values) => {
        expect(await readPackets(sourceOf(file, cycle(values)))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it('bears any octets behind a good beginning', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(pcap, pcapng),
        fc.nat(3000),
        fc.uint8Array({ maxLength: 300 }),
        async (...args) => {
          const [file, keep, tail] = args;
          const octets = Buffer.concat([file.subarray(0, keep), tail]);
          const results = [1, 65_536].map((chunk) =>
            readPackets(sourceOf(octets, () => chunk)).catch((error) => {
              expect(error).toMatchObject({ name: 'GluewallError', code: 'capture-file' });
              return error.message;
            }),
          );
          expect(await results[0]).toEqual(await results[1]);
        },
      ),
      { numRuns: 200 },
    );
  }, 30_000);

  it('copies only the packet that lies across the border of two chunks', async () => {
    const record = { seconds: 1, ticks: 0, octets: Buffer.alloc(100) };
    const file = pcapFile(Array.from({ length: 90 }, () => record));
    const halves: Buffer[] = [Buffer.from(file.subarray(0, 5000)), Buffer.from(file.subarray(5000))];
    const chunks = (async function* () {
      yield* halves;
    })();
    const copied: number[] = [];
    let packets = 0;
    await readCapture({ name: 'made', sizeBytes: undefined, chunks }, (octets) => {
      if (!halves.includes(octets)) copied.push(packets);
      packets++;
    });
    expect(packets).toBe(90);
    expect(copied).toEqual([Math.floor((5000 - 24) / 116)]);
  });

  it('waits for onChunk, and counts the octets of the source', async () => {
    for (const file of [pcap, packed]) {
      const seen: number[] = [];
      let isWaiting = false;
      await readCapture(
        sourceOf(file, () => 10_000),
        () => expect(isWaiting).toBe(false),
        async (bytesRead) => {
          isWaiting = true;
          await new Promise((resolve) => setImmediate(resolve));
          isWaiting = false;
          seen.push(bytesRead);
        },
      );
      expect(seen.length).toBeGreaterThan(3);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.at(-1)).toBe(file.length);
    }
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'it is empty; name a file'],
    ['one octet', Buffer.of(0xd4), 'it is no capture (octet 0); pcap or pcapng is wanted'],
    ['text', Buffer.from('the quick brown fox jumps over the lazy dog'), 'it is no capture (octet 0)'],
    ['packed text', gzipSync('the quick brown fox jumps over the lazy dog'), 'it is no capture (octet 0)'],
    ['packed nothing', gzipSync(''), 'it is empty'],
    ['only the beginning of gzip', packed.subarray(0, 2), 'its gzip data are cut'],
    ['gzip of another method', Buffer.from('1f8b0700000000000003', 'hex'), 'its gzip data are damaged'],
    ['half a header', pcap.subarray(0, 23), 'its header is cut at octet 23; capture again'],
  ])('refuses %s', async (_name, octets, message) => {
    for (const chunk of [1, 65_536]) {
      const error = await readPackets(sourceOf(octets, () => chunk)).catch((cause) => cause);
      expect(error).toMatchObject({ name: 'GluewallError', code: 'capture-file' });
      expect(error.message).toContain(`made.pcap cannot be read: ${message}`);
    }
  });

  it('reads gzip in several members', async () => {
    const members = Buffer.concat([gzipSync(pcap.subarray(0, 5000)), gzipSync(pcap.subarray(5000))]);
    expect(await readPackets(sourceOf(members))).toEqual(await readPackets(sourceOf(pcap)));
  });

  it('gives what a cut gzip file holds', async () => {
    const all = (await readPackets(sourceOf(pcap))).read;
    let most = 0;
    for (let cut = 2; cut < packed.length; cut += 499) {
      const result = await readPackets(sourceOf(packed.subarray(0, cut), () => 4096)).catch((error) => error);
      if (result instanceof Error) {
        expect(result).toMatchObject({ code: 'capture-file' });
        continue;
      }
      expect(result.damage).toBe(`its gzip data are cut, at most ${cut} octets from its beginning`);
      expect(result.read).toEqual(all.slice(0, result.packets));
      expect(result.packets).toBeGreaterThanOrEqual(most);
      most = result.packets;
    }
    expect(most).toBeGreaterThan(110);
  });

  it('bears gzip data changed anywhere', async () => {
    const all = (await readPackets(sourceOf(pcap))).read;
    let damaged = 0;
    for (let at = 0; at < packed.length; at += 251) {
      const changed = Buffer.from(packed);
      changed[at]! ^= 0x10;
      const result = await readPackets(sourceOf(changed)).catch((error) => error);
      if (result instanceof Error) expect(result).toMatchObject({ code: 'capture-file' });
      else if (result.damage?.includes('gzip') === true) damaged++;
    }
    expect(damaged).toBeGreaterThan(10);
    const badSum = Buffer.from(packed);
    badSum[packed.length - 6]! ^= 1;
    const { read, damage } = await readPackets(sourceOf(badSum));
    expect(damage).toMatch(/^its gzip data are damaged \(.*check\)/);
    expect(read).toEqual(all);
    expect(gunzipSync(packed)).toEqual(pcap);
  });

  it('closes its source at the end, at damage and at a refusal', async () => {
    const damaged = Buffer.concat([pcap, Buffer.alloc(16, 0xff), Buffer.alloc(300_000)]);
    const text = Buffer.alloc(20_000, 'text');
    for (const octets of [pcap, packed, damaged, gzipSync(damaged), text, gzipSync(text), Buffer.alloc(0)]) {
      const { source, isClosed } = watched(octets);
      await readPackets(source).catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      expect(isClosed()).toBe(true);
    }
  });

  it('does not wait for a quiet pipe once the octets are damaged', async () => {
    const damaged = Buffer.concat([pcap, Buffer.alloc(16, 0xff), noise(300_000, 7)]);
    for (const octets of [damaged, gzipSync(damaged)]) {
      const { source } = watched(octets, () => new Promise(() => undefined));
      expect(await readPackets(source)).toMatchObject({
        packets: 120,
        damage: `the packet at octet ${pcap.length} claims 4294967295 octets`,
      });
    }
  });

  it('passes on the errors of its source and of its listeners', async () => {
    for (const octets of [pcap, packed]) {
      const { source } = watched(octets, () => Promise.reject(new Error('disk on fire')));
      await expect(readPackets(source)).rejects.toThrow('disk on fire');
      const failing = () => {
        throw new Error('no room');
      };
      await expect(readCapture(sourceOf(octets), failing)).rejects.toThrow('no room');
      await expect(readCapture(sourceOf(octets), () => {}, failing)).rejects.toThrow('no room');
    }
  });
});
