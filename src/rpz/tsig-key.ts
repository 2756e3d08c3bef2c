import { createSecretKey, type KeyObject } from 'node:crypto';
import { GluewallError } from '../core/errors.ts';
import { readPrivateFile } from '../core/private-file.ts';
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

/** As many as 128 bits; a shorter secret could be guessed. */
const MIN_SECRET_OCTETS = 16;
const REMEDY = 'make one with `openssl rand -base64 32`, mode 0600';

/**
 * The secret in Base64 that is all there is in a file. Throws GluewallError `tsig-key` with the file, and never with what is in it,
 * when it cannot be read, others may read it, or it is no secret.
 */
export function readTsigSecret(file: string): KeyObject {
  const text = readPrivateFile(file, 'tsig-key', REMEDY).trim();
  const octets = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (octets.length >= MIN_SECRET_OCTETS) return createSecretKey(octets);
  throw new GluewallError(
    'tsig-key',
    `${file}: want a secret of ${MIN_SECRET_OCTETS} octets or more in Base64: ${REMEDY}`,
  );
}
