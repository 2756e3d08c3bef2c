const NEWLINE = 0x0a;
const SEPARATORS: readonly number[] = [...Buffer.from(' \t\r\n:')];

/**
 * Octets out of hexadecimal text that comes in pieces: two digits for each, with spaces, colons, line breaks and `0x`
 * between them wherever they like.
 */
export class HexText {
  #line = 1;
  /** The first digit of an octet whose second has not come. */
  #digit: number | undefined;
  #problem: string | undefined;

  /** The octets that a piece completes; none once there is a problem. */
  push(text: Buffer): Buffer {
    const octets = Buffer.allocUnsafe((text.length >> 1) + 1);
    let length = 0;
    for (const character of text) {
      if (this.#problem !== undefined) break;
      const octet = this.#read(character);
      if (octet !== undefined) octets[length++] = octet;
    }
    return octets.subarray(0, length);
  }

  /** What is wrong with the text, and in which line. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** What is wrong with a text that ends here. */
  get problemAtEnd(): string | undefined {
    return this.#problem ?? (this.#digit === undefined ? undefined : 'the last octet has only one digit');
  }

  #read(character: number): number | undefined {
    const digit = digitOf(character);
    if (digit === undefined) {
      this.#skip(character);
      return undefined;
    }
    if (this.#digit === undefined) {
      this.#digit = digit;
      return undefined;
    }
    const octet = this.#digit * 16 + digit;
    this.#digit = undefined;
    return octet;
  }

  #skip(character: number): void {
    if (character === NEWLINE) this.#line++;
    if (SEPARATORS.includes(character)) return;
    const isPrefix = (character | 0x20) === 0x78 && this.#digit === 0;
    if (isPrefix) this.#digit = undefined;
    else
      this.#problem = `line ${this.#line}: ${JSON.stringify(String.fromCharCode(character))} is no hexadecimal digit`;
  }
}

function digitOf(character: number): number | undefined {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
