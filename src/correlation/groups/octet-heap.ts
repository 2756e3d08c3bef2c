const CHUNK_BITS = 15;
const BLOCKS_A_CHUNK = 1 << CHUNK_BITS;
const BLOCK_OCTETS = 32;
/** Of a block: its length, if it is the first one of a text, and the number of the next in 24 bits. */
const HEAD_OCTETS = 4;
const TEXT_OCTETS = BLOCK_OCTETS - HEAD_OCTETS;
const MAX_BLOCKS = 2 ** 24;
const NONE = 0;

/** Short strings of octets in blocks of one size, so that what goes leaves room for any other; in chunks of 1 MiB as they are needed. */
export class OctetHeap {
  readonly #most: number;
  readonly #chunks: Uint8Array[] = [];
  #free = NONE;
  #freeCount = 0;
  /** Block 0 stands for none. */
  #used = 1;

  constructor(mostOctets: number) {
    this.#most = Math.min(MAX_BLOCKS, 1 + Math.ceil(mostOctets / BLOCK_OCTETS));
  }

  /** Whether so many octets, in as many texts, can be kept. */
  hasRoom(octets: number, texts: number): boolean {
    return octets / TEXT_OCTETS + texts <= this.#freeCount + this.#most - this.#used;
  }

  /** Keeps a latin1 string of at most 255 octets; 0 when there is no room. */
  put(text: string): number {
    if (blocksOf(text.length) > this.#freeCount + this.#most - this.#used) return NONE;
    let next = NONE;
    for (let from = (blocksOf(text.length) - 1) * TEXT_OCTETS; from >= 0; from -= TEXT_OCTETS) {
      const block = this.#take();
      const chunk = this.#chunks[block >>> CHUNK_BITS]!;
      const start = startOf(block);
      setHead(chunk, start, text.length, next);
      const length = Math.min(TEXT_OCTETS, text.length - from);
      for (let at = 0; at < length; at++) chunk[start + HEAD_OCTETS + at] = text.charCodeAt(from + at);
      next = block;
    }
    return next;
  }

  isAt(place: number, text: string): boolean {
    let block = place;
    if (this.#chunks[block >>> CHUNK_BITS]![startOf(block)] !== text.length) return false;
    for (let from = 0; from < text.length; from += TEXT_OCTETS) {
      const chunk = this.#chunks[block >>> CHUNK_BITS]!;
      const start = startOf(block);
      const length = Math.min(TEXT_OCTETS, text.length - from);
      for (let at = 0; at < length; at++) {
        if (chunk[start + HEAD_OCTETS + at] !== text.charCodeAt(from + at)) return false;
      }
      block = nextOf(chunk, start);
    }
    return true;
  }

  textAt(place: number): string {
    let text = '';
    let rest = this.#chunks[place >>> CHUNK_BITS]![startOf(place)]!;
    for (let block = place; rest > 0; rest -= TEXT_OCTETS) {
      const chunk = this.#chunks[block >>> CHUNK_BITS]!;
      const start = startOf(block);
      const from = start + HEAD_OCTETS;
      text += String.fromCharCode(...chunk.subarray(from, from + Math.min(TEXT_OCTETS, rest)));
      block = nextOf(chunk, start);
    }
    return text;
  }

  giveBack(place: number): void {
    let next: number;
    for (let block = place; block !== NONE; block = next) {
      const chunk = this.#chunks[block >>> CHUNK_BITS]!;
      next = nextOf(chunk, startOf(block));
      setHead(chunk, startOf(block), 0, this.#free);
      this.#free = block;
      this.#freeCount++;
    }
  }

  /** A block of those that there are. */
  #take(): number {
    const block = this.#free;
    if (block !== NONE) {
      this.#free = nextOf(this.#chunks[block >>> CHUNK_BITS]!, startOf(block));
      this.#freeCount--;
      return block;
    }
    if (this.#used >>> CHUNK_BITS >= this.#chunks.length) {
      this.#chunks.push(new Uint8Array(BLOCKS_A_CHUNK * BLOCK_OCTETS));
    }
    return this.#used++;
  }
}

function blocksOf(length: number): number {
  return Math.max(1, Math.ceil(length / TEXT_OCTETS));
}

function startOf(block: number): number {
  return (block & (BLOCKS_A_CHUNK - 1)) * BLOCK_OCTETS;
}

function nextOf(chunk: Uint8Array, start: number): number {
  return chunk[start + 1]! | (chunk[start + 2]! << 8) | (chunk[start + 3]! << 16);
}

function setHead(chunk: Uint8Array, start: number, length: number, next: number): void {
  chunk[start] = length;
  chunk[start + 1] = next;
  chunk[start + 2] = next >>> 8;
  chunk[start + 3] = next >>> 16;
}
