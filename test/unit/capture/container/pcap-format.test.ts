import { describe, expect, it } from 'vitest';
import {
  PCAP_KUZNETZOV,
  PCAP_MICROSECONDS,
  PCAP_NANOSECONDS,
  pcapFile,
  readEveryChange,
  readPackets,
  sourceOf,
} from '../../../support/capture-file-builder.ts';

const one = Buffer.from('0102030405', 'hex');
const two = Buffer.from('a0b0c0d0e0f0', 'hex');
const records = [
  { seconds: 1_700_000_000, ticks: 250_500, octets: one },
  { seconds: 1_700_000_001, ticks: 7, octets: Buffer.alloc(0) },
  { seconds: 4_294_967_295, ticks: 999_999, octets: two },
];
const small = pcapFile(records);
/** Where each record of `small` ends. */
const ends = [24 + 16 + 5, 24 + 2 * 16 + 5, 24 + 3 * 16 + 11];

describe('pcap', () => {
  it.each([
    ['microseconds', PCAP_MICROSECONDS, 1e3],
    ['nanoseconds', PCAP_NANOSECONDS, 1e6],
    ["Kuznetzov's", PCAP_KUZNETZOV, 1e3],
  ])('reads %s in both octet orders', async (_name, magic, ticksPerMs) => {
    for (const bigEndian of [false, true]) {
      const { read, packets, damage } = await readPackets(sourceOf(pcapFile(records, { magic, bigEndian })));
      expect({ packets, damage }).toEqual({ packets: 3, damage: undefined });
      expect(read).toEqual(
        records.map(({ seconds, ticks, octets }) => ({
          octets: octets.toString('hex'),
          atMs: seconds * 1000 + ticks / ticksPerMs,
          linkType: 1,
        })),
      );
    }
  });

  it('bears a fraction of more than a second', async () => {
    const file = pcapFile([{ seconds: 10, ticks: 4_294_967_295, octets: one }], { magic: PCAP_NANOSECONDS });
    expect((await readPackets(sourceOf(file))).read[0]!.atMs).toBeCloseTo(14_294.967295, 6);
  });

  it('takes the link type from the lower 16 bits, with an FCS length above them', async () => {
    for (const [linkField, linkType] of [
      [0x44000071, 113],
      [0xfc000001, 1],
      [0x0000ffff, 65_535],
    ] as const) {
      expect((await readPackets(sourceOf(pcapFile(records, { linkField })))).read[0]!.linkType).toBe(linkType);
    }
  });

  it.each([0, 1, 3, 0xffff])('refuses format version %i', async (majorVersion) => {
    const file = sourceOf(pcapFile(records, { majorVersion }));
    await expect(readPackets(file)).rejects.toMatchObject({
      code: 'capture-file',
      message: expect.stringMatching(new RegExp(`^made\\.pcap .*version is ${majorVersion}, not 2 .octet 4.*editcap`)),
    });
  });

  it('refuses every reserved bit of the link type', async () => {
    for (let bit = 16; bit < 26; bit++) {
      const file = sourceOf(pcapFile(records, { linkField: 2 ** bit + 1 }));
      await expect(readPackets(file)).rejects.toMatchObject({
        code: 'capture-file',
        message: expect.stringContaining('octet 20'),
      });
    }
  });

  it('reads a file without packets', async () => {
    expect(await readPackets(sourceOf(pcapFile([])))).toEqual({ packets: 0, damage: undefined, read: [] });
  });

  it.each([262_145, 0x7fffffff, 0x80000000, 0xffffffff])('ends at a packet of %i octets', async (claimedOctets) => {
    const file = pcapFile([records[0]!, { ...records[1]!, claimedOctets }, records[2]!]);
    const { packets, damage } = await readPackets(sourceOf(file));
    expect({ packets, damage }).toEqual({
      packets: 1,
      damage: `the packet at octet ${ends[0]} claims ${claimedOctets} octets`,
    });
  });

  it('reads the largest packet there may be', async () => {
    const file = pcapFile([{ seconds: 1, ticks: 0, octets: Buffer.alloc(262_144, 5) }, records[0]!]);
    for (const chunk of [1000, 65_536, 1_000_000]) {
      const { read, damage } = await readPackets(sourceOf(file, () => chunk));
      expect(damage).toBeUndefined();
      expect(read.map(({ octets }) => octets.length / 2)).toEqual([262_144, 5]);
    }
  });

  it('gives what is whole before every cut', async () => {
    const all = (await readPackets(sourceOf(small))).read;
    for (let cut = 0; cut < small.length; cut++) {
      for (const chunk of [1, 65_536]) {
        const reading = readPackets(sourceOf(small.subarray(0, cut), () => chunk));
        if (cut < 24) {
          await expect(reading, `cut at ${cut}`).rejects.toMatchObject({ code: 'capture-file' });
          continue;
        }
        const whole = ends.filter((end) => end <= cut).length;
        const recordAt = [24, ...ends][whole];
        const damage = recordAt === cut ? undefined : `it ends in the middle of the record at octet ${recordAt}`;
        expect(await reading, `cut at ${cut}`).toEqual({ packets: whole, damage, read: all.slice(0, whole) });
      }
    }
  });

  it('bears every change of one octet', async () => {
    expect(await readEveryChange(small)).toBe(small.length * 255);
  });
});
