import { GluewallError } from '../../core/errors.ts';
import type { CaptureSource } from './capture-source.ts';
import { CarryOver } from './carry-over.ts';
import type { ContainerFormat, OnPacket } from './container-format.ts';
import { gunzipped, gzipDamage, isGzip } from './gunzip.ts';
import { PCAP_HEADER_OCTETS, PcapFormat } from './pcap-format.ts';
import { PcapngFormat } from './pcapng-format.ts';

export interface CaptureSummary {
  readonly packets: number;
  /** What ended the reading before the end of the file, and where; what came before was given. */
  readonly damage: string | undefined;
}

/**
 * Reads a capture, pcap or pcapng, plain or gzip, and gives its packets in their order. `onChunk` is told how many octets
 * of the source have been read, and waited for. Rejects with GluewallError `capture-file` when the source is no capture,
 * cannot be read, or is damaged in its head; the head of a pcapng ends where its first packet does.
 */
export async function readCapture(
  source: CaptureSource,
  onPacket: OnPacket,
  onChunk?: (bytesRead: number) => void | Promise<void>,
): Promise<CaptureSummary> {
  const reader = new ChunkReader(source.name, onPacket);
  let bytesRead = 0;
  const counted = async function* () {
    for await (const chunk of source.chunks) {
      bytesRead += chunk.length;
      yield chunk;
    }
  };
  let gzip: string | undefined;
  try {
    for await (const chunk of unpacked(counted())) {
      reader.push(chunk);
      await onChunk?.(bytesRead);
      if (reader.damage !== undefined) break;
    }
  } catch (error) {
    const damage = gzipDamage(error);
    if (damage === undefined) throw error;
    gzip = `${damage}, at most ${bytesRead} octets from its beginning`;
  }
  return reader.finish(gzip);
}

/** Feeds a format with chunks; only a record that lies across their borders is copied. */
class ChunkReader {
  readonly #name: string;
  readonly #onPacket: OnPacket;
  readonly #carried = new CarryOver();
  #packets = 0;
  #format: ContainerFormat | undefined;
  /** Where in the unpacked file the next octet is that has not been read. */
  #position = 0;

  constructor(name: string, onPacket: OnPacket) {
    this.#name = name;
    this.#onPacket = (octets, start, end, atMs, linkType) => {
      this.#packets++;
      onPacket(octets, start, end, atMs, linkType);
    };
  }

  get damage(): string | undefined {
    return this.#format?.damage;
  }

  /** Throws GluewallError `capture-file` when the octets do not begin a capture. */
  push(chunk: Buffer): void {
    let at = 0;
    while (this.#carried.length > 0 && at < chunk.length && this.damage === undefined) {
      const wanted = this.#format === undefined ? PCAP_HEADER_OCTETS : this.#format.wantedOctets;
      const end = Math.min(chunk.length, at + Math.max(1, wanted - this.#carried.length));
      this.#carried.append(chunk, at, end);
      at = end;
      this.#carried.drop(this.#read(this.#carried.octets, 0));
    }
    if (at === chunk.length || this.damage !== undefined) return;
    at = this.#read(chunk, at);
    if (this.damage === undefined) this.#carried.append(chunk, at, chunk.length);
  }

  /** To be called behind the last octet, with what else is known to be wrong with the source. */
  finish(sourceDamage: string | undefined): CaptureSummary {
    if (this.#format === undefined && sourceDamage === undefined) this.#format = this.#open(this.#carried.octets);
    const damage = this.damage ?? sourceDamage ?? this.#cut();
    if (damage !== undefined && this.#format?.hasHead !== true) {
      const remedy = 'no packet can be read; capture again, or copy the file again if the copy was cut';
      throw this.#refusal(`${damage}; ${remedy}`);
    }
    return { packets: this.#packets, damage };
  }

  #cut(): string | undefined {
    if (this.#carried.length === 0 && (this.#format === undefined || this.#format.wantedOctets === 0)) return undefined;
    return `it ends in the middle of the record at octet ${this.#format?.recordPosition ?? 0}`;
  }

  /** Returns where in `octets` the reading stopped. */
  #read(octets: Buffer, start: number): number {
    let at = start;
    if (this.#format === undefined) {
      if (octets.length - start < PCAP_HEADER_OCTETS) return start;
      this.#format = this.#open(octets.subarray(start));
      if (this.#format instanceof PcapFormat) at += PCAP_HEADER_OCTETS;
    }
    this.#position += at - start;
    const stop = this.#format.read(octets, at, octets.length, this.#position);
    this.#position += stop - at;
    return stop;
  }

  /** Tells the format by the first octets. */
  #open(octets: Buffer): ContainerFormat {
    if (octets.length === 0) throw this.#refusal('it is empty; name a file that a capture was written to');
    const format = PcapFormat.open(octets, this.#onPacket) ?? PcapngFormat.open(octets, this.#onPacket);
    if (typeof format === 'string') throw this.#refusal(`${format}; capture again, or convert it with editcap -F pcap`);
    if (format !== undefined) return format;
    const wanted = 'pcap or pcapng is wanted, plain or gzip; unpack it, or convert other formats with editcap -F pcap';
    throw this.#refusal(`it is no capture (octet 0); ${wanted}`);
  }

  #refusal(reason: string): GluewallError {
    return new GluewallError('capture-file', `${this.#name} cannot be read: ${reason}`);
  }
}

/** The octets themselves, or what they unpack to where they begin as gzip does. Ends the chunks whenever it ends. */
async function* unpacked(chunks: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  try {
    const first = await firstOctets(chunks);
    const all = async function* () {
      if (first.length > 0) yield first;
      yield* chunks;
    };
    yield* isGzip(first) ? gunzipped(all()) : all();
  } finally {
    // Not waited for: behind gzip a read of a quiet pipe may be under way, and what it brings is of no use any more.
    chunks.return().catch(() => undefined);
  }
}

/** At least two octets, if there are so many; holds until the next chunk is asked for. */
async function firstOctets(chunks: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < 2) {
    const step = await chunks.next();
    if (step.done === true) break;
    // Of a chunk that was not enough, a copy: asking for the next one ends it.
    first = first.length === 0 && step.value.length >= 2 ? step.value : Buffer.concat([first, step.value]);
  }
  return first;
}
