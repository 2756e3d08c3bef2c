import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import {
  FINGERPRINT_OCTETS,
  type FileIdentity,
  fingerprintLength,
  fingerprintOf,
  hasFingerprint,
  isAt,
} from './file-fingerprint.ts';

/** A folder waits for nobody to write, and a terminal is not to become ours. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** What a read of a file gave: octets, nothing new, or that it is no longer what it was. */
export type FileRead = { readonly octets: Buffer } | 'end' | 'replaced';

/** One open file that somebody may be writing to, cut short, or write anew. */
export class FollowedFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #stats: Stats;
  readonly #portion: Buffer;
  #fingerprint: string;
  #offset: number;
  #writtenMs: number;
  /** As `writtenMs`, of the last read. */
  #readMs = Number.NaN;

  private constructor(
    path: string,
    handle: FileHandle,
    stats: Stats,
    fingerprint: string,
    offset: number,
    portion: Buffer,
  ) {
    this.path = path;
    this.#handle = handle;
    this.#stats = stats;
    this.#fingerprint = fingerprint;
    this.#offset = offset;
    this.#portion = portion;
    this.#writtenMs = stats.mtimeMs;
  }

  /** Opens a file at its beginning. Rejects as the file system does, or with an Error that says what it is instead of a file. */
  static async open(path: string, portion: Buffer): Promise<FollowedFile> {
    // Opening is not without effect on all that is no file.
    refuseOthers(await stat(path));
    const handle = await open(path, FLAGS);
    try {
      const stats = await handle.stat();
      refuseOthers(stats);
      const fingerprint = await fingerprintOf(handle, stats);
      if (fingerprintLength(fingerprint) !== 0 && (await handle.stat()).size === 0) {
        // As those of /proc: made anew at each read, without a size, and so without a place to go on from.
        throw new Error('says that it is empty, and is not: no file that can be followed');
      }
      return new FollowedFile(path, handle, stats, fingerprint, 0, portion);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** Where the next read begins. */
  get offset(): number {
    return this.#offset;
  }

  /** When the octets that were read last were written at the latest. */
  get writtenMs(): number {
    return this.#writtenMs;
  }

  isSameFile({ dev, ino }: FileIdentity): boolean {
    return dev === this.#stats.dev && ino === this.#stats.ino;
  }

  /** Whether it lies where the file of that fingerprint did; true where that is not known. */
  isAt(fingerprint: string): boolean {
    return isAt(fingerprint, this.#stats);
  }

  /** Goes to a place that has been read up to before; false when this is another file, which stays at its beginning. */
  async goTo(fingerprint: string, offset: number): Promise<boolean> {
    const { size } = await this.#handle.stat();
    if (size < offset || !(await hasFingerprint(this.#handle, fingerprint))) return false;
    this.#offset = offset;
    return true;
  }

  /** Its first octets, `most` at most. Rejects as the file system does. */
  async head(most: number): Promise<Buffer> {
    const buffer = Buffer.alloc(most);
    const { bytesRead } = await this.#handle.read(buffer, 0, most, 0);
    return buffer.subarray(0, bytesRead);
  }

  /** Reads on. The octets hold until the next read. Rejects as the file system does. */
  async read(): Promise<FileRead> {
    const { size, mtimeMs } = await this.#handle.stat();
    if (size < this.#offset) return 'replaced';
    if (size === this.#offset && mtimeMs === this.#readMs) return 'end';
    const { bytesRead } = await this.#handle.read(this.#portion, 0, this.#portion.length, this.#offset);
    const isShort = (fingerprintLength(this.#fingerprint) ?? 0) < FINGERPRINT_OCTETS;
    const fingerprint = isShort ? await fingerprintOf(this.#handle, this.#stats) : this.#fingerprint;
    // Looked at behind all that was read, so that it is of the same file.
    if (!(await hasFingerprint(this.#handle, this.#fingerprint))) return 'replaced';
    this.#fingerprint = fingerprint;
    this.#writtenMs = mtimeMs;
    this.#readMs = mtimeMs;
    if (bytesRead === 0) return 'end';
    this.#offset += bytesRead;
    return { octets: this.#portion.subarray(0, bytesRead) };
  }

  /** Safe twice. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

function refuseOthers(stats: Stats): void {
  if (stats.isFile()) return;
  throw new Error(`is ${describeKind(stats)}, and no file`);
}

function describeKind(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
