const CHUNK_BITS = 18;
const CHUNK_STEPS = 1 << CHUNK_BITS;
const STEP_OCTETS = 4;
const MAX_LENGTH = 255;
const SIZES = Math.ceil(MAX_LENGTH / STEP_OCTETS) + 1;
/** What a place, chunk and step in one positive number, can tell apart. */
const MAX_CHUNKS = 1 << 13;

/** Short strings of octets in chunks of 1 MiB that are reserved one by one. A place is given back with the length it was taken with. */
export class OctetHeap {
  readonly #maxChunks: number;
  readonly #chunks: Uint8Array[] = [];
  /** By size in steps: places that were given back. */
  readonly #free: number[][] = Array.from({ length: SIZES }, () => []);
  #frontier = CHUNK_STEPS;

  constructor(mostOctets: number) {
    this.#maxChunks = Math.min(MAX_CHUNKS, Math.max(1, Math.ceil(mostOctets / (CHUNK_STEPS * STEP_OCTETS))));
  }

  /** Keeps a latin1 string of at most 255 octets; -1 when there is no room. */
  put(text: string): number {
    const size = Math.ceil(text.length / STEP_OCTETS);
    const place = this.#free[size]!.pop() ?? this.#fresh(size);
    if (place < 0) return -1;
    const chunk = this.#chunks[place >>> CHUNK_BITS]!;
    const start = (place & (CHUNK_STEPS - 1)) * STEP_OCTETS;
    for (let at = 0; at < text.length; at++) chunk[start + at] = text.charCodeAt(at);
    return place;
  }

  /** Whether `text` stands at `place`; what stands there must not be shorter unless it differs before its end. */
  isAt(place: number, text: string): boolean {
    const chunk = this.#chunks[place >>> CHUNK_BITS]!;
    const start = (place & (CHUNK_STEPS - 1)) * STEP_OCTETS;
    for (let at = 0; at < text.length; at++) if (chunk[start + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  /** The octets from `place` on: at least as many as were put there. */
  octetsAt(place: number): Uint8Array {
    return this.#chunks[place >>> CHUNK_BITS]!.subarray((place & (CHUNK_STEPS - 1)) * STEP_OCTETS);
  }

  giveBack(place: number, length: number): void {
    this.#free[Math.ceil(length / STEP_OCTETS)]!.push(place);
  }

  #fresh(size: number): number {
    if (this.#frontier + size > CHUNK_STEPS) {
      if (this.#chunks.length >= this.#maxChunks) return -1;
      this.#chunks.push(new Uint8Array(CHUNK_STEPS * STEP_OCTETS));
      this.#frontier = 0;
    }
    const place = ((this.#chunks.length - 1) << CHUNK_BITS) | this.#frontier;
    this.#frontier += size;
    return place;
  }
}
