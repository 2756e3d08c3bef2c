/**
 * How observations and messages travel from a capture to the one that learns, over a socket pair, a unix socket or TLS. A frame
 * has a header of eight octets:
 *
 *     0-3   octets behind the header, most significant first
 *     4     version
 *     5     kind
 *     6, 7  0x0102 in the octet order of the machine that sends: batches are in that order, and are not turned around
 *
 * A message (protocol.ts) is an object in JSON. A batch begins with the clock of the sender when it was sent, a 64-bit float of
 * milliseconds, by which times in the batch go; then the batch as an ObservationWriter makes it.
 */
import { BATCH_OCTETS } from '../dns/observation-writer.ts';

const VERSION = 1;
const HEADER_OCTETS = 8;
const KIND = { MESSAGE: 1, BATCH: 2 } as const;
const TIME_OCTETS = 8;
/** An order with as many inside networks as the configuration takes has some 150 KB. */
const MAX_MESSAGE_OCTETS = 256 * 1024;
const MAX_BATCH_OCTETS = TIME_OCTETS + BATCH_OCTETS;
const ORDER_MARK = new Uint8Array(Uint16Array.of(0x0102).buffer);

/** The most interfaces that one capture has. */
export const MAX_INTERFACES = 64;

/** A message as a frame. Throws RangeError when it is longer than the other end would take. */
export function composeMessage(message: object): Uint8Array {
  const text = Buffer.from(JSON.stringify(message));
  if (text.length > MAX_MESSAGE_OCTETS) throw new RangeError(`a message of ${text.length} octets`);
  return Buffer.concat([headerOf(KIND.MESSAGE, text.length), text]);
}

/** What goes before a batch to make it a frame. */
export function composeBatchHead(batch: Uint8Array, sentAtMs: number): Uint8Array {
  const time = new Uint8Array(Float64Array.of(sentAtMs).buffer);
  return Buffer.concat([headerOf(KIND.BATCH, TIME_OCTETS + batch.length), time]);
}

function headerOf(kind: number, lengthOctets: number): Uint8Array {
  const header = Buffer.alloc(HEADER_OCTETS);
  header.writeUInt32BE(lengthOctets);
  header[4] = VERSION;
  header[5] = kind;
  header.set(ORDER_MARK, 6);
  return header;
}

export interface FrameHooks {
  /** What the JSON of a message says, whatever it is. */
  onMessage(value: unknown): void;
  /** A batch in a buffer of its own; `sentAtMs` is a finite number. What is in the batch is not looked at. */
  onBatch(batch: Uint8Array, sentAtMs: number): void;
}

/** Puts frames together from octets as they come. Holds one frame at most. */
export class FrameReader {
  readonly #hooks: FrameHooks;
  readonly #header = Buffer.alloc(HEADER_OCTETS);
  #filled = 0;
  #kind = 0;
  /** Undefined while the header is read. */
  #body: Buffer | undefined;
  #problem: string | undefined;

  constructor(hooks: FrameHooks) {
    this.#hooks = hooks;
  }

  /** Returns what is wrong with the octets, for a log; nothing is read after that. */
  push(octets: Uint8Array): string | undefined {
    let at = 0;
    while (at < octets.length && this.#problem === undefined) {
      const target = this.#body ?? this.#header;
      const taken = Math.min(target.length - this.#filled, octets.length - at);
      target.set(octets.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < target.length) break;
      this.#filled = 0;
      this.#problem = this.#body === undefined ? this.#beginBody() : this.#finishBody(this.#body);
    }
    return this.#problem;
  }

  #beginBody(): string | undefined {
    const header = this.#header;
    if (header[4] !== VERSION) return `it does not speak version ${VERSION} of the capture protocol`;
    if (header[6] !== ORDER_MARK[0] || header[7] !== ORDER_MARK[1]) {
      return 'its machine has another octet order than ours: run gluewall on machines of one kind';
    }
    const length = header.readUInt32BE();
    this.#kind = header[5]!;
    const isMessage = this.#kind === KIND.MESSAGE;
    if (!isMessage && this.#kind !== KIND.BATCH) return `it sends frames of kind ${this.#kind}, which there is not`;
    const least = isMessage ? 1 : TIME_OCTETS + 1;
    const most = isMessage ? MAX_MESSAGE_OCTETS : MAX_BATCH_OCTETS;
    if (length < least || length > most) return `it sends a frame of ${length} octets, where ${most} is the most`;
    this.#body = Buffer.from(new ArrayBuffer(length));
    return undefined;
  }

  #finishBody(body: Buffer): string | undefined {
    this.#body = undefined;
    if (this.#kind === KIND.BATCH) {
      const [sentAtMs] = new Float64Array(body.buffer, 0, 1);
      if (!Number.isFinite(sentAtMs)) return 'its clock gives no time';
      this.#hooks.onBatch(new Uint8Array(body.buffer, TIME_OCTETS), sentAtMs!);
      return undefined;
    }
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      return 'it sends a message that is no JSON';
    }
    this.#hooks.onMessage(value);
    return undefined;
  }
}
