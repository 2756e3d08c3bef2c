/**
 * The newer format (draft-ietf-opsawg-pcapng): blocks, each with its type and length before and its length behind it.
 *
 *     section header     0x0A0D0D0A  length  order(4) major(2) minor(2) section length(8)  options  length
 *     interface          1           length  link type(2) reserved(2) snaplen(4)           options  length
 *     enhanced packet    6           length  interface(4) time(8) captured(4) original(4)  packet, options  length
 *     simple packet      3           length  original(4)                                   packet   length
 *     packet (old)       2           length  interface(2) drops(2) time(8) captured(4) original(4) …
 *
 * Times are counted in the unit of their interface: by default microseconds. All other blocks are passed over.
 */
import { type ContainerFormat, MAX_PACKET_OCTETS, type OnPacket } from './container-format.ts';

const BLOCK = { SECTION: 0x0a0d0d0a, INTERFACE: 1, OLD_PACKET: 2, SIMPLE_PACKET: 3, ENHANCED_PACKET: 6 } as const;
const ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, length. */
const MIN_BLOCK_OCTETS = 12;
/** A block that is read here is smaller: a packet and its options. */
const MAX_BLOCK_OCTETS = 16 * 1024 * 1024;
const MAX_INTERFACES = 65_536;
const OPTION = { END: 0, TIME_RESOLUTION: 9, TIME_OFFSET: 14 } as const;
const SECTION_OPTIONS_AT = 24;
const OTHER_LENGTH = 'ends with another length than it begins with';

interface Interface {
  readonly linkType: number;
  /** 0: packets are not cut. */
  readonly snapOctets: number;
  readonly ticksPerMs: number;
  readonly offsetMs: number;
}

export class PcapngFormat implements ContainerFormat {
  damage: string | undefined;
  /** The first packet is whole: what comes before it only describes. */
  hasHead = false;
  recordPosition = 0;
  wantedOctets = MIN_BLOCK_OCTETS;
  readonly #onPacket: OnPacket;
  #isLittle = true;
  #interfaces: Interface[] = [];
  #lastMs = 0;
  /** Length of the block that is being passed over; 0 when none is. */
  #passedOctets = 0;
  /** Octets still to come of it before its closing length. */
  #toPass = 0;

  private constructor(onPacket: OnPacket) {
    this.#onPacket = onPacket;
  }

  /** Undefined when the octets do not begin a file of this format. The section header is read as a block. */
  static open(octets: Buffer, onPacket: OnPacket): PcapngFormat | undefined {
    return octets.length >= 4 && octets.readUInt32LE(0) === BLOCK.SECTION ? new PcapngFormat(onPacket) : undefined;
  }

  read(octets: Buffer, start: number, end: number, position: number): number {
    let at = start;
    for (;;) {
      const isPassing = this.#passedOctets > 0;
      if (!isPassing) this.recordPosition = position + at - start;
      const next = isPassing ? this.#pass(octets, at, end) : this.#readBlock(octets, at, end);
      if (next === at) return at;
      at = next;
    }
  }

  /** Reads the block that begins at `at`. Returns where the next one begins, or `at` when the reading must stop. */
  #readBlock(octets: Buffer, at: number, end: number): number {
    if (at + MIN_BLOCK_OCTETS > end) return this.#want(at === end ? 0 : MIN_BLOCK_OCTETS, at);
    const type = this.#u32(octets, at);
    // The octet order of a section is in its header, and its length is in that order.
    if (type === BLOCK.SECTION && !this.#setOrder(octets, at))
      return this.#fail('is a section without octet order', at);
    const lengthOctets = this.#u32(octets, at + 4);
    if (lengthOctets < MIN_BLOCK_OCTETS || lengthOctets % 4 !== 0) {
      return this.#fail(`claims a length of ${lengthOctets}`, at);
    }
    if (!isRead(type)) {
      this.#passedOctets = lengthOctets;
      this.#toPass = lengthOctets - 4;
      return this.#pass(octets, at, end);
    }
    if (lengthOctets > MAX_BLOCK_OCTETS) return this.#fail(`claims ${lengthOctets} octets`, at);
    if (at + lengthOctets > end) return this.#want(lengthOctets, at);
    const problem = this.#block(type, octets, at, at + lengthOctets);
    return problem === undefined ? at + lengthOctets : this.#fail(problem, at);
  }

  /** Passes over what is there of a block that is not read; it needs no room however long it is. */
  #pass(octets: Buffer, at: number, end: number): number {
    const passed = Math.min(this.#toPass, end - at);
    this.#toPass -= passed;
    if (this.#toPass > 0) return this.#want(1, at + passed);
    const lengthAt = at + passed;
    if (lengthAt + 4 > end) return this.#want(4, lengthAt);
    if (this.#u32(octets, lengthAt) !== this.#passedOctets) return this.#fail(OTHER_LENGTH, at);
    this.#passedOctets = 0;
    return lengthAt + 4;
  }

  #want(octets: number, at: number): number {
    this.wantedOctets = octets;
    return at;
  }

  #fail(problem: string, at: number): number {
    this.damage = `the block at octet ${this.recordPosition} ${problem}`;
    return at;
  }

