/** Opens the part of an audit log that is written to, and makes it right after a crash. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GluewallError } from '../../core/errors.ts';
import { filledParts, openPart } from './audit-parts.ts';
import { type AuditHead, CHAIN_START, MAX_LINE_OCTETS, parseRecord } from './audit-record.ts';
import { verifyPart } from './verify-audit.ts';

const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const FILE_MODE = 0o600;
/** Cut ends that are kept of one record. */
const MAX_CUT_FILES = 100;
const LINE_FEED = 0x0a;

export interface OpenedAudit {
  readonly handle: FileHandle;
  /** Of the last record of all parts. */
  readonly head: AuditHead;
  readonly lengthBytes: number;
  /** The number of the last filled part; 0: there is none. */
  readonly lastPart: number;
  /** A last line that was cut off by a crash: where it is now. */
  readonly cut: { readonly file: string; readonly lengthBytes: number } | undefined;
}

/** Opens a file to be appended to, mode 0600; a link is not followed. Rejects as node:fs does. */
export async function openToAppend(path: string): Promise<FileHandle> {
  const handle = await open(path, FLAGS, FILE_MODE);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new GluewallError('audit-file', `${path} is no regular file; name another folder`);
    if ((stats.mode & 0o077) !== 0) await handle.chmod(FILE_MODE);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Makes what was made or renamed in the folder of `path` last beyond a crash of the machine. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Opens the log in `path` to go on behind its last record. Rejects with GluewallError `audit-file` when a record in the last part
 * is not as it was written, and as node:fs does.
 */
export async function openAuditFile(path: string): Promise<OpenedAudit> {
  const last = (await filledParts(path)).at(-1);
  const start = last === undefined ? CHAIN_START : await headOf(last.file);
  const handle = await openToAppend(path);
  try {
    const { head, end, fault } = await verifyPart({ file: path, handle }, start);
    if (fault !== undefined && !fault.isCut) {
      throw damaged(fault.file, `record ${fault.number} (line ${fault.line}): ${fault.why}`);
    }
    const cut = fault === undefined ? undefined : await setAside(path, handle, head, end.offset);
    await syncFolder(path);
    return { handle, head, lengthBytes: end.offset, lastPart: last?.number ?? 0, cut };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function damaged(file: string, problem: string): GluewallError {
  const remedy = 'see `gluewall audit verify`; the log goes on when all its parts are moved away, and begins anew';
  return new GluewallError('audit-file', `the audit log ${file} is not as it was written: ${problem}; ${remedy}`);
}

/** The head behind a filled part: what its last line says. */
async function headOf(file: string): Promise<AuditHead> {
  const handle = await openPart(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, MAX_LINE_OCTETS + 2);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.subarray(0, bytesRead);
    const begin = lines.length < 2 ? -1 : lines.lastIndexOf(LINE_FEED, lines.length - 2);
    const parsed = parseRecord(lines.subarray(begin + 1, -1), '');
    if (parsed === undefined || lines.at(-1) !== LINE_FEED) throw damaged(file, 'its last line is no record');
    return { number: parsed.record.number, hash: parsed.record.hash };
  } finally {
    await handle.close();
  }
}

/** Moves what stands behind the last whole record to a file of its own. */
async function setAside(path: string, handle: FileHandle, head: AuditHead, offset: number) {
  const { size } = await handle.stat();
  const lengthBytes = size - offset;
  const octets = Buffer.alloc(lengthBytes);
  await handle.read(octets, 0, lengthBytes, offset);
  const file = await writeNew(`${path}.cut-${head.number + 1}`, octets);
  await handle.truncate(offset);
  await handle.sync();
  return { file, lengthBytes };
}

/** Under this name, or with a number where there is such a file already. */
async function writeNew(wanted: string, octets: Buffer): Promise<string> {
  for (let number = 1; ; number++) {
    const file = number === 1 ? wanted : `${wanted}-${number}`;
    try {
      const handle = await open(file, 'wx', FILE_MODE);
      try {
        await handle.writeFile(octets);
        await handle.sync();
      } finally {
        await handle.close();
      }
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === MAX_CUT_FILES) throw error;
    }
  }
}
