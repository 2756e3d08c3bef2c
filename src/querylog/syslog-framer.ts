import { LineSplitter, MAX_LINE_OCTETS } from './line-splitter.ts';
import type { RecordSink } from './record-splitter.ts';

const DIGIT_0 = 0x30;
const DIGIT_1 = 0x31;
const DIGIT_9 = 0x39;
const BLANK = 0x20;
const LINE_FEED = 0x0a;
/** A length of more digits is none. */
const MAX_DIGITS = 9;
const LONG = `a message of over ${MAX_LINE_OCTETS} octets`;

/**
 * A stream into syslog messages (RFC 6587 §3.4): a message that begins with a digit has its length before it and a blank, any
 * other ends with LF. Holds one message at most; one of more than MAX_LINE_OCTETS is refused, and left out.
 */
export class SyslogFramer {
  readonly #lines = new LineSplitter();
  #isInLine = false;
  /** What has come of a length. */
  #digits = '';
  /** Octets of a message with a length that have not come. */
  #left = 0;
  #isSkipping = false;
  /** Whether the one that is left out was refused already. */
  #isRefused = false;
  readonly #held: Buffer[] = [];
  #messages = 0;

  /** Whether nothing has come in part. */
  get isBetweenMessages(): boolean {
    return !this.#isInLine && this.#digits === '' && this.#left === 0;
  }

  /** What has come of a message with a length that is not whole; of other messages nothing. */
  begun(): Buffer {
    return Buffer.concat(this.#held);
  }

  /** How many have come whole. */
  get messages(): number {
    return this.#messages;
  }

  push(octets: Buffer, sink: RecordSink): void {
    let at = 0;
    while (at < octets.length) {
      if (this.#left > 0) at = this.#counted(octets, at, sink);
      else if (this.#isInLine) at = this.#line(octets, at, sink);
      else at = this.#start(octets, at, sink);
    }
  }

  /** The stream has ended: so has a line. */
  end(sink: RecordSink): void {
    this.#lines.end(sink);
  }

  /** At the beginning of a message, perhaps behind the first digits of its length. */
  #start(octets: Buffer, at: number, sink: RecordSink): number {
    const octet = octets[at]!;
    const isFirst = this.#digits === '';
    if (isFirst && octet <= BLANK) return at + 1;
    if (octet >= (isFirst ? DIGIT_1 : DIGIT_0) && octet <= DIGIT_9 && this.#digits.length < MAX_DIGITS) {
      this.#digits += String.fromCharCode(octet);
      return at + 1;
    }
    const digits = this.#digits;
    this.#digits = '';
    if (digits !== '' && octet === BLANK) {
      this.#count(Number(digits));
      return at + 1;
    }
    this.#isInLine = true;
    this.#lines.push(Buffer.from(digits, 'latin1'), sink);
    return at;
  }

  #count(length: number): void {
    this.#left = length;
    this.#isSkipping = length > MAX_LINE_OCTETS;
  }

  #counted(octets: Buffer, at: number, sink: RecordSink): number {
    const end = Math.min(octets.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#messages++;
    if (this.#isSkipping) {
      if (!this.#isRefused) sink.refused(LONG, octets, at, end);
      this.#isRefused = this.#left > 0;
      return end;
    }
    if (this.#left > 0 || this.#held.length > 0) this.#held.push(Buffer.from(octets.subarray(at, end)));
    if (this.#left > 0) {
      // Many small parts would take more than they hold.
      if (this.#held.length > 64) this.#held.splice(0, this.#held.length, Buffer.concat(this.#held));
    } else if (this.#held.length === 0) sink.record(octets, at, end);
    else {
      const message = Buffer.concat(this.#held.splice(0));
      sink.record(message, 0, message.length);
    }
    return end;
  }

  #line(octets: Buffer, at: number, sink: RecordSink): number {
    const found = octets.indexOf(LINE_FEED, at);
    const end = found < 0 ? octets.length : found + 1;
    this.#lines.push(octets.subarray(at, end), sink);
    this.#isInLine = found < 0;
    if (found >= 0) this.#messages++;
    return end;
  }
}
