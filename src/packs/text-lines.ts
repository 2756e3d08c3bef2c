/** A line of a file, without its end. */
export interface TextLine {
  readonly number: number;
  readonly text: string;
  /** Its text was cut at the maximum. */
  readonly isLong: boolean;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The lines of UTF-8 text one by one, of each at most `maxOctets`; what is no UTF-8 shows as U+FFFD. */
export function* textLines(octets: Buffer, maxOctets: number): Generator<TextLine, void> {
  const isMarked = octets.length >= 3 && octets.readUIntBE(0, 3) === 0xefbbbf;
  let number = 0;
  for (let start = isMarked ? 3 : 0; start < octets.length; ) {
    const found = octets.indexOf(LINE_FEED, start);
    const next = found < 0 ? octets.length : found;
    const end = next > start && octets[next - 1] === CARRIAGE_RETURN ? next - 1 : next;
    number++;
    const isLong = end - start > maxOctets;
    yield { number, text: octets.toString('utf8', start, isLong ? start + maxOctets : end), isLong };
    start = next + 1;
  }
}
