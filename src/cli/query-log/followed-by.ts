import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Config } from '../../config/schema.ts';
import { rotatedFiles } from '../../querylog/rotated-files.ts';

/** The source of the configuration that follows a file. */
export interface FileFollowedBy {
  readonly source: string;
  /** Whether it was rotated away, by its name: it may have been read or not. */
  readonly isRotated: boolean;
}

/** Which source follows a file, whatever path leads to it; undefined: none, or there is no such file. */
export async function followedBy(path: string, { querylog }: Config): Promise<FileFollowedBy | undefined> {
  const stats = await statOf(path);
  if (stats === undefined || !stats.isFile()) return undefined;
  const followed = querylog.sources.flatMap(({ name, file }) => (file === undefined ? [] : [{ name, file }]));
  for (const { name, file } of followed) {
    if (await isFile(file, stats)) return { source: name, isRotated: false };
  }
  for (const { name, file } of followed) {
    for (const rotated of await rotatedFiles(file)) {
      if (await isFile(rotated.path, stats)) return { source: name, isRotated: true };
    }
  }
  return undefined;
}

async function isFile(path: string, { dev, ino }: Stats): Promise<boolean> {
  const stats = await statOf(path);
  return stats?.dev === dev && stats.ino === ino;
}

function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
