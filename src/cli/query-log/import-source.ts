import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzipped, gzipDamage, isGzip } from '../../capture/container/gunzip.ts';
import { GluewallError } from '../../core/errors.ts';
import { DETECT_OCTETS } from '../../querylog/detect-format.ts';
import { complain } from '../stderr-log.ts';

const PORTION_OCTETS = 256 * 1024;
/** A file that was changed less long ago may be written to at the moment. */
const RECENT_MS = 60_000;
/** Nothing came for so long: somebody may have meant something else than a pipe. */
const SILENCE_MS = 3000;

/** A log file that is read once, from its beginning to where it ended when it was opened; unpacked where gzip packed it. */
export class ImportSource {
  /** For messages. */
  readonly name: string;
  /** What a source is called that has no other name. */
  readonly sourceName: string;
  /** Of the file as it is, packed or not; undefined: nobody knows the end. */
  readonly sizeBytes: number | undefined;
  /** When it was last changed. */
  readonly writtenMs: number;
  /** Whether somebody may be writing to it: then its last line may be half of one. */
  readonly isGrowing: boolean;
  /** How it begins: DETECT_OCTETS, or all of it. */
  readonly head: Buffer;
  readonly #rest: AsyncGenerator<Buffer, void>;
  readonly #counted: { octets: number };

  private constructor(
    parts: Pick<ImportSource, 'name' | 'sourceName' | 'sizeBytes' | 'writtenMs' | 'isGrowing' | 'head'>,
    rest: AsyncGenerator<Buffer, void>,
    counted: { octets: number },
  ) {
    this.name = parts.name;
    this.sourceName = parts.sourceName;
    this.sizeBytes = parts.sizeBytes;
    this.writtenMs = parts.writtenMs;
    this.isGrowing = parts.isGrowing;
    this.head = parts.head;
    this.#rest = rest;
    this.#counted = counted;
  }

  /** Opens a file; `-` is standard input. Rejects with GluewallError `log-file`, and so do its octets. */
  static async open(path: string): Promise<ImportSource> {
    const { name, sizeBytes, writtenMs } = path === '-' ? standardInput() : await lookAt(path);
    const counted = { octets: 0 };
    const begun = begin(readable(path, name, sizeBytes, counted), name);
    const { isPacked, head, octets } = await (sizeBytes === undefined ? sayingSilence(name, begun) : begun);
    const sourceName = path === '-' ? 'stdin' : basename(path).replace(/\.gz$/, '');
    const isGrowing = sizeBytes !== undefined && !isPacked && Date.now() - writtenMs < RECENT_MS;
    return new ImportSource({ name, sourceName, sizeBytes, writtenMs, isGrowing, head }, octets, counted);
  }

  /** Octets of the file as it is that have been read. */
  get readBytes(): number {
    return this.#counted.octets;
  }

  /** All of it, its beginning too; to be called once. A chunk holds until the next one is asked for. */
  async *octets(): AsyncGenerator<Buffer, void> {
    if (this.head.length > 0) yield this.head;
    yield* this.#rest;
  }

  /** For who does not read it to its end. Safe twice. */
  async close(): Promise<void> {
    await this.#rest.return();
  }
}

function standardInput() {
  const name = 'standard input';
  if (process.stdin.isTTY) {
    throw new GluewallError('log-file', `${name} is a terminal; send it a log through a pipe or with <`);
  }
  return { name, sizeBytes: undefined, writtenMs: Date.now() };
}

async function lookAt(path: string) {
  const stats = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, cause);
  });
  if (stats.isDirectory()) throw new GluewallError('log-file', `${path} is a folder; name the logs in it`);
  const sizeBytes = stats.isFile() ? stats.size : undefined;
  if (sizeBytes === 0) throw new GluewallError('log-file', `${path} is empty; name a file that a log was written to`);
  return { name: path, sizeBytes, writtenMs: stats.isFile() ? stats.mtimeMs : Date.now() };
}

async function* readable(
  path: string,
  name: string,
  sizeBytes: number | undefined,
  counted: { octets: number },
): AsyncGenerator<Buffer, void> {
  const stream = () => (path === '-' ? process.stdin : createReadStream(path)) as AsyncIterable<Buffer>;
  try {
    for await (const chunk of sizeBytes === undefined ? stream() : portionsOf(path, sizeBytes)) {
      counted.octets += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    throw unreadable(name, cause as NodeJS.ErrnoException);
  }
}

/** The first `sizeBytes` of a file, all in the same memory: a portion holds until the next one is asked for. */
async function* portionsOf(path: string, sizeBytes: number): AsyncGenerator<Buffer, void> {
  const file = await open(path);
  try {
    const memory = Buffer.allocUnsafe(PORTION_OCTETS);
    for (let position = 0; position < sizeBytes; ) {
      const { bytesRead } = await file.read(memory, 0, Math.min(PORTION_OCTETS, sizeBytes - position), position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield memory.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** The octets themselves, or what they unpack to where they begin as gzip does. */
/** Says that nothing comes, to the one who waits for the end of the command. */
function sayingSilence<T>(name: string, begun: Promise<T>): Promise<T> {
  const timer = setTimeout(() => complain(`${name}: waiting for somebody to write to it`), SILENCE_MS);
  return begun.finally(() => clearTimeout(timer));
}

async function begin(chunks: AsyncGenerator<Buffer, void>, name: string) {
  const first = await firstOctets(chunks, 2);
  const isPacked = isGzip(first);
  const octets = unpacked(first, chunks, name);
  return { isPacked, octets, head: await firstOctets(octets, DETECT_OCTETS) };
}

async function* unpacked(
  first: Buffer,
  chunks: AsyncGenerator<Buffer, void>,
  name: string,
): AsyncGenerator<Buffer, void> {
  const all = async function* () {
    if (first.length > 0) yield first;
    yield* chunks;
  };
  try {
    yield* isGzip(first) ? gunzipped(all()) : all();
  } catch (cause) {
    const damage = gzipDamage(cause);
    if (damage === undefined) throw cause;
    throw new GluewallError(
      'log-file',
      `${name}: ${damage}: copy the file again; of the whole one what is known is left out`,
      {
        cause,
      },
    );
  } finally {
    // Not waited for: behind gzip a read of a quiet pipe may be under way, and what it brings is of no use any more.
    chunks.return().catch(() => undefined);
  }
}

/** At least so many octets, if there are so many, in memory of their own. */
async function firstOctets(chunks: AsyncGenerator<Buffer, void>, wanted: number): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < wanted) {
    const step = await chunks.next();
    if (step.done === true) break;
    first = Buffer.concat([first, step.value]);
  }
  return first;
}

function unreadable(name: string, cause: NodeJS.ErrnoException): GluewallError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file; check the path',
    EACCES: 'you may not read it; ask for the right to, or run as its owner',
  };
  const reason = reasons[cause.code ?? ''] ?? cause.message;
  return new GluewallError('log-file', `${name} cannot be read: ${reason}`, { cause });
}
