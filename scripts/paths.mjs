import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, absolute. */
export const repositoryRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * A path inside the repository.
 * @param {string[]} parts
 */
export function inRepository(...parts) {
  return join(repositoryRoot, ...parts);
}
