/** Octets of the length before each message. */
const LENGTH_OCTETS = 2;
const FIRST_CAPACITY = 512;

/** Cuts a stream of octets into the messages whose lengths stand before them (RFC 1035 §4.2.2). */
export class MessageFramer {
  /** The beginning of a message whose end has not come yet, its length included; grows with what comes. */
  #held: Buffer = Buffer.alloc(0);
  #heldOctets = 0;

  /** Octets of memory taken. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Takes `octets[start, end)`; hands over each message that is whole, in octets that hold only during the call. */
  push(
    octets: Buffer,
    start: number,
    end: number,
    onMessage: (octets: Buffer, start: number, end: number) => void,
  ): void {
    let at = start;
    while (this.#heldOctets > 0 && at < end) at = this.#complete(octets, at, end, onMessage);
    while (at + LENGTH_OCTETS <= end) {
      const messageEnd = at + LENGTH_OCTETS + octets.readUInt16BE(at);
      if (messageEnd > end) break;
      onMessage(octets, at + LENGTH_OCTETS, messageEnd);
      at = messageEnd;
    }
    if (at < end) this.#hold(octets, at, end);
  }

  reset(): void {
    this.#held = Buffer.alloc(0);
    this.#heldOctets = 0;
  }

  /** Adds what is still missing of the message that is held; returns where the octets behind it begin. */
  #complete(
    octets: Buffer,
    start: number,
    end: number,
    onMessage: (octets: Buffer, start: number, end: number) => void,
  ): number {
    const wanted = this.#heldOctets < LENGTH_OCTETS ? LENGTH_OCTETS : LENGTH_OCTETS + this.#held.readUInt16BE(0);
    const at = Math.min(end, start + wanted - this.#heldOctets);
    this.#hold(octets, start, at);
    const length = this.#heldOctets < LENGTH_OCTETS ? Number.POSITIVE_INFINITY : this.#held.readUInt16BE(0);
    if (this.#heldOctets < LENGTH_OCTETS + length) return at;
    const message = this.#held;
    this.reset();
    onMessage(message, LENGTH_OCTETS, LENGTH_OCTETS + length);
    return at;
  }

  #hold(octets: Buffer, start: number, end: number): void {
    const needed = this.#heldOctets + end - start;
    if (needed > this.#held.length) {
      const roomier = Buffer.alloc(Math.max(needed, FIRST_CAPACITY, Math.min(2 * this.#held.length, 65_537)));
      this.#held.copy(roomier, 0, 0, this.#heldOctets);
      this.#held = roomier;
    }
    octets.copy(this.#held, this.#heldOctets, start, end);
    this.#heldOctets = needed;
  }
}
