import { MAX_MESSAGE_BYTES } from './schema/constants.ts';
import type { ErrorCodeName } from './schema/errors.ts';

/**
 * How a kind says that it cannot go on. It travels up to the entry point, gaining a path on the way, and becomes an
 * OpenFlowError or an OpenFlowEncodeError there; it never leaves this folder.
 */
export class WireFault extends Error {
  readonly codeName: ErrorCodeName;
  readonly offset: number;
  path = '';

  constructor(codeName: ErrorCodeName, offset: number, detail: string) {
    // A switch may send as many bad messages as it likes: looking where we are costs more than reading them.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail);
    Error.stackTraceLimit = stackTraceLimit;
    this.codeName = codeName;
    this.offset = offset;
  }
}

/** The same error with one more step in front of its path: `name` for a field, `[2]` for a list item. */
export function faultWithin(error: unknown, step: string): unknown {
  if (error instanceof WireFault) {
    error.path = error.path === '' || error.path.startsWith('[') ? step + error.path : `${step}.${error.path}`;
  }
  return error;
}

/**
 * A window on the octets of one message that is read from front to back. Every read stays inside the window; one that
 * does not is a WireFault with the window's `badLength` code. Offsets count from the start of the message.
 */
export class Reader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #badLength: ErrorCodeName;
  #offset: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length, badLength: ErrorCodeName = 'OFPBRC_BAD_LEN') {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
    this.#badLength = badLength;
  }

  get offset(): number {
    return this.#offset;
  }

  get remainingBytes(): number {
    return this.#end - this.#offset;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  /** A view on the next octets, without a copy. */
  bytes(lengthBytes: number): Buffer {
    const start = this.#take(lengthBytes);
    return this.#bytes.subarray(start, start + lengthBytes);
  }

  /** The u16 that stands `ahead` octets further on; the reader does not move. */
  peekU16(ahead: number): number {
    if (this.remainingBytes < ahead + 2) this.failLength(`needs ${ahead + 2} octets, has ${this.remainingBytes}`);
    return this.#bytes.readUInt16BE(this.#offset + ahead);
  }

  /** The u32 that stands `ahead` octets further on; the reader does not move. */
  peekU32(ahead: number): number {
    if (this.remainingBytes < ahead + 4) this.failLength(`needs ${ahead + 4} octets, has ${this.remainingBytes}`);
    return this.#bytes.readUInt32BE(this.#offset + ahead);
  }

  skip(lengthBytes: number): void {
    this.#take(lengthBytes);
  }

  /** Takes the next octets out as a window of their own, whose errors carry `badLength`. */
  sub(lengthBytes: number, badLength: ErrorCodeName = this.#badLength): Reader {
    const start = this.#take(lengthBytes);
    return new Reader(this.#bytes, start, start + lengthBytes, badLength);
  }

  /** Refuses octets that nobody read. */
  expectEnd(): void {
    if (this.remainingBytes > 0) this.failLength(`${this.remainingBytes} octets too many`);
  }

  failLength(detail: string): never {
    return this.fail(this.#badLength, detail);
  }

  fail(codeName: ErrorCodeName, detail: string): never {
    throw new WireFault(codeName, this.#offset, detail);
  }

  #take(lengthBytes: number): number {
    if (lengthBytes > this.remainingBytes) this.failLength(`needs ${lengthBytes} octets, has ${this.remainingBytes}`);
    const start = this.#offset;
    this.#offset += lengthBytes;
    return start;
  }
}

const FIRST_CAPACITY_BYTES = 256;

/** Octets of one message that grow from front to back, up to the 65,535 that a message can have. */
export class Writer {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY_BYTES);
  #length = 0;

  /** Octets written so far; the offset of the next one. */
  get offset(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#checkRange(value, 0xff);
    const at = this.#grow(1);
    this.#bytes.writeUInt8(value, at);
  }

  u16(value: number): void {
    this.#checkRange(value, 0xffff);
    const at = this.#grow(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  u32(value: number): void {
    this.#checkRange(value, 0xffffffff);
    const at = this.#grow(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  u64(value: bigint): void {
    if (typeof value !== 'bigint' || value < 0n || value > 0xffffffffffffffffn) {
      this.fail(`${value} is not a bigint from 0 to 2^64 - 1`);
    }
    const at = this.#grow(8);
    this.#bytes.writeBigUInt64BE(value, at);
  }

  bytes(value: Buffer): void {
    const at = this.#grow(value.length);
    value.copy(this.#bytes, at);
  }

  zeros(lengthBytes: number): void {
    const at = this.#grow(lengthBytes);
    this.#bytes.fill(0, at, at + lengthBytes);
  }

  /** Writes a u16 over octets that are already there: a length that is known only now. */
  patchU16(at: number, value: number): void {
    this.#checkRange(value, 0xffff);
    this.#bytes.writeUInt16BE(value, at);
  }

  /** A view on what was written. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  fail(detail: string): never {
    throw new WireFault('OFPBRC_BAD_LEN', this.#length, detail);
  }

  #checkRange(value: number, maximum: number): void {
    if (!Number.isInteger(value) || value < 0 || value > maximum) {
      this.fail(`${value} is not an integer from 0 to ${maximum}`);
    }
  }

  #grow(lengthBytes: number): number {
    const at = this.#length;
    const needed = at + lengthBytes;
    if (needed > MAX_MESSAGE_BYTES) this.fail(`the message would be longer than ${MAX_MESSAGE_BYTES} octets`);
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.min(MAX_MESSAGE_BYTES, Math.max(needed, this.#bytes.length * 2)));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#length = needed;
    return at;
  }
}
