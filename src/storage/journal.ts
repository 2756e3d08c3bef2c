import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { SaveMark } from '../core/save-mark.ts';

/** One save that waits in the journal. */
export interface JournalEntry {
  readonly kind: 'triples' | 'events';
  readonly mark: SaveMark;
  readonly payload: Uint8Array;
}

/** `GwJ` and the version of this layout. */
const MAGIC = 0x014a7747;
/** Magic, length, checksum of what follows, kind, writer, sequence; then the payload. */
const HEADER_OCTETS = 40;
const CHECKED_FROM = 12;
const KINDS = ['triples', 'events'] as const;
const MAX_PAYLOAD_OCTETS = 64 << 20;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Saves that wait on the local disk while the store is away, first in first out. Each is whole or not there: one that a crash
 * cut off is let go of when the journal is opened. What was taken out comes again after a crash; its mark tells the store.
 * Every promise rejects with what the file system says.
 */
export class Journal {
  readonly #file: FileHandle;
  readonly #maxOctets: number;
  /** Where the next entry begins, and where the last one ends. */
  #start = 0;
  #end = 0;
  #count = 0;

  private constructor(file: FileHandle, maxOctets: number) {
    this.#file = file;
    this.#maxOctets = maxOctets;
  }

  /** Opens the journal, which is made when it is missing; what an earlier process left in it comes first. */
  static async open(path: string, maxOctets: number): Promise<Journal> {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    const file = await open(path, 'a+', FILE_MODE);
    const journal = new Journal(file, maxOctets);
    try {
      await journal.#recover();
    } catch (cause) {
      await file.close();
      throw cause;
    }
    return journal;
  }

  /** Entries in it. */
  get count(): number {
    return this.#count;
  }

  /** Octets on the disk. */
  get sizeBytes(): number {
    return this.#end;
  }

  /** Adds an entry; false when there is no room for it. */
  async append({ kind, mark, payload }: JournalEntry): Promise<boolean> {
    const length = HEADER_OCTETS + payload.length;
    if (payload.length > MAX_PAYLOAD_OCTETS || this.#end + length > this.#maxOctets) return false;
    const octets = Buffer.alloc(length);
    octets.writeUInt32LE(MAGIC, 0);
    octets.writeUInt32LE(payload.length, 4);
    octets.writeUInt32LE(KINDS.indexOf(kind), 12);
    octets.write(mark.writer, 16, 'hex');
    octets.writeDoubleLE(mark.sequence, 32);
    octets.set(payload, HEADER_OCTETS);
    octets.writeUInt32LE(crc32(octets.subarray(CHECKED_FROM)), 8);
    try {
      await this.#writeAll(octets);
    } catch (cause) {
      // A half of it must not stand before what follows.
      await this.#file.truncate(this.#end);
      throw cause;
    }
    this.#end += length;
    this.#count++;
    return true;
  }

  /** The entry that waits longest; it stays until `drop`. */
  async first(): Promise<JournalEntry | undefined> {
    if (this.#count === 0) return undefined;
    const entry = await this.#read(this.#start, this.#end);
    // Somebody else wrote in the file: what follows cannot be found any more.
    if (entry === undefined) await this.#clear();
    return entry;
  }

  /** Lets go of the entry that `first` gave. */
  async drop(): Promise<void> {
    const entry = await this.first();
    if (entry === undefined) return;
    this.#start += HEADER_OCTETS + entry.payload.length;
    this.#count--;
    if (this.#count === 0) await this.#clear();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeAll(octets: Buffer): Promise<void> {
    for (let written = 0; written < octets.length; ) {
      const { bytesWritten } = await this.#file.write(octets, written);
      written += bytesWritten;
    }
  }

  async #recover(): Promise<void> {
    const { size } = await this.#file.stat();
    for (;;) {
      const entry = await this.#read(this.#end, size);
      if (entry === undefined) break;
      this.#end += HEADER_OCTETS + entry.payload.length;
      this.#count++;
    }
    if (this.#end < size) await this.#file.truncate(this.#end);
  }

  /** The entry at `start`, undefined when none is whole there before `end`. */
  async #read(start: number, end: number): Promise<JournalEntry | undefined> {
    if (start + HEADER_OCTETS > end) return undefined;
    const header = await this.#octets(start, HEADER_OCTETS);
    const length = header.readUInt32LE(4);
    if (header.readUInt32LE(0) !== MAGIC || length > MAX_PAYLOAD_OCTETS) return undefined;
    if (start + HEADER_OCTETS + length > end) return undefined;
    const payload = await this.#octets(start + HEADER_OCTETS, length);
    const kind = KINDS[header.readUInt32LE(12)];
    const checksum = crc32(payload, crc32(header.subarray(CHECKED_FROM)));
    if (kind === undefined || checksum !== header.readUInt32LE(8)) return undefined;
    const mark = { writer: header.toString('hex', 16, 32), sequence: header.readDoubleLE(32) };
    return { kind, mark, payload };
  }

  /** Octets that are missing in the file are zero. */
  async #octets(start: number, length: number): Promise<Buffer> {
    const octets = Buffer.alloc(length);
    for (let got = 0; got < length; ) {
      const { bytesRead } = await this.#file.read(octets, got, length - got, start + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return octets;
  }

  async #clear(): Promise<void> {
    this.#start = 0;
    this.#end = 0;
    this.#count = 0;
    await this.#file.truncate(0);
  }
}
