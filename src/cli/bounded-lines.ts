import { StringDecoder } from 'node:string_decoder';
import { GluewallError } from '../core/errors.ts';

/**
 * The lines of a UTF-8 stream, without their ends. Throws GluewallError `code` for a line of more than `maxCharacters`, before
 * it is held.
 */
export async function* boundedLines(
  input: AsyncIterable<Buffer>,
  maxCharacters: number,
  code: string,
): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let count = 0;
  const refuseLong = (line: string) => {
    if (line.length <= maxCharacters) return;
    throw new GluewallError(code, `line ${count + 1} is longer than ${maxCharacters} characters`);
  };
  for await (const chunk of input) {
    // Only what came is looked through: of a long line, all that came before would be looked through again and again.
    const pieces = decoder.write(chunk).split('\n');
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      const line = rest + piece;
      rest = '';
      refuseLong(line);
      count++;
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    rest += last;
    refuseLong(rest);
  }
  if (rest !== '') yield rest;
}
