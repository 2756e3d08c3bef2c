/** Capture files made octet by octet, and a way to read them back in chunks of any size. */
import { isDeepStrictEqual } from 'node:util';
import type { CaptureSource } from '../../src/capture/container/capture-source.ts';
import { type CaptureSummary, readCapture } from '../../src/capture/container/read-capture.ts';
import { GluewallError } from '../../src/core/errors.ts';

export const PCAP_MICROSECONDS = 0xa1b2c3d4;
export const PCAP_NANOSECONDS = 0xa1b23c4d;
export const PCAP_KUZNETZOV = 0xa1b2cd34;

export interface PcapFileOptions {
  readonly magic?: number;
  readonly bigEndian?: boolean;
  readonly majorVersion?: number;
  /** The whole 32-bit field. */
  readonly linkField?: number;
}

export interface PcapRecord {
  readonly seconds: number;
  readonly ticks: number;
  readonly octets: Buffer;
  /** What the header says instead of the length of `octets`. */
  readonly claimedOctets?: number;
}

/** A number of 16 or 32 bits. */
function uint(value: number, octets: 2 | 4, bigEndian: boolean): Buffer {
  const field = Buffer.alloc(octets);
  if (bigEndian) field.writeUIntBE(value, 0, octets);
  else field.writeUIntLE(value, 0, octets);
  return field;
}

/** A file in the classic format. */
export function pcapFile(records: readonly PcapRecord[], options: PcapFileOptions = {}): Buffer {
  const { magic = PCAP_MICROSECONDS, bigEndian = false, majorVersion = 2, linkField = 1 } = options;
  const u16 = (value: number) => uint(value, 2, bigEndian);
  const u32 = (value: number) => uint(value, 4, bigEndian);
  const head = [u32(magic), u16(majorVersion), u16(4), u32(0), u32(0), u32(65535), u32(linkField)];
  const extra = magic === PCAP_KUZNETZOV ? [Buffer.alloc(8, 0xee)] : [];
  const body = records.flatMap(({ seconds, ticks, octets, claimedOctets = octets.length }) => [
    ...[u32(seconds), u32(ticks), u32(claimedOctets), u32(octets.length), ...extra],
    octets,
  ]);
  return Buffer.concat([...head, ...body]);
}

/** The blocks of a pcapng section, in one octet order. */
export class PcapngBlocks {
  readonly #bigEndian: boolean;

  constructor(bigEndian = false) {
    this.#bigEndian = bigEndian;
  }

  u16(value: number): Buffer {
    return uint(value, 2, this.#bigEndian);
  }

  u32(value: number): Buffer {
    return uint(value, 4, this.#bigEndian);
  }

  /** Any block; `claimed` stands in both length fields instead of the real length. */
  block(type: number, body: readonly Buffer[], claimed?: number): Buffer {
    const padded = pad(Buffer.concat(body));
    const length = this.u32(claimed ?? padded.length + 12);
    return Buffer.concat([this.u32(type), length, padded, length]);
  }

  option(code: number, value: Buffer): Buffer {
    return Buffer.concat([this.u16(code), this.u16(value.length), pad(value)]);
  }

  section(options: readonly Buffer[] = [], majorVersion = 1): Buffer {
    const order = this.u32(0x1a2b3c4d);
    return this.block(0x0a0d0d0a, [order, this.u16(majorVersion), this.u16(0), Buffer.alloc(8, 0xff), ...options]);
  }

  interface(linkType: number, options: readonly Buffer[] = [], snapOctets = 0): Buffer {
    return this.block(1, [this.u16(linkType), this.u16(0), this.u32(snapOctets), ...options]);
  }

  packet(interfaceId: number, ticks: bigint, octets: Buffer, claimedOctets = octets.length): Buffer {
    const head = [this.u32(interfaceId), ...this.#time(ticks), this.u32(claimedOctets), this.u32(octets.length)];
    return this.block(6, [...head, pad(octets), this.option(1, Buffer.from('seen')), this.u32(0)]);
  }

  oldPacket(interfaceId: number, ticks: bigint, octets: Buffer): Buffer {
    const ids = [this.u16(interfaceId), this.u16(7)];
    return this.block(2, [...ids, ...this.#time(ticks), this.u32(octets.length), this.u32(octets.length), octets]);
  }

  simplePacket(octets: Buffer, originalOctets = octets.length): Buffer {
    return this.block(3, [this.u32(originalOctets), octets]);
  }

  #time(ticks: bigint): Buffer[] {
    return [this.u32(Number(ticks >> 32n)), this.u32(Number(ticks & 0xffffffffn))];
  }
}

function pad(octets: Buffer): Buffer {
  return Buffer.concat([octets, Buffer.alloc((4 - (octets.length % 4)) % 4)]);
}

/** `octets` in pieces of the lengths that `nextLength` gives, each of which holds until the next one is asked for. */
export function sourceOf(octets: Buffer, nextLength: () => number = () => 65_536): CaptureSource {
  const chunks = async function* () {
    for (let at = 0; at < octets.length; ) {
      const chunk = Buffer.from(octets.subarray(at, at + Math.max(0, nextLength())));
      yield chunk;
      at += chunk.length;
      chunk.fill(0xee);
    }
  };
  return { name: 'made.pcap', sizeBytes: octets.length, chunks: chunks() };
}

export interface ReadPacket {
  readonly octets: string;
  readonly atMs: number;
  readonly linkType: number;
}

/** The packets of a source, their octets in hex. */
export async function readPackets(source: CaptureSource): Promise<CaptureSummary & { readonly read: ReadPacket[] }> {
  const read: ReadPacket[] = [];
  const summary = await readCapture(source, (octets, start, end, atMs, linkType) => {
    read.push({ octets: octets.toString('hex', start, end), atMs, linkType });
  });
  return { ...summary, read };
}

/** What reading in chunks of one length gives, or the message of the refusal; rejects with every other error. */
async function outcome(octets: Buffer, chunkOctets: number): Promise<unknown> {
  try {
    return await readPackets(sourceOf(octets, () => chunkOctets));
  } catch (error) {
    if (!(error instanceof GluewallError) || error.code !== 'capture-file') throw error;
    return error.message;
  }
}

/**
 * Reads a file in every form that differs in one octet; rejects unless each is read or refused, and is so in the same way
 * in chunks of one octet (tried with every 16th change). Returns how many forms there were.
 */
export async function readEveryChange(file: Buffer): Promise<number> {
  const changed = Buffer.from(file);
  let forms = 0;
  for (let at = 0; at < file.length; at++) {
    for (let step = 1; step < 256; step++, forms++) {
      changed[at] = (file[at]! + step) & 0xff;
      const whole = await outcome(changed, 65_536);
      if (step % 16 !== 1) continue;
      if (!isDeepStrictEqual(whole, await outcome(changed, 1))) throw new Error(`octet ${at} changed by ${step}`);
    }
    changed[at] = file[at]!;
  }
  return forms;
}
