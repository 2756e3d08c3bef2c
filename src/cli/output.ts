/** What leaves for a terminal or a pipe. */
import { once } from 'node:events';
import { printable, printableJson } from '../core/printable.ts';

/** A line in a colour: `paint` puts it around the text where that is a terminal's and no NO_COLOR is set. */
export interface PaintedLine {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** Prints lines for a person: nothing in them can steer the terminal. Waits for a slow reader. */
export async function printLines(lines: readonly (string | PaintedLine)[]): Promise<void> {
  // Picocolors alone would paint for any reader where it takes the environment for a build server's.
  const mayPaint = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const texts = lines.map((line) => {
    if (typeof line === 'string') return printable(line);
    return mayPaint ? line.paint(printable(line.text)) : printable(line.text);
  });
  await write(texts.map((text) => `${text}\n`).join(''));
}

/** Prints JSON on one line; nothing in it can steer the terminal. Waits for a slow reader. */
export async function printJson(value: unknown): Promise<void> {
  await write(`${printableJson(value)}\n`);
}

/** One JSON array, printed as its items come. Resolves with how many there were. */
export async function printJsonArray(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const item of items) {
    await write(`${count === 0 ? '[' : ','}\n${printableJson(item)}`);
    count++;
  }
  await write(count === 0 ? '[]\n' : '\n]\n');
  return count;
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
