import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { isMainThread } from 'node:worker_threads';

/** What Linux has room for in sockaddr_un, less the final NUL. */
const MAX_PATH_BYTES = 107;

/**
 * Listens on a unix socket that only the own user may open (mode 0600). A socket left by a dead process is removed; one that
 * answers, or another kind of file, is left alone. Rejects with an Error whose message goes on behind the path, and tells to
 * set `key`.
 */
export async function listenOnUnixSocket(server: Server, path: string, key: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new Error(`is longer than the ${MAX_PATH_BYTES} octets of a unix socket's name; choose a shorter one`);
  }
  await clearStaleSocket(path, key);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`cannot be made: ${error.message}`));
    server.once('error', fail);
    // Nobody else may connect in the moment between bind and chmod. A thread cannot set it: there it holds with a umask that is no
    // looser than the usual 022, for to connect takes the right to write.
    const umask = isMainThread ? process.umask(0o177) : undefined;
    server.listen(path, () => {
      server.removeListener('error', fail);
      resolve();
    });
    if (umask !== undefined) process.umask(umask);
  });
  chmodSync(path, 0o600);
}

async function clearStaleSocket(path: string, key: string): Promise<void> {
  const found = attempt(() => lstatSync(path, { throwIfNoEntry: false }));
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`exists and is no socket; remove it or set ${key}`);
  const isInUse = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    // One that is stopped, or has too many waiting, refuses nobody.
    probe.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
  if (isInUse) throw new Error(`is in use by another gluewall; stop it or set ${key}`);
  attempt(() => rmSync(path, { force: true }));
}

function attempt<T>(operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    throw new Error(`cannot be made: ${(cause as Error).message}`, { cause });
  }
}
