import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../conditions.ts';

const FOLDER = join(sharedFolder, 'data', 'pcap');

/** The captures beside the repository, none where they are not there. */
export function sharedCapturePaths(): string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(FOLDER, name)).map((file) => join(FOLDER, name, file)))
    .filter((path) => /\.(pcap|pcapng|cap|dump|trace)(\.gz)?$/.test(path))
    .sort();
}
