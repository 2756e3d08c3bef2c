const LENGTH_OCTETS = 4;

/** Data frames one behind the other, each behind its length as Frame Streams has it. */
export class FramePack {
  readonly #frames: Buffer[] = [];
  #octets = 0;

  get octets(): number {
    return this.#octets;
  }

  get count(): number {
    return this.#frames.length;
  }

  /** Takes a copy. */
  add(frame: Uint8Array): void {
    const packed = Buffer.allocUnsafe(LENGTH_OCTETS + frame.length);
    packed.writeUInt32BE(frame.length);
    packed.set(frame, LENGTH_OCTETS);
    this.#frames.push(packed);
    this.#octets += packed.length;
  }

  /** All of them, in memory of their own. */
  take(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#octets);
    let at = 0;
    for (const frame of this.#frames.splice(0)) {
      all.set(frame, at);
      at += frame.length;
    }
    this.#octets = 0;
    return all;
  }
}

/** The frames of a pack, as parts of it. */
export function* framesOf(pack: Uint8Array): Generator<Buffer, void> {
  const octets = Buffer.from(pack.buffer, pack.byteOffset, pack.byteLength);
  for (let at = 0; at < octets.length; ) {
    const start = at + LENGTH_OCTETS;
    at = start + octets.readUInt32BE(at);
    yield octets.subarray(start, at);
  }
}
