import type { FileHandle } from 'node:fs/promises';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { Problem } from '../problem.ts';
import type { Audit, AuditEntry } from './audit.ts';
import { partFile } from './audit-parts.ts';
import {
  type AuditHead,
  type AuditNote,
  CHAIN_START,
  composeRecord,
  formatHead,
  MAX_LINE_OCTETS,
} from './audit-record.ts';
import { lockFile } from './file-lock.ts';
import { openAuditFile, openToAppend, syncFolder } from './open-audit-file.ts';

const FOLDER_MODE = 0o700;
const DEFAULT_PART_BYTES = 16 << 20;
/** Entries that wait for the disk, and those of one write. */
const MAX_WAITING = 4096;
const BATCH = 256;
const RETRY_AFTER_MS = 1000;
/** A line has its number, time and hash beside the entry. */
const MAX_ENTRY_OCTETS = MAX_LINE_OCTETS - 256;

export interface AuditLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** A part that would become longer is filled, and the next begun. */
  readonly partBytes: number;
  /** Opens a file to be appended to. */
  readonly open: (path: string) => Promise<FileHandle>;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly atMs: number;
  resolve(): void;
  reject(problem: Problem): void;
}

export interface AuditFigures {
  /** Of all parts. */
  readonly records: number;
  /** Records that could not be written since the start: what they are of was refused. */
  readonly unwritten: number;
  readonly waiting: number;
}

/**
 * The audit log: a line of JSON for each request, each with a hash over the one before and its own text (audit-record.ts). One
 * write is under way at a time; what comes in between goes with the next, and all of it is on the disk before anybody is told.
 */
export class AuditLog implements Audit {
  readonly #path: string;
  readonly #options: AuditLogOptions;
  readonly #waiting: Waiting[] = [];
  #unlock: (() => void) | undefined;
  #handle: FileHandle | undefined;
  #head: AuditHead = CHAIN_START;
  #lengthBytes = 0;
  #lastPart = 0;
  #running: Promise<void> | undefined;
  #isStopped = false;
  /** Set when a write failed: what it left in the file must go first. */
  #isDirty = false;
  #isFailing = false;
  #unwritten = 0;
  /** Of these, those that no record says yet. */
  #unsaid = 0;

  constructor(
    path: string,
    options: Pick<AuditLogOptions, 'clock' | 'log'> & Partial<Pick<AuditLogOptions, 'partBytes' | 'open'>>,
  ) {
    this.#path = path;
    this.#options = { partBytes: DEFAULT_PART_BYTES, open: openToAppend, ...options };
  }

  /** Of the last record that is on the disk. */
  get head(): AuditHead {
    return this.#head;
  }

