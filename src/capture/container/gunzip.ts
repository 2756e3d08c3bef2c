import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const UNPACKED_CHUNK_BYTES = 64 * 1024;
/** Small, because what a piece unpacks to is lost where the piece is damaged. */
const PIECE_BYTES = 16 * 1024;
/** The checksum and length that end a file. */
const TRAILER_BYTES = 8;

/** Whether a file begins as gzip does (RFC 1952); two octets must be there. */
export function isGzip(octets: Buffer): boolean {
  return octets.length >= 2 && octets.readUInt16BE(0) === 0x1f8b;
}

/**
 * What the chunks unpack to. Errors of the chunks are passed on; damaged data end it with an error of zlib
 * (`gzipDamage`), and what was unpacked before is given, but for less than 64 KiB and what one
 * piece unpacks to. The chunks are ended whenever it ends.
 */
export async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const packed = Readable.from(inPieces(chunks), { objectMode: false });
  const gunzip = createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES });
  packed.on('error', (error) => gunzip.destroy(error));
  try {
    yield* packed.pipe(gunzip);
  } finally {
    gunzip.destroy();
    packed.destroy();
  }
}

/** What is wrong with gzip data, when that is what the error says; undefined for all other errors. */
export function gzipDamage(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === 'Z_BUF_ERROR') return 'its gzip data are cut';
  return code?.startsWith('Z_') ? `its gzip data are damaged (${(error as Error).message})` : undefined;
}

/**
 * The end of each chunk goes by itself: a wrong checksum must not cost the packets before it. Pieces are copies, for they wait
 * while the next chunk is asked for.
 */
async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    const trailerAt = Math.max(0, chunk.length - TRAILER_BYTES);
    for (let at = 0; at < trailerAt; at += PIECE_BYTES) {
      yield Buffer.from(chunk.subarray(at, Math.min(trailerAt, at + PIECE_BYTES)));
    }
    if (trailerAt < chunk.length) yield Buffer.from(chunk.subarray(trailerAt));
  }
}
