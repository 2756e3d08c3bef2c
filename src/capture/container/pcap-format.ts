/**
 * The classic format (draft-ietf-opsawg-pcap):
 *
 *     file     magic(4) major(2) minor(2) zone(4) accuracy(4) snaplen(4) FCS and link type(4)
 *     record   seconds(4) fraction(4) captured length(4) original length(4), then the packet
 *
 * The magic tells octet order and unit of the fraction. Kuznetzov's variant has eight more octets in each record header.
 */
import { type ContainerFormat, MAX_PACKET_OCTETS, type OnPacket } from './container-format.ts';

export const PCAP_HEADER_OCTETS = 24;

interface Variant {
  readonly ticksPerMs: number;
  readonly recordOctets: number;
}

const VARIANTS: ReadonlyMap<number, Variant> = new Map([
  [0xa1b2c3d4, { ticksPerMs: 1e3, recordOctets: 16 }],
  [0xa1b23c4d, { ticksPerMs: 1e6, recordOctets: 16 }],
  [0xa1b2cd34, { ticksPerMs: 1e3, recordOctets: 24 }],
]);

/** Between the link type (16 bits) and the length of the frame check sequence with its flag (6 bits). */
const RESERVED_LINK_TYPE_BITS = 0x03ff0000;

export class PcapFormat implements ContainerFormat {
  damage: string | undefined;
  readonly hasHead = true;
  recordPosition = PCAP_HEADER_OCTETS;
  wantedOctets = 0;
  readonly #isLittle: boolean;
  readonly #variant: Variant;
  readonly #linkType: number;
  readonly #onPacket: OnPacket;

  private constructor(isLittle: boolean, variant: Variant, linkType: number, onPacket: OnPacket) {
    this.#isLittle = isLittle;
    this.#variant = variant;
    this.#linkType = linkType;
    this.#onPacket = onPacket;
  }

  /**
   * Reads the header, the first PCAP_HEADER_OCTETS, which are fewer only when the file is shorter. Undefined when it is
   * none of this format, a sentence when it cannot be read here.
   */
  static open(octets: Buffer, onPacket: OnPacket): PcapFormat | string | undefined {
    if (octets.length < 4) return undefined;
    const little = VARIANTS.get(octets.readUInt32LE(0));
    const isLittle = little !== undefined;
    const variant = little ?? VARIANTS.get(octets.readUInt32BE(0));
    if (variant === undefined) return undefined;
    if (octets.length < PCAP_HEADER_OCTETS) return `its header is cut at octet ${octets.length}`;
    const major = isLittle ? octets.readUInt16LE(4) : octets.readUInt16BE(4);
    if (major !== 2) return `its format version is ${major}, not 2 (octet 4)`;
    const linkField = isLittle ? octets.readUInt32LE(20) : octets.readUInt32BE(20);
    if ((linkField & RESERVED_LINK_TYPE_BITS) !== 0) return 'reserved bits of its link type are set (octet 20)';
    return new PcapFormat(isLittle, variant, linkField & 0xffff, onPacket);
  }

  read(octets: Buffer, start: number, end: number, position: number): number {
    const { ticksPerMs, recordOctets } = this.#variant;
    const isLittle = this.#isLittle;
    let at = start;
    while (at + recordOctets <= end) {
      const capturedOctets = isLittle ? octets.readUInt32LE(at + 8) : octets.readUInt32BE(at + 8);
      if (capturedOctets > MAX_PACKET_OCTETS) {
        this.damage = `the packet at octet ${position + at - start} claims ${capturedOctets} octets`;
        return at;
      }
      const packetAt = at + recordOctets;
      const packetEnd = packetAt + capturedOctets;
      if (packetEnd > end) return this.#stop(at, position + at - start, packetEnd - at);
      const seconds = isLittle ? octets.readUInt32LE(at) : octets.readUInt32BE(at);
      const ticks = isLittle ? octets.readUInt32LE(at + 4) : octets.readUInt32BE(at + 4);
      at = packetEnd;
      this.#onPacket(octets, packetAt, packetEnd, seconds * 1000 + ticks / ticksPerMs, this.#linkType);
    }
    return this.#stop(at, position + at - start, at === end ? 0 : recordOctets);
  }

  #stop(at: number, recordPosition: number, wantedOctets: number): number {
    this.recordPosition = recordPosition;
    this.wantedOctets = wantedOctets;
    return at;
  }
}
