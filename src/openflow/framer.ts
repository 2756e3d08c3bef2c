import { OpenFlowError } from './errors.ts';
import { HEADER_BYTES, MAX_MESSAGE_BYTES, OPENFLOW_VERSION } from './schema/constants.ts';

/**
 * Cuts a stream of octets into OpenFlow messages. A message that lies whole in a chunk is a view on that chunk; one that
 * spans chunks is copied once into a buffer of its own. What is kept between chunks is never more than one message.
 */
export class Framer {
  readonly #maximumBytes: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  /** The message under way: `#header` until its length is known, then a buffer of that length. */
  #partial: Buffer = this.#header;
  #filledBytes = 0;
  #version13Only = false;
  #failure: OpenFlowError | undefined;

  /** `maxMessageBytes` bounds one message; OpenFlow itself allows 65,535. */
  constructor(maxMessageBytes = MAX_MESSAGE_BYTES) {
    this.#maximumBytes = maxMessageBytes;
  }

  /** From the next message on every version but 1.3 is an error: to be called once the HELLOs have agreed. */
  expectVersion13(): void {
    this.#version13Only = true;
  }

  /**
   * Takes the next octets of the stream and hands over each message that they complete, in order. A header that says
   * less than its own 8 octets, more than the maximum, or the wrong version is an error, and so is every push after
   * that: the stream cannot be followed any further and the connection must end. Messages before it are handed over.
   * `onMessage` must not throw: what is left of the chunk would be lost.
   */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): OpenFlowError | undefined {
    let offset = 0;
    while (offset < chunk.length && this.#failure === undefined) {
      offset = this.#filledBytes > 0 ? this.#fill(chunk, offset, onMessage) : this.#cut(chunk, offset, onMessage);
    }
    return this.#failure;
  }

  /** Takes a message that starts at `offset`; the result is where the next octets to look at are. */
  #cut(chunk: Buffer, offset: number, onMessage: (message: Buffer) => void): number {
    const availableBytes = chunk.length - offset;
    if (availableBytes < HEADER_BYTES) return this.#fill(chunk, offset, onMessage);
    const lengthBytes = this.#checkedLength(chunk, offset);
    if (lengthBytes === undefined) return chunk.length;
    if (availableBytes < lengthBytes) {
      this.#partial = Buffer.allocUnsafe(lengthBytes);
      return this.#fill(chunk, offset, onMessage);
    }
    onMessage(chunk.subarray(offset, offset + lengthBytes));
    return offset + lengthBytes;
  }

  /** Moves what the message under way still lacks out of the chunk. */
  #fill(chunk: Buffer, offset: number, onMessage: (message: Buffer) => void): number {
    const movedBytes = chunk.copy(this.#partial, this.#filledBytes, offset);
    this.#filledBytes += movedBytes;
    if (this.#filledBytes === this.#partial.length) this.#complete(onMessage);
    return offset + movedBytes;
  }

  #complete(onMessage: (message: Buffer) => void): void {
    if (this.#partial === this.#header) {
      const lengthBytes = this.#checkedLength(this.#header, 0);
      if (lengthBytes === undefined) return;
      this.#partial = Buffer.allocUnsafe(lengthBytes);
      this.#header.copy(this.#partial);
      if (lengthBytes > HEADER_BYTES) return;
    }
    const message = this.#partial;
    this.#partial = this.#header;
    this.#filledBytes = 0;
    onMessage(message);
  }

  #checkedLength(bytes: Buffer, at: number): number | undefined {
    const version = bytes[at]!;
    const lengthBytes = bytes.readUInt16BE(at + 2);
    if (this.#version13Only && version !== OPENFLOW_VERSION) {
      this.#failure = new OpenFlowError('OFPBRC_BAD_VERSION', 0, 'header', `version ${version} is not OpenFlow 1.3`);
    } else if (lengthBytes < HEADER_BYTES || lengthBytes > this.#maximumBytes) {
      const limits = `from ${HEADER_BYTES} to ${this.#maximumBytes}`;
      this.#failure = new OpenFlowError('OFPBRC_BAD_LEN', 2, 'header', `length ${lengthBytes} is not ${limits}`);
    } else {
      return lengthBytes;
    }
    return undefined;
  }
}
