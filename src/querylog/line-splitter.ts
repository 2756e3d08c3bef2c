import type { RecordSink, RecordSplitter } from './record-splitter.ts';

export const MAX_LINE_OCTETS = 65_536;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const LONG = `a line of over ${MAX_LINE_OCTETS} octets`;

/**
 * Octets into lines, which end with LF or CRLF. A longer one than MAX_LINE_OCTETS is refused once, and its rest left out; it
 * can be gone on from in the middle of it. Lines without anything in them are none, and so are NUL octets at the
 * beginning of one: where a writer goes on behind a file that was truncated, the file has a hole.
 */
export class LineSplitter implements RecordSplitter {
  /** The beginning of a line whose end has not come. */
  #held: Buffer = Buffer.alloc(0);
  #heldOctets = 0;
  /** Whether what comes next belongs to a line that has been refused. */
  #isSkipping: boolean;
  #consumed: number;

  /** Goes on at `offset` of the source, with what `state` said there. */
  constructor(offset = 0, state: unknown = undefined) {
    this.#consumed = offset;
    this.#isSkipping = state === 'skipping';
  }

  get consumed(): number {
    return this.#consumed;
  }

  state(): unknown {
    return this.#isSkipping ? 'skipping' : undefined;
  }

  push(octets: Buffer, sink: RecordSink): void {
    let start = 0;
    for (;;) {
      if (this.#heldOctets === 0 && !this.#isSkipping) start = this.#behindEmptyLines(octets, start);
      const end = octets.indexOf(LINE_FEED, start);
      if (end < 0) break;
      this.#line(octets, start, end, sink);
      this.#consumed += end + 1 - start;
      start = end + 1;
    }
    if (start < octets.length) this.#hold(octets, start, sink);
  }

  end(sink: RecordSink): void {
    if (this.#heldOctets > 0) give(this.#held, 0, this.#heldOctets, sink);
    this.#consumed += this.#heldOctets;
    this.#heldOctets = 0;
    this.#isSkipping = false;
  }

  #behindEmptyLines(octets: Buffer, start: number): number {
    let at = start;
    while (octets[at] === LINE_FEED) at++;
    this.#consumed += at - start;
    return at;
  }

  /** The rest of a line, or all of it. */
  #line(octets: Buffer, start: number, end: number, sink: RecordSink): void {
    if (this.#isSkipping) {
      this.#isSkipping = false;
    } else if (this.#heldOctets === 0) {
      give(octets, start, end, sink);
    } else if (this.#append(octets, start, end)) {
      this.#consumed += this.#heldOctets - (end - start);
      const length = this.#heldOctets;
      this.#heldOctets = 0;
      give(this.#held, 0, length, sink);
    } else {
      this.#refuse(sink);
    }
  }

  /** The beginning of a line, or more of it. */
  #hold(octets: Buffer, start: number, sink: RecordSink): void {
    const first = this.#heldOctets === 0 && !this.#isSkipping ? behindNuls(octets, start, octets.length) : start;
    this.#consumed += first - start;
    if (this.#isSkipping) {
      this.#consumed += octets.length - start;
    } else if (!this.#append(octets, first, octets.length)) {
      this.#refuse(sink);
      this.#consumed += octets.length - first;
      this.#isSkipping = true;
    }
  }

  /** `#append` did not take all of the line. */
  #refuse(sink: RecordSink): void {
    this.#consumed += this.#heldOctets;
    this.#heldOctets = 0;
    sink.refused(LONG, this.#held, 0, MAX_LINE_OCTETS);
  }

  /** False when the line is too long: its beginning stands where held octets do, and does not count as held. */
  #append(octets: Buffer, start: number, end: number): boolean {
    const length = this.#heldOctets + end - start;
    // One more for a carriage return, which does not count.
    const room = MAX_LINE_OCTETS + 1;
    if (this.#held.length < Math.min(length, room)) this.#grow(Math.min(length, room));
    octets.copy(this.#held, this.#heldOctets, start, end);
    if (length <= room) this.#heldOctets = length;
    return length <= room;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.min(MAX_LINE_OCTETS + 1, Math.max(needed, 2 * this.#held.length, 1024)));
    this.#held.copy(larger, 0, 0, this.#heldOctets);
    this.#held = larger;
  }
}

function give(octets: Buffer, start: number, end: number, sink: RecordSink): void {
  const last = end > start && octets[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  const first = behindNuls(octets, start, last);
  if (last - first > MAX_LINE_OCTETS) sink.refused(LONG, octets, first, last);
  else if (last > first) sink.record(octets, first, last);
}

function behindNuls(octets: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && octets[at] === 0) at++;
  return at;
}
