import { readFileSync } from 'node:fs';

export interface PcapFile {
  /** The number of the link type; 1 is Ethernet. */
  readonly linkType: number;
  readonly packets: readonly { readonly octets: Buffer; readonly atMs: number }[];
}

/** Reads a capture in the classic pcap format, either byte order, microseconds or nanoseconds. Throws on all else. */
export function readPcapFile(path: string | URL): PcapFile {
  const file = readFileSync(path);
  const littleEndian = file.readUInt8(0) !== 0xa1;
  const u32 = (at: number) => (littleEndian ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const magic = u32(0);
  if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) throw new Error(`${path} is not in the classic pcap format`);
  const ticksPerMs = magic === 0xa1b2c3d4 ? 1e3 : 1e6;
  const packets = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const end = at + 16 + u32(at + 8);
    packets.push({ octets: file.subarray(at + 16, end), atMs: u32(at) * 1000 + u32(at + 4) / ticksPerMs });
    at = end;
  }
  return { linkType: u32(20) & 0xffff, packets };
}
