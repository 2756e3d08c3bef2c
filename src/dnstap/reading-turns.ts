/** A stream that is read, and can be left for later. */
interface ReadStream {
  pause(): void;
  resume(): void;
}

/** What is read in one turn of the event loop, about: a few milliseconds of work. */
const TURN_OCTETS = 128 * 1024;

/**
 * Lets streams be read in turns: each a part in a round, so that none keeps the others waiting, and all together a bounded part
 * in a turn of the event loop, so that they do not keep anybody else waiting.
 */
export class ReadingTurns {
  readonly #streams = new Set<ReadStream>();
  /** Those that have had their part of this round. */
  readonly #read = new Set<ReadStream>();
  #octets = 0;
  #isPlanned = false;

  add(stream: ReadStream): void {
    this.#streams.add(stream);
  }

  delete(stream: ReadStream): void {
    this.#streams.delete(stream);
    this.#read.delete(stream);
  }

  /** To be told what was read of a stream. */
  took(stream: ReadStream, octets: number): void {
    stream.pause();
    this.#read.add(stream);
    this.#octets += octets;
    if (this.#octets >= TURN_OCTETS) for (const other of this.#streams) other.pause();
    this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#isPlanned = false;
    const isRoundOver = this.#octets < TURN_OCTETS;
    this.#octets = 0;
    if (isRoundOver) this.#read.clear();
    else this.#plan();
    for (const stream of this.#streams) if (!this.#read.has(stream)) stream.resume();
  }
}
