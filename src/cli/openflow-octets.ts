/** Where `openflow decode` takes its octets from. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { GluewallError } from '../core/errors.ts';
import { HexText } from './hex-text.ts';

/** The octets of messages, in chunks. They reject with GluewallError `openflow-file`. */
export interface OctetSource {
  /** For messages. */
  readonly name: string;
  readonly chunks: AsyncIterable<Buffer>;
}

const CAPTURE_REMEDY =
  'it is a capture; send what `tshark -r FILE -Y "tcp.port == 6653 && tcp.len > 0" -T fields -e tcp.payload` prints';
/** How the files start that are likely to be given by mistake: pcap in both orders, with either clock, pcapng, gzip. */
const NO_MESSAGES: readonly (readonly [start: string, remedy: string])[] = [
  ...['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a'].map((start) => [start, CAPTURE_REMEDY] as const),
  ['1f8b', 'it is gzip; unpack it first'],
];
/** The version is a message's first octet: no message starts with what hexadecimal text can start with. */
const HEX_STARTS = /^[\s0-9a-f:]/i;

/**
 * Octets from a file, from hexadecimal text, or with `-` from standard input; a file and standard input may hold raw
 * octets or hexadecimal text. What is the name of a file is a file. Nothing is held open until the first chunk is asked for.
 * Rejects with GluewallError `openflow-file`, or `usage` for what is neither a file nor such text.
 */
export async function openOctets(argument: string): Promise<OctetSource> {
  if (argument === '-') return standardInput();
  const stats = await stat(argument).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENAMETOOLONG') return undefined;
    throw unreadable(argument, cause.message, cause);
  });
  if (stats === undefined) return { name: 'the text', chunks: fromArgument(argument) };
  if (stats.isDirectory()) throw unreadable(argument, 'it is a folder; name the files in it');
  return { name: argument, chunks: octets(() => createReadStream(argument), argument) };
}

function standardInput(): OctetSource {
  const name = 'standard input';
  if (process.stdin.isTTY) throw unreadable(name, 'it is a terminal; send messages through a pipe or with <');
  return { name, chunks: octets(() => process.stdin, name) };
}

async function* fromArgument(text: string): AsyncGenerator<Buffer, void> {
  const hex = new HexText();
  const decoded = hex.push(Buffer.from(text));
  if (hex.problemAtEnd !== undefined) {
    const wanted = 'no file is called so, and as hexadecimal text it cannot be read';
    throw new GluewallError('usage', `"${text.slice(0, 100)}": ${wanted}: ${hex.problemAtEnd}`);
  }
  yield decoded;
}

/** Raw octets as they are, hexadecimal text as what it says. */
async function* octets(start: () => AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer, void> {
  let hex: HexText | undefined;
  let isFirst = true;
  try {
    for await (const chunk of start()) {
      if (isFirst) hex = isHexText(chunk, name) ? new HexText() : undefined;
      isFirst = false;
      yield hex === undefined ? chunk : hex.push(chunk);
      if (hex?.problem !== undefined) break;
    }
  } catch (cause) {
    throw cause instanceof GluewallError ? cause : unreadable(name, (cause as Error).message, cause);
  }
  if (hex?.problemAtEnd !== undefined) throw unreadable(name, hex.problemAtEnd);
}

function isHexText(chunk: Buffer, name: string): boolean {
  const found = NO_MESSAGES.find(([beginning]) => chunk.toString('hex', 0, 4).startsWith(beginning));
  if (found !== undefined) throw unreadable(name, found[1]);
  return HEX_STARTS.test(chunk.toString('latin1', 0, 1));
}

function unreadable(name: string, reason: string, cause?: unknown): GluewallError {
  return new GluewallError('openflow-file', `${name} cannot be read: ${reason}`, { cause });
}
