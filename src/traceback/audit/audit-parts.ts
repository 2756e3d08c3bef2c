import { constants } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** A part of the log: `PATH.1`, `PATH.2` … were filled one after the other, `PATH` is written to. */
export interface AuditPart {
  readonly file: string;
  /** Undefined: of the part that is written to. */
  readonly number: number | undefined;
}

/** Later numbers are no parts of ours. */
const MAX_PART_DIGITS = 9;
const CHUNK_OCTETS = 1 << 16;

export function partFile(path: string, number: number): string {
  return `${path}.${number}`;
}

/** The filled parts, in their order; none where there is no such folder. */
export async function filledParts(path: string): Promise<readonly (AuditPart & { readonly number: number })[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const numbers = names.flatMap((name) => {
    const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    return /^[1-9]\d*$/.test(digits) && digits.length <= MAX_PART_DIGITS ? [Number(digits)] : [];
  });
  return numbers.sort((one, other) => one - other).map((number) => ({ file: partFile(path, number), number }));
}

/** Octets of a part, in order. */
export interface OpenedPart {
  readonly file: string;
  readonly handle: FileHandle;
}

/**
 * All parts in order, opened one after the other and closed behind the caller; also right while the log is written to and a part
 * is filled in between.
 */
export async function* openParts(path: string): AsyncGenerator<OpenedPart> {
  // First the last: when it is filled and renamed meanwhile, it is met among the others, and known again.
  const last = await openPart(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  try {
    const lastNode = (await last?.stat())?.ino;
    for (const { file } of await filledParts(path)) {
      if ((await stat(file)).ino === lastNode) break;
      const handle = await openPart(file);
      try {
        yield { file, handle };
      } finally {
        await handle.close();
      }
    }
    if (last !== undefined) yield { file: path, handle: last };
  } finally {
    await last?.close();
  }
}

/** A link is not followed, a pipe not waited for. */
export function openPart(file: string): Promise<FileHandle> {
  return open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** The octets of a part, a chunk at a time, to its end as it is when it is reached. */
export async function* chunksOf({ handle }: OpenedPart): AsyncGenerator<Buffer> {
  for (let offset = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_OCTETS), 0, CHUNK_OCTETS, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
