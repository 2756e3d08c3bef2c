import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { GluewallError } from './errors.ts';
import { isCredential } from './tls-settings.ts';

const MAX_FILE_BYTES = 4096;
const OTHERS = 0o077;

/**
 * The text of a file that only its owner may read, the first 4 KiB of it. Throws GluewallError `code` with the file, and never with
 * what is in it, when it cannot be read or others may read it; `remedy` says how such a file is made.
 */
export function readPrivateFile(file: string, code: string, remedy: string): string {
  let descriptor: number | undefined;
  try {
    // A pipe that nobody writes to must not be waited for.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new GluewallError(code, `${file}: is no file: ${remedy}`);
    if ((stats.mode & OTHERS) !== 0 && !isCredential(stats)) {
      const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
      throw new GluewallError(code, `${file}: mode ${mode}: others could read it; run chmod 0600 on it`);
    }
    const octets = Buffer.alloc(MAX_FILE_BYTES);
    return octets.toString('utf8', 0, readSync(descriptor, octets));
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new GluewallError(code, `${file}: cannot be read (${reason}): ${remedy}`, { cause });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
