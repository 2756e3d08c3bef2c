import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Small, because what was unpacked since the last piece is lost where the data are damaged. */
const UNPACKED_CHUNK_BYTES = 64 * 1024;

/** Whether a file begins as gzip does (RFC 1952); two octets must be there. */
export function isGzip(octets: Buffer): boolean {
  return octets.length >= 2 && octets.readUInt16BE(0) === 0x1f8b;
}

/**
 * What the chunks unpack to. Errors of the chunks are passed on; damaged data end it with an error of zlib
 * (`gzipDamage`), and what was unpacked before is given, but for the last piece.
 */
export async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const packed = Readable.from(chunks, { objectMode: false });
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
