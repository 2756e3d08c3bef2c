import { takePrefix } from '../../querylog/line-prefix.ts';
import type { SourceTime } from '../../querylog/source-time.ts';

/** What Postfix says of its clients in one window of time: figure 5 of paper 4. */
export interface MailCounts {
  readonly atMs: number;
  /** `connect from`. */
  readonly connections: number;
  /** Recipients refused: `User unknown`. */
  readonly unknownUsers: number;
  /** Of these, from the empty sender, as bounces are (RFC 5321 §4.5.5). */
  readonly bounces: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const MAX_WINDOWS = 200_000;
const MAX_LINE_CHARACTERS = 4096;
/** Postfix, also under another syslog_name and for the submission port. */
const SMTPD = /^(?:[\w.-]+\/){1,3}smtpd$/;
const CONNECT = /^connect from /;
const UNKNOWN = /^(?:[\w-]{1,64}: )?reject: RCPT from .*User unknown/;
const NULL_SENDER = /from=<>/;

/** Reads the log of Postfix, line by line. */
export class MailLog {
  readonly #windowMs: number;
  readonly #time: SourceTime;
  readonly #windows = new Map<number, Mutable<MailCounts>>();
  #lines = 0;
  #leftOut = 0;

  constructor(windowMs: number, time: SourceTime) {
    this.#windowMs = windowMs;
    this.#time = time;
  }

  /** Lines that told of a connection or of an unknown user. */
  get lines(): number {
    return this.#lines;
  }

  /** Lines of so many different times that they found no room, or without a time. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Takes one line, without its end. Never throws. */
  read(octets: Buffer, start: number, end: number): void {
    const line = octets.toString('latin1', start, Math.min(end, start + MAX_LINE_CHARACTERS));
    // Most lines say something else, and their time need not be read.
    const isConnection = line.includes(': connect from ');
    if (!isConnection && !line.includes('User unknown')) return;
    const { atMs, program, rest } = takePrefix(line, this.#time);
    if (program === undefined || !SMTPD.test(program)) return;
    if (!CONNECT.test(rest) && !UNKNOWN.test(rest)) return;
    const window = typeof atMs === 'number' ? this.#windowAt(atMs) : undefined;
    if (window === undefined) {
      this.#leftOut++;
      return;
    }
    this.#lines++;
    if (CONNECT.test(rest)) {
      window.connections++;
      return;
    }
    window.unknownUsers++;
    if (NULL_SENDER.test(rest)) window.bounces++;
  }

  /** In the order of time. */
  windows(): readonly MailCounts[] {
    return [...this.#windows.values()].sort((one, other) => one.atMs - other.atMs);
  }

  #windowAt(atMs: number): Mutable<MailCounts> | undefined {
    const number = Math.floor(atMs / this.#windowMs);
    const known = this.#windows.get(number);
    if (known !== undefined || this.#windows.size >= MAX_WINDOWS) return known;
    const window = { atMs: number * this.#windowMs, connections: 0, unknownUsers: 0, bounces: 0 };
    this.#windows.set(number, window);
    return window;
  }
}