  get figures(): AuditFigures {
    return { records: this.#head.number, unwritten: this.#unwritten, waiting: this.#waiting.length };
  }

  /** Opens the log, and makes it if it is not there. Rejects with GluewallError `audit-file`. */
  async start(): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: FOLDER_MODE });
      this.#lock();
      const { handle, head, lengthBytes, lastPart, cut } = await openAuditFile(this.#path);
      await handle.close();
      this.#handle = await this.#options.open(this.#path);
      this.#head = head;
      this.#lengthBytes = lengthBytes;
      this.#lastPart = lastPart;
      if (cut !== undefined) await this.#sayCut(cut);
    } catch (cause) {
      await this.stop();
      if (cause instanceof GluewallError) throw cause;
      const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
      const remedy = 'let gluewall write there, or name another folder';
      throw new GluewallError('audit-file', `the audit log ${this.#path} cannot be opened (${reason}); ${remedy}`, {
        cause,
      });
    }
    this.#sayHead('goes on from');
  }

  #lock(): void {
    this.#unlock = lockFile(`${this.#path}.lock`);
    if (this.#unlock !== undefined) return;
    const remedy = 'stop it, or give each a folder of its own';
    throw new GluewallError('audit-file', `another process writes the audit log ${this.#path}; ${remedy}`);
  }

  async #sayCut({ file, lengthBytes }: { readonly file: string; readonly lengthBytes: number }): Promise<void> {
    const note = `the last line was cut off by a crash: its ${lengthBytes} octets are in ${file}`;
    this.#options.log.warn({ file: this.#path, cut: file }, `audit log: ${note}`);
    await this.#write([], [note]);
  }

  append(entry: AuditEntry): Promise<void> {
    if (this.#isStopped || this.#handle === undefined || this.#waiting.length >= MAX_WAITING) {
      return this.#refuse();
    }
    if (Buffer.byteLength(JSON.stringify(entry)) > MAX_ENTRY_OCTETS) {
      return Promise.reject(new Problem('internal', 'the request is too long to be kept'));
    }
    const atMs = this.#options.clock.nowMs();
    const kept = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ entry, atMs, resolve, reject });
    });
    this.#running ??= this.#writeOut();
    return kept;
  }

  async #refuse(): Promise<never> {
    this.#unwritten++;
    this.#unsaid++;
    throw busy();
  }

  /** Writes what waits, and closes. Safe twice. */
  async stop(): Promise<void> {
    const wasOpen = this.#handle !== undefined && !this.#isStopped;
    this.#isStopped = true;
    await this.#running;
    await this.#handle?.close();
    this.#handle = undefined;
    this.#unlock?.();
    this.#unlock = undefined;
    if (wasOpen) this.#sayHead('ends with');
  }

  /** Kept elsewhere, it shows later whether the end was cut off. */
  #sayHead(does: string): void {
    if (this.#head.number === 0) return;
    const head = formatHead(this.#head);
    this.#options.log.info({ file: this.#path, head }, `the audit log ${does} ${head}`);
  }

  async #writeOut(): Promise<void> {
    // Requests come together: let them in whole.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        await this.#write(batch, this.#unsaidNote());
        this.#succeeded();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#failed(error, batch.length);
        for (const { reject } of batch) reject(busy());
      }
    }
    this.#running = undefined;
  }

  #unsaidNote(): readonly string[] {
    return this.#unsaid === 0
      ? []
      : [`${this.#unsaid} records before this could not be written: what they are of was refused`];
  }

  /** Keeps records on the disk, all or none of them. Rejects when that fails. */
  async #write(batch: readonly Waiting[], notes: readonly string[]): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const contents: { readonly atMs: number; readonly content: AuditEntry | AuditNote }[] = [
      ...notes.map((note) => ({ atMs: nowMs, content: { note } })),
      ...batch.map(({ atMs, entry }) => ({ atMs, content: entry })),
    ];
    let head = this.#head;
    const lines = contents.map(({ atMs, content }) => {
      const composed = composeRecord(head, atMs, content);
      head = composed.head;
      return `${composed.line}\n`;
    });
    const octets = Buffer.from(lines.join(''));
    await this.#prepare(octets.length);
    await this.#append(octets);
    this.#head = head;
    this.#lengthBytes += octets.length;
  }

  async #append(octets: Buffer): Promise<void> {
    this.#isDirty = true;
    for (let offset = 0; offset < octets.length; ) {
      const { bytesWritten } = await this.#handle!.write(octets, offset);
      if (bytesWritten === 0) throw new Error('the disk takes nothing');
      offset += bytesWritten;
    }
    await this.#handle!.datasync();
    this.#isDirty = false;
  }

  /** Makes the file ready for so many octets more: whole, still in its place, and not too long. */
  async #prepare(octets: number): Promise<void> {
    if (this.#isDirty) {
      await this.#handle!.truncate(this.#lengthBytes);
      this.#isDirty = false;
    }
    const [named, opened] = await Promise.all([stat(this.#path), this.#handle!.stat()]);
    if (named.ino !== opened.ino || named.dev !== opened.dev) throw new Error('the file was moved away');
    if (opened.size !== this.#lengthBytes) throw new Error('somebody else has changed the file');
    if (this.#lengthBytes > 0 && this.#lengthBytes + octets > this.#options.partBytes) await this.#beginPart();
  }

  /** The full part gets a number; where the next cannot be made, it goes on. */
  async #beginPart(): Promise<void> {
    const number = this.#lastPart + 1;
    const filled = partFile(this.#path, number);
    await rename(this.#path, filled);
    let next: FileHandle;
    try {
      next = await this.#options.open(this.#path);
    } catch (error) {
      await rename(filled, this.#path);
      throw error;
    }
    await this.#handle!.close();
    this.#handle = next;
    this.#lengthBytes = 0;
    this.#lastPart = number;
    await syncFolder(this.#path);
    this.#sayHead(`begins another part behind`);
  }

  #failed(error: unknown, requests: number): void {
    this.#unwritten += requests;
    this.#unsaid += requests;
    if (this.#isFailing) return;
    this.#isFailing = true;
    const fields = { file: this.#path, error: (error as Error).message };
    const message = `the audit log ${this.#path} cannot be written (${fields.error}): requests are refused until it can`;
    this.#options.log.error(fields, message);
  }

  #succeeded(): void {
    this.#unsaid = 0;
    if (!this.#isFailing) return;
    this.#isFailing = false;
    const fields = { file: this.#path, unwritten: this.#unwritten };
    this.#options.log.info(fields, `the audit log ${this.#path} is written again`);
  }
}

function busy(): Problem {
  return new Problem('busy', 'nothing can be kept in the audit log now', RETRY_AFTER_MS);
}
