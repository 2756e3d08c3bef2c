import { describe, expect, it } from 'vitest';
import { PcapngBlocks, readEveryChange, readPackets, sourceOf } from '../../../support/capture-file-builder.ts';

const one = Buffer.from('0102030405', 'hex');
const two = Buffer.from('a0b0c0d0e0f0', 'hex');
const hex = (octets: Buffer) => octets.toString('hex');
const little = new PcapngBlocks();
const big = new PcapngBlocks(true);
const RESOLUTION = 9;
const OFFSET = 14;

/** Ticks of a microsecond, the resolution when none is named. */
const tick = 1_700_000_000_123_456n;
const tickMs = 1_700_000_000_123.456;

function resolution(blocks: PcapngBlocks, value: number): Buffer {
  return blocks.option(RESOLUTION, Buffer.of(value));
}

const parts = [
  little.section([little.option(4, Buffer.from('made'))]),
  little.interface(1),
  little.block(5, [Buffer.alloc(20)]),
  little.packet(0, tick, one),
  little.simplePacket(two),
  little.oldPacket(0, tick, two),
];
const small = Buffer.concat(parts);
/** Where the blocks of `small` begin, and its end. */
const borders = [0, ...parts.map((_part, index) => Buffer.concat(parts.slice(0, index + 1)).length)];

async function expectDamage(blocks: readonly Buffer[], packets: number, damage: string): Promise<void> {
  const result = await readPackets(sourceOf(Buffer.concat(blocks)));
  expect(result).toMatchObject({ packets, damage: expect.stringContaining(damage) });
}

async function expectRefusal(blocks: readonly Buffer[], message: string): Promise<void> {
  await expect(readPackets(sourceOf(Buffer.concat(blocks)))).rejects.toMatchObject({
    code: 'capture-file',
    message: expect.stringContaining(message),
  });
}

