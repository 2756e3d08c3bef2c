import type { Socket } from 'node:net';

const CHUNK_BYTES = 16 * 1024;
/** What the socket may hold; more waits here, where what is urgent can overtake it. */
const SOCKET_BYTES = 64 * 1024;

/** What a buffer that waits takes beside its octets; without it a flood of small ones would take many times what is counted. */
const WAITING_OVERHEAD_BYTES = 200;

/** Transaction ids of a connection: 1 to this, then from 1 again. */
export const MAX_XID = 0xffffffff;

export interface SendBufferEvents {
  /** The peer reads so slowly that more than the largest backlog waits. */
  overflow(): void;
  /** The peer has read all that the socket held; `isCongested` tells whether more waits. */
  drained(): void;
}

/**
 * Gathers what is sent within one turn of the event loop into few writes. Space is handed out from chunks that are
 * never written twice, so the socket may hold on to them.
 */
export class SendBuffer {
  readonly #socket: Socket;
  readonly #maxBacklogBytes: number;
  readonly #events: SendBufferEvents;
  #chunk: Buffer = Buffer.alloc(0);
  #sent = 0;
  #filled = 0;
  #flushPlanned = false;
  #xid = 0;
  /** Whole messages that wait for the socket, the urgent ones apart. */
  #backlog: Buffer[] = [];
  #urgent: Buffer[] = [];
  #backlogBytes = 0;
  #isCongested = false;

  constructor(socket: Socket, maxBacklogBytes: number, events: SendBufferEvents) {
    this.#socket = socket;
    this.#maxBacklogBytes = maxBacklogBytes;
    this.#events = events;
    socket.on('drain', () => this.#drain());
  }

  /** The buffer into which the space last reserved is to be written. */
  get chunk(): Buffer {
    return this.#chunk;
  }

  /** More waits than the socket may hold. */
  get isCongested(): boolean {
    return this.#isCongested;
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

  /** The transaction id that comes next. */
  nextXid(): number {
    this.#xid = this.peekXid();
    return this.#xid;
  }

  /** What `nextXid` will give. */
  peekXid(): number {
    return this.#xid === MAX_XID ? 1 : this.#xid + 1;
  }

  append(bytes: Buffer): void {
    const offset = this.reserve(bytes.length);
    bytes.copy(this.#chunk, offset);
  }

  /** Sends one whole message ahead of all that waits for the peer to read. */
  appendUrgent(bytes: Buffer): void {
    this.flush();
    if (this.#socket.destroyed) return;
    if (!this.#isCongested) this.#write(bytes);
    else this.#wait(this.#urgent, bytes);
  }

  /** Hands what is gathered to the socket now, not at the end of the turn. */
  flush(): void {
    if (this.#filled === this.#sent) return;
    const bytes = this.#chunk.subarray(this.#sent, this.#filled);
    this.#sent = this.#filled;
    if (this.#socket.destroyed) return;
    if (this.#isCongested) this.#wait(this.#backlog, bytes);
    else this.#write(bytes);
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      this.flush();
    });
  }

  #write(bytes: Buffer): void {
    this.#socket.write(bytes);
    this.#isCongested = this.#socket.writableLength > SOCKET_BYTES;
  }

  #wait(lane: Buffer[], bytes: Buffer): void {
    lane.push(bytes);
    this.#backlogBytes += bytes.length + WAITING_OVERHEAD_BYTES;
    if (this.#backlogBytes > this.#maxBacklogBytes) this.#events.overflow();
  }

  #drain(): void {
    if (!this.#isCongested) return;
    this.#isCongested = false;
    const waiting = [...this.#urgent, ...this.#backlog];
    this.#urgent = [];
    this.#backlog = [];
    this.#backlogBytes = 0;
    for (const bytes of waiting) {
      if (this.#isCongested) this.#wait(this.#backlog, bytes);
      else this.#write(bytes);
    }
    this.#events.drained();
  }
}
