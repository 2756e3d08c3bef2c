import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { GluewallError } from '../../core/errors.ts';

/** The octets of a capture, as they are on disk or come through a pipe. */
export interface CaptureSource {
  /** For messages. */
  readonly name: string;
  /** Undefined where the end is not known. */
  readonly sizeBytes: number | undefined;
  /** To be read once; a chunk holds until the next one is asked for. */
  readonly chunks: AsyncIterable<Buffer>;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Opens a capture file; `-` is standard input. Of a file that grows meanwhile, what was there at the opening is read, so
 * that the reading ends; one that shrinks ends where it ends. Nothing is held open until the first chunk is asked for.
 * Rejects, and its chunks reject, with GluewallError `capture-file`.
 */
export async function openCaptureSource(path: string): Promise<CaptureSource> {
  if (path === '-') return standardInput();
  const sizeBytes = await readableSize(path).catch((cause: NodeJS.ErrnoException) => {
    throw cause instanceof GluewallError ? cause : unreadable(path, cause);
  });
  const start = () => (sizeBytes === undefined ? createReadStream(path) : fileChunks(path, sizeBytes));
  return { name: path, sizeBytes, chunks: readable(start, path) };
}

/** The first `sizeBytes` of a file, read into the same memory again and again, one chunk ahead of who takes them. */
async function* fileChunks(path: string, sizeBytes: number): AsyncGenerator<Buffer, void> {
  const file = await open(path);
  const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)] as const;
  let position = 0;
  const read = (buffer: Buffer) => {
    const result = file.read(buffer, 0, Math.min(CHUNK_BYTES, sizeBytes - position), position);
    // A failure waits until it is asked for.
    result.catch(() => undefined);
    return result;
  };
  let reading = read(buffers[0]);
  try {
    for (let turn = 1; ; turn ^= 1) {
      const { buffer, bytesRead } = await reading;
      if (bytesRead === 0) return;
      position += bytesRead;
      reading = read(buffers[turn as 0 | 1]);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    // What is under way writes into the memory, and fails where the file is closed before.
    await reading.catch(() => undefined);
    await file.close();
  }
}

function standardInput(): CaptureSource {
  const name = 'standard input';
  if (process.stdin.isTTY) {
    throw new GluewallError('capture-file', `${name} is a terminal; send it a capture through a pipe or with <`);
  }
  return { name, sizeBytes: undefined, chunks: readable(() => process.stdin, name) };
}

/** The size of a regular file; undefined for pipes and devices. */
async function readableSize(path: string): Promise<number | undefined> {
  const stats = await stat(path);
  if (stats.isDirectory()) throw new GluewallError('capture-file', `${path} is a folder; name the captures in it`);
  // A pipe must not be opened twice: its writer would take the first closing for the end.
  if (!stats.isFile()) return undefined;
  await (await open(path)).close();
  if (stats.size === 0) {
    throw new GluewallError('capture-file', `${path} is empty; name a file that a capture was written to`);
  }
  return stats.size;
}

async function* readable(start: () => AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer, void> {
  try {
    yield* start();
  } catch (cause) {
    throw unreadable(name, cause as NodeJS.ErrnoException);
  }
}

function unreadable(name: string, cause: NodeJS.ErrnoException): GluewallError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file; check the path',
    EACCES: 'you may not read it; ask for the right to, or run as its owner',
  };
  const reason = reasons[cause.code ?? ''] ?? cause.message;
  return new GluewallError('capture-file', `${name} cannot be read: ${reason}`, { cause });
}
