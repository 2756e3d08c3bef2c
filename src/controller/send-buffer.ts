import type { Socket } from 'node:net';

const CHUNK_BYTES = 64 * 1024;

/**
 * Gathers what is sent within one turn of the event loop into few writes. Space is handed out from chunks that are
 * never written twice, so the socket may hold on to them.
 */
export class SendBuffer {
  readonly #socket: Socket;
  readonly #maxBacklogBytes: number;
  readonly #onOverflow: () => void;
  #chunk: Buffer = Buffer.alloc(0);
  #sent = 0;
  #filled = 0;
  #flushPlanned = false;
  #xid = 0;

  /** `onOverflow` is called when the peer reads so slowly that more than `maxBacklogBytes` wait. */
  constructor(socket: Socket, maxBacklogBytes: number, onOverflow: () => void) {
    this.#socket = socket;
    this.#maxBacklogBytes = maxBacklogBytes;
    this.#onOverflow = onOverflow;
  }

  /** The buffer into which the space last reserved is to be written. */
  get chunk(): Buffer {
    return this.#chunk;
  }

  /** Makes room for `lengthBytes` octets and returns where in `chunk` they go; the caller fills all of them at once. */
  reserve(lengthBytes: number): number {
    if (this.#chunk.length - this.#filled < lengthBytes) {
      this.flush();
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, lengthBytes));
      this.#sent = 0;
      this.#filled = 0;
    }
    const offset = this.#filled;
    this.#filled += lengthBytes;
    this.#planFlush();
    return offset;
  }

  /** Transaction ids of one connection: 1 to 2^32 - 1, then from 1 again. */
  nextXid(): number {
    this.#xid = this.#xid === 0xffffffff ? 1 : this.#xid + 1;
    return this.#xid;
  }

  append(bytes: Buffer): void {
    const offset = this.reserve(bytes.length);
    bytes.copy(this.#chunk, offset);
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      this.flush();
    });
  }

  /** Hands what is gathered to the socket now, not at the end of the turn. */
  flush(): void {
    if (this.#filled === this.#sent) return;
    const bytes = this.#chunk.subarray(this.#sent, this.#filled);
    this.#sent = this.#filled;
    if (this.#socket.destroyed) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > this.#maxBacklogBytes) this.#onOverflow();
  }
}
