import { createSecretKey, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { GluewallError } from '../core/errors.ts';
import type { Name } from '../dns/name.ts';

/** Algorithms of TSIG (RFC 8945 §6) that are offered, with the octets of their MAC. */
export const TSIG_ALGORITHMS = {
  'hmac-sha256': { hash: 'sha256', macOctets: 32 },
  'hmac-sha512': { hash: 'sha512', macOctets: 64 },
} as const;
export type TsigAlgorithm = keyof typeof TSIG_ALGORITHMS;

/** A secret that we and the secondaries share. */
export interface TsigKey {
  /** Canonical. */
  readonly name: Name;
  readonly algorithm: TsigAlgorithm;
  /** Shows nothing of itself when it is printed. */
  readonly secret: KeyObject;
}

const MAX_FILE_BYTES = 1024;
/** As many as 128 bits; a shorter secret could be guessed. */
const MIN_SECRET_OCTETS = 16;
const OTHERS = 0o077;
const REMEDY = 'make one with `openssl rand -base64 32`, mode 0600';

/**
 * The secret in Base64 that is all there is in a file. Throws GluewallError `tsig-key` with the file, and never with what is in it,
 * when it cannot be read, others may read it, or it is no secret.
 */
export function readTsigSecret(file: string): KeyObject {
  const text = readPrivately(file).trim();
  const octets = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (octets.length >= MIN_SECRET_OCTETS) return createSecretKey(octets);
  throw new GluewallError(
    'tsig-key',
    `${file}: want a secret of ${MIN_SECRET_OCTETS} octets or more in Base64: ${REMEDY}`,
  );
}

function readPrivately(file: string): string {
  let descriptor: number | undefined;
  try {
    // A pipe that nobody writes to must not be waited for.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new GluewallError('tsig-key', `${file}: is no file: ${REMEDY}`);
    if ((stats.mode & OTHERS) !== 0) {
      const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
      throw new GluewallError('tsig-key', `${file}: mode ${mode}: others could read it; run chmod 0600 on it`);
    }
    const octets = Buffer.alloc(MAX_FILE_BYTES);
    return octets.toString('latin1', 0, readSync(descriptor, octets));
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    throw new GluewallError('tsig-key', `${file}: cannot be read (${code}): ${REMEDY}`, { cause });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