  /** What is wrong with the block in `octets[at, end)`. */
  #block(type: number, octets: Buffer, at: number, end: number): string | undefined {
    if (this.#u32(octets, end - 4) !== end - at) return OTHER_LENGTH;
    switch (type) {
      case BLOCK.SECTION:
        return this.#section(octets, at, end - 4);
      case BLOCK.INTERFACE:
        return this.#interface(octets, at + 8, end - 4);
      case BLOCK.ENHANCED_PACKET:
        return this.#timedPacket(octets, at + 8, end - 4, this.#u32(octets, at + 8));
      case BLOCK.OLD_PACKET:
        return this.#timedPacket(octets, at + 8, end - 4, this.#u16(octets, at + 8));
      default:
        return this.#simplePacket(octets, at + 8, end - 4);
    }
  }

  /** Reads the octet order; the twelve octets from `at` on are there. */
  #setOrder(octets: Buffer, at: number): boolean {
    this.#isLittle = octets.readUInt32LE(at + 8) === ORDER_MAGIC;
    return this.#isLittle || octets.readUInt32BE(at + 8) === ORDER_MAGIC;
  }

  #section(octets: Buffer, at: number, end: number): string | undefined {
    if (at + SECTION_OPTIONS_AT > end) return 'is too short for a section';
    const major = this.#u16(octets, at + 12);
    if (major !== 1) return `is a section of format version ${major}, not 1`;
    this.#interfaces = [];
    return this.#options(octets, at + SECTION_OPTIONS_AT, end, () => {});
  }

  #interface(octets: Buffer, at: number, end: number): string | undefined {
    if (at + 8 > end) return 'is too short for an interface';
    if (this.#interfaces.length >= MAX_INTERFACES) return `is one interface more than ${MAX_INTERFACES}`;
    let ticksPerMs = 1e3;
    let offsetMs = 0;
    const problem = this.#options(octets, at + 8, end, (code, from, lengthOctets) => {
      if (code === OPTION.TIME_RESOLUTION && lengthOctets >= 1) ticksPerMs = ticksPerMsOf(octets[from]!);
      if (code === OPTION.TIME_OFFSET && lengthOctets >= 8) offsetMs = Number(this.#i64(octets, from)) * 1000;
    });
    const linkType = this.#u16(octets, at);
    const snapOctets = this.#u32(octets, at + 4);
    this.#interfaces.push({ linkType, snapOctets, ticksPerMs, offsetMs });
    return problem;
  }

  #timedPacket(octets: Buffer, at: number, end: number, interfaceId: number): string | undefined {
    if (at + 20 > end) return 'is too short for a packet';
    const from = this.#interfaces[interfaceId];
    if (from === undefined) return `has a packet of interface ${interfaceId}, which was not described`;
    const capturedOctets = this.#u32(octets, at + 12);
    if (capturedOctets > MAX_PACKET_OCTETS || at + 20 + capturedOctets > end) {
      return `claims a packet of ${capturedOctets} octets`;
    }
    const ticks = this.#u32(octets, at + 4) * 2 ** 32 + this.#u32(octets, at + 8);
    this.#lastMs = ticks / from.ticksPerMs + from.offsetMs;
    this.hasHead = true;
    this.#onPacket(octets, at + 20, at + 20 + capturedOctets, this.#lastMs, from.linkType);
    return undefined;
  }

  /** It belongs to the first interface and has no time: the last one that was seen stands in. */
  #simplePacket(octets: Buffer, at: number, end: number): string | undefined {
    if (at + 4 > end) return 'is too short for a packet';
    const from = this.#interfaces[0];
    if (from === undefined) return 'has a packet, but no interface was described';
    const originalOctets = this.#u32(octets, at);
    const capturedOctets = from.snapOctets === 0 ? originalOctets : Math.min(originalOctets, from.snapOctets);
    if (capturedOctets > MAX_PACKET_OCTETS || at + 4 + capturedOctets > end) {
      return `claims a packet of ${capturedOctets} octets`;
    }
    this.hasHead = true;
    this.#onPacket(octets, at + 4, at + 4 + capturedOctets, this.#lastMs, from.linkType);
    return undefined;
  }

  #options(
    octets: Buffer,
    from: number,
    end: number,
    onOption: (code: number, at: number, lengthOctets: number) => void,
  ): string | undefined {
    for (let at = from; at + 4 <= end; ) {
      const code = this.#u16(octets, at);
      const lengthOctets = this.#u16(octets, at + 2);
      if (code === OPTION.END) return undefined;
      if (at + 4 + lengthOctets > end) return `has an option of ${lengthOctets} octets, more than it holds`;
      onOption(code, at + 4, lengthOctets);
      at += 4 + ((lengthOctets + 3) & ~3);
    }
    return undefined;
  }

  #u16(octets: Buffer, at: number): number {
    return this.#isLittle ? octets.readUInt16LE(at) : octets.readUInt16BE(at);
  }

  #u32(octets: Buffer, at: number): number {
    return this.#isLittle ? octets.readUInt32LE(at) : octets.readUInt32BE(at);
  }

  #i64(octets: Buffer, at: number): bigint {
    return this.#isLittle ? octets.readBigInt64LE(at) : octets.readBigInt64BE(at);
  }
}

function isRead(type: number): boolean {
  return (
    type === BLOCK.ENHANCED_PACKET ||
    type === BLOCK.INTERFACE ||
    type === BLOCK.SECTION ||
    type === BLOCK.SIMPLE_PACKET ||
    type === BLOCK.OLD_PACKET
  );
}

/** The upper bit tells powers of two from powers of ten. */
function ticksPerMsOf(resolution: number): number {
  const exponent = resolution & 0x7f;
  return (resolution & 0x80) === 0 ? 10 ** (exponent - 3) : 2 ** exponent / 1000;
}
