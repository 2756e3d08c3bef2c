import { StringDecoder } from 'node:string_decoder';
import { GluewallError } from '../core/errors.ts';

/**
 * The lines of a UTF-8 stream, without their ends. Throws GluewallError `history-file` for a line of more than
 * `maxCharacters`, before it is held.
 */
export async function* boundedLines(input: AsyncIterable<Buffer>, maxCharacters: number): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let count = 0;
  const refuseLong = (line: string) => {
    if (line.length <= maxCharacters) return;
    throw new GluewallError('history-file', `line ${count + 1} is longer than ${maxCharacters} characters`);
  };
  for await (const chunk of input) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      refuseLong(line);
      count++;
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    refuseLong(rest);
  }
  if (rest !== '') yield rest;
}
