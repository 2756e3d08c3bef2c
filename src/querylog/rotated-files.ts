import { opendir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** A file that was rotated away, by its name. */
export interface RotatedFile {
  readonly path: string;
  /** How the names are counted: `FILE.3`, the lowest is the newest, or by a date, `FILE-20261121`, the highest is. */
  readonly kind: 'number' | 'date';
  readonly rank: string;
  readonly isPacked: boolean;
}

/** Of a folder with more of them, the newest are looked at. */
const MAX_ROTATED = 1000;
const NUMBER = /^\d{1,4}$/;
/** logrotate's dateext and dateformat, BIND's `suffix timestamp`, savelog's. */
const DATE = /^\d{4}[._-]?\d{2}[\dT:._-]{0,24}$/;
const PACKED = /\.(?:gz|xz|bz2|zst|lz4)$/;

/** The files that were rotated away from that name, in the same folder; the newest of each kind first. None where there is no folder. */
export async function rotatedFiles(path: string): Promise<RotatedFile[]> {
  const folder = dirname(path);
  const found: RotatedFile[] = [];
  try {
    for await (const { name } of await opendir(folder)) {
      const rotated = readRotatedName(basename(path), name);
      if (rotated !== undefined) found.push({ ...rotated, path: join(folder, name) });
      if (found.length >= 2 * MAX_ROTATED) found.sort(newestFirst).splice(MAX_ROTATED);
    }
  } catch {
    return found.sort(newestFirst);
  }
  return found.sort(newestFirst);
}

/** How `name` says that it was rotated away from `base`: `base.1`, `base-DATE`, `stem-DATE.ext`, and packed; else undefined. */
function readRotatedName(base: string, name: string): Omit<RotatedFile, 'path'> | undefined {
  const isPacked = PACKED.test(name);
  const plain = isPacked ? name.replace(PACKED, '') : name;
  const rank =
    rankOf(base, '', plain) ?? rankOf(base.slice(0, -extname(base).length || undefined), extname(base), plain);
  if (rank === undefined) return undefined;
  return { kind: NUMBER.test(rank) ? 'number' : 'date', rank, isPacked };
}

function rankOf(stem: string, extension: string, name: string): string | undefined {
  if (!name.startsWith(stem) || !name.endsWith(extension)) return undefined;
  if (name.length < stem.length + 2 + extension.length) return undefined;
  const rank = name.slice(stem.length + 1, name.length - extension.length);
  if (!'.-_'.includes(name[stem.length]!)) return undefined;
  return NUMBER.test(rank) || DATE.test(rank) ? rank : undefined;
}

function newestFirst(a: RotatedFile, b: RotatedFile): number {
  if (a.kind !== b.kind) return a.kind === 'number' ? -1 : 1;
  if (a.rank === b.rank) return Number(a.isPacked) - Number(b.isPacked);
  if (a.kind === 'number') return Number(a.rank) - Number(b.rank);
  return a.rank.replace(/\D/g, '') < b.rank.replace(/\D/g, '') ? 1 : -1;
}

/** The file that was rotated away right behind `path`, of those that are not packed; undefined: the one that is written to. */
export function nextRotated(files: readonly RotatedFile[], path: string): RotatedFile | undefined {
  const plain = files.filter(({ isPacked }) => !isPacked);
  const at = plain.findIndex((file) => file.path === path);
  const next = plain[at - 1];
  return at > 0 && next !== undefined && next.kind === plain[at]!.kind ? next : undefined;
}
