const ZERO = 0x30;
const MAX_PREFIX_OCTETS = 512;
/** A file may hold lines of several categories. */
const KNOWN_PREFIXES = 3;
/** An older one may come back an hour later, when daylight saving ends. */
const RECENT_MS = 60_000;
/** The last time of day in a prefix, to the millisecond. */
const MILLISECONDS = /^.*\d\d:\d\d:\d\d[.,](?=(\d{3})(?!\d))/s;

interface KnownPrefix {
  readonly octets: Buffer;
  /** Where the milliseconds stand, which may be others; -3: nowhere. */
  readonly millisecondsAt: number;
  /** The time without them. */
  readonly atMs: number;
}

/** How the last lines began, so that what is written in the same second need not be read again. */
export class KnownPrefixes {
  /** The one that was learned last is in front. */
  #known: readonly KnownPrefix[] = [];
  #atMs = 0;

  /** The time that the prefix which `match` found says, milliseconds since the epoch. */
  get atMs(): number {
    return this.#atMs;
  }

  /** Lines that begin with this text (latin1) are of the time `atMs`. */
  learn(text: string, atMs: number): void {
    if (text.length > MAX_PREFIX_OCTETS) return;
    const match = MILLISECONDS.exec(text);
    const isToldThere = match !== null && Number(match[1]) === ((atMs % 1000) + 1000) % 1000;
    const known = {
      octets: Buffer.from(text, 'latin1'),
      millisecondsAt: isToldThere ? match[0].length : -3,
      atMs: isToldThere ? atMs - Number(match[1]) : atMs,
    };
    const recent = this.#known.filter((other) => Math.abs(other.atMs - known.atMs) <= RECENT_MS);
    this.#known = [known, ...recent.slice(0, KNOWN_PREFIXES - 1)];
  }

  /** How many octets of the line are a known prefix; 0: it begins in another way. */
  match(octets: Buffer, start: number, end: number): number {
    const known = this.#known;
    for (let index = 0; index < known.length; index++) {
      const length = this.#matchOne(known[index]!, octets, start, end);
      if (length > 0) return length;
    }
    return 0;
  }

  #matchOne(known: KnownPrefix, octets: Buffer, start: number, end: number): number {
    const prefix = known.octets;
    const length = prefix.length;
    const skipped = known.millisecondsAt;
    if (end - start <= length) return 0;
    for (let index = 0; index < length; index++) {
      if (octets[start + index] === prefix[index]) continue;
      if (index < skipped || index > skipped + 2) return 0;
    }
    this.#atMs = known.atMs;
    if (skipped < 0) return length;
    const hundreds = octets[start + skipped]! - ZERO;
    const tens = octets[start + skipped + 1]! - ZERO;
    const ones = octets[start + skipped + 2]! - ZERO;
    if (!isDigit(hundreds) || !isDigit(tens) || !isDigit(ones)) return 0;
    this.#atMs += hundreds * 100 + tens * 10 + ones;
    return length;
  }
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}
