/** The packs in a folder. */
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRuleWord } from '../policy/rule-text.ts';
import { PACK_SUFFIX, type PackFile, parsePackFile } from './pack-file.ts';

/** Every pack that is one, and why others are none: `FILE:LINE: problem, and what to do`. */
export interface FolderPacks {
  readonly packs: readonly PackFile[];
  readonly problems: readonly string[];
  /** Names of packs whose file is there and cannot be used. */
  readonly broken: readonly string[];
}

const MAX_FILES = 256;
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Reads all files in a folder that end with `.pack`, in the order of their names. Never rejects. */
export async function readPackFolder(folder: string): Promise<FolderPacks> {
  const files = await namesIn(folder);
  if (typeof files === 'string') return { packs: [], problems: [files], broken: [] };
  const packs: PackFile[] = [];
  const problems: string[] = [];
  const broken: string[] = [];
  if (files.length > MAX_FILES) problems.push(`${folder}: more than ${MAX_FILES} packs; those beyond are not read`);
  for (const file of files.slice(0, MAX_FILES)) {
    const name = file.slice(0, -PACK_SUFFIX.length);
    const read = await readPack(join(folder, file), name);
    if ('sections' in read) packs.push(read);
    else {
      problems.push(...read);
      broken.push(name);
    }
  }
  return { packs, problems, broken };
}

async function namesIn(folder: string): Promise<readonly string[] | string> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith(PACK_SUFFIX)).sort();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return `${folder}: cannot be read (${code}); name a folder of packs that gluewall may read, or none (packs.folder)`;
  }
}

async function readPack(path: string, name: string): Promise<PackFile | readonly string[]> {
  if (!isRuleWord(name))
    return [`${path}: a pack is named by letters, digits, ".", "_" and "-", at most 63; rename the file`];
  try {
    const octets = await readOctets(path);
    if (typeof octets === 'string') return [`${path}: ${octets}`];
    return parsePackFile(new TextDecoder('utf-8', { fatal: true }).decode(octets), name, path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isNoText = code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    return [
      `${path}: ${isNoText ? 'is no UTF-8 text; write it anew' : `cannot be read (${code}); let gluewall read it`}`,
    ];
  }
}

/** Or what is wrong with it. */
async function readOctets(path: string): Promise<Buffer | string> {
  // A pipe that nobody writes to must not hold up the start.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) return 'is no file; take it out of the folder';
    if (status.size > MAX_FILE_BYTES) {
      return `larger than ${MAX_FILE_BYTES} octets; make it a list (lists: in gluewall.yaml)`;
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
