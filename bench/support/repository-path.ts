import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path in the repository, found from the source as well as from its compiled copy in dist. */
export function repositoryPath(...parts: readonly string[]): string {
  const isRoot = (folder: string) => existsSync(join(folder, 'package.json'));
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isRoot(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, ...parts);
}
