/** Secrets that are made here, shown once, and kept only as what they hash to. */
import { createHash } from 'node:crypto';

/** So many octets at random, as of `randomBytes` of node:crypto. */
export type RandomOctets = (count: number) => Buffer;

const SECRET_OCTETS = 32;
const ID_OCTETS = 9;

/** 256 bits in base64url (RFC 4648 §5): nobody guesses it, so one round of SHA-256 is all that keeping it needs. */
export function newSecret(random: RandomOctets): string {
  return random(SECRET_OCTETS).toString('base64url');
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** An id that says nothing, of 12 characters. */
export function newId(random: RandomOctets): string {
  return random(ID_OCTETS).toString('base64url');
}