describe('pcapng', () => {
  it.each([
    ['little', little],
    ['big', big],
  ])('reads all three kinds of packet block, %s endian', async (_name, blocks) => {
    const file = Buffer.concat([
      blocks.section(),
      blocks.interface(1),
      blocks.interface(113),
      blocks.simplePacket(one),
      blocks.packet(1, tick, one),
      blocks.simplePacket(two),
      blocks.oldPacket(1, tick + 1000n, two),
    ]);
    const { read, damage } = await readPackets(sourceOf(file));
    expect(damage).toBeUndefined();
    expect(read).toEqual([
      { octets: hex(one), atMs: 0, linkType: 1 },
      { octets: hex(one), atMs: tickMs, linkType: 113 },
      { octets: hex(two), atMs: tickMs, linkType: 1 },
      { octets: hex(two), atMs: tickMs + 1, linkType: 113 },
    ]);
  });

  it.each([
    [0, 12n, 12_000],
    [3, 12_345n, 12_345],
    [6, tick, tickMs],
    [9, tick * 1000n, tickMs],
    [12, 5_000_000_000n, 5],
    [0x80, 12n, 12_000],
    [0x80 | 10, 1024n, 1000],
    [0x80 | 20, 1n << 40n, 1_048_576_000],
  ])('counts time by if_tsresol %i', async (value, ticks, atMs) => {
    for (const blocks of [little, big]) {
      const file = [blocks.section(), blocks.interface(1, [resolution(blocks, value)]), blocks.packet(0, ticks, one)];
      expect((await readPackets(sourceOf(Buffer.concat(file)))).read[0]!.atMs).toBeCloseTo(atMs, 2);
    }
  });

  it('gives a finite time for every resolution', async () => {
    for (let value = 0; value < 256; value++) {
      const described = little.interface(1, [resolution(little, value)]);
      const file = Buffer.concat([little.section(), described, little.packet(0, 2n ** 64n - 1n, one)]);
      expect((await readPackets(sourceOf(file))).read[0]!.atMs).toSatisfy(Number.isFinite);
    }
  });

  it.each([3600n, -3600n])('adds if_tsoffset, %i s', async (seconds) => {
    const offset = Buffer.alloc(8);
    offset.writeBigInt64LE(seconds);
    const described = little.interface(1, [little.option(OFFSET, offset), little.u32(0)]);
    const file = Buffer.concat([little.section(), described, little.packet(0, tick, one)]);
    expect((await readPackets(sourceOf(file))).read[0]!.atMs).toBe(tickMs + Number(seconds) * 1000);
  });

  it('starts over with each section, in its octet order', async () => {
    const file = Buffer.concat([small, big.section(), big.interface(276), big.packet(0, tick, one)]);
    const { read } = await readPackets(sourceOf(file));
    expect(read.map(({ linkType }) => linkType)).toEqual([1, 1, 1, 276]);
    await expectDamage([small, big.section(), big.packet(0, tick, one)], 3, 'interface 0, which was not described');
  });

  it('cuts simple packets at the length of the interface', async () => {
    const file = [little.section(), little.interface(1, [], 4), little.simplePacket(two.subarray(0, 4), 1500)];
    expect((await readPackets(sourceOf(Buffer.concat(file)))).read[0]!.octets).toBe('a0b0c0d0');
  });

  it('passes over large blocks of other types in small memory', async () => {
    const large = 40 * 1024 * 1024;
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    const source = async function* () {
      yield Buffer.concat([...parts.slice(0, 2), little.u32(0xbad), little.u32(large + 12)]);
      const piece = Buffer.alloc(65_536);
      for (let at = 0; at < large; at += piece.length) {
        yield piece;
        most = Math.max(most, process.memoryUsage().arrayBuffers);
      }
      yield Buffer.concat([little.u32(large + 12), little.packet(0, tick, one)]);
    };
    const result = await readPackets({ name: 'made', sizeBytes: undefined, chunks: source() });
    expect(result).toMatchObject({ packets: 1, damage: undefined });
    expect(most - before).toBeLessThan(large / 4);
  });

  it('refuses what is broken before the first packet', async () => {
    await expectRefusal([little.section([], 0), ...parts.slice(1)], 'format version 0, not 1');
    await expectRefusal([little.section([], 2), ...parts.slice(1)], 'format version 2, not 1');
    const tooLong = Buffer.concat([little.u16(4), little.u16(400), Buffer.alloc(20)]);
    await expectRefusal([little.section([tooLong])], 'octet 0 has an option of 400 octets');
    await expectRefusal([...parts.slice(0, 1), little.interface(1, [tooLong])], `octet ${borders[1]} has an option`);
    await expectRefusal([...parts.slice(0, 2), little.packet(0, tick, one, 65_536)], 'claims a packet of 65536 octets');
    await expectRefusal(
      [Buffer.from('0a0d0d0a1c0000003030303001000000ffffffffffffffff1c000000', 'hex')],
      'octet order',
    );
  });

  it.each([0x7ffffffc, 0xfffffffc, 16 * 1024 * 1024 + 4])('ends at a packet block of %i octets', async (claimed) => {
    const block = little.block(6, [Buffer.alloc(60)], claimed);
    await expectDamage([small, block, little.packet(0, tick, one)], 3, `octet ${small.length} claims ${claimed}`);
  });

  it('ends at damage behind the first packet, and says where', async () => {
    const at = `the block at octet ${small.length}`;
    const noLength = little.packet(0, tick, one);
    noLength.writeUInt32LE(0, noLength.length - 4);
    await expectDamage([small, noLength], 3, `${at} ends with another length`);
    const passed = little.block(0xbad, [one]);
    passed.writeUInt32LE(0, passed.length - 4);
    await expectDamage([small, passed], 3, `${at} ends with another length`);
    await expectDamage([small, little.block(0xbad, [one], 0)], 3, `${at} claims a length of 0`);
    await expectDamage([small, little.block(6, [one], 13)], 3, `${at} claims a length of 13`);
    await expectDamage([small, little.packet(1, tick, one)], 3, `${at} has a packet of interface 1`);
    await expectDamage([small, little.packet(0, tick, one, 0xffffffff)], 3, `${at} claims a packet of 4294967295`);
    await expectDamage([small, little.packet(0, tick, Buffer.alloc(262_145))], 3, `${at} claims a packet of 262145`);
    await expectDamage([small, little.simplePacket(one, 0xffffffff)], 3, `${at} claims a packet of 4294967295`);
    await expectDamage([small, little.block(6, [one])], 3, `${at} is too short for a packet`);
    await expectDamage(
      [small, little.block(0xbad, [one], 0xfffffffc)],
      3,
      `middle of the record at octet ${small.length}`,
    );
  });

  it('has a limit on interfaces', async () => {
    const many = Array.from({ length: 65_536 }, () => little.interface(1));
    await expectDamage([small, ...many], 3, 'one interface more than 65536');
  });

  it('gives what is whole before every cut', async () => {
    const all = (await readPackets(sourceOf(small))).read;
    expect(all).toHaveLength(3);
    for (let cut = 0; cut < small.length; cut++) {
      for (const chunk of [1, 65_536]) {
        const reading = readPackets(sourceOf(small.subarray(0, cut), () => chunk));
        const whole = borders.filter((border) => border > borders[3]! && border <= cut).length;
        const blockAt = borders.findLast((border) => border <= cut)!;
        const damage = `it ends in the middle of the record at octet ${blockAt}`;
        if (whole > 0) {
          const expected = blockAt === cut ? undefined : damage;
          expect(await reading, `cut at ${cut}`).toEqual({
            packets: whole,
            damage: expected,
            read: all.slice(0, whole),
          });
        } else if (blockAt === cut && cut > 0) {
          expect(await reading, `cut at ${cut}`).toEqual({ packets: 0, damage: undefined, read: [] });
        } else {
          await expect(reading, `cut at ${cut}`).rejects.toMatchObject({ code: 'capture-file' });
        }
      }
    }
  });

  it('bears every change of one octet', async () => {
    expect(await readEveryChange(small)).toBe(small.length * 255);
  }, 30_000);
});
