import { type Cipher, createCipheriv } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type Address, addressFromOctets, addressOctets } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { isCredential } from '../core/tls-settings.ts';

export const ANONYMISER_KEY_OCTETS = 32;

const BLOCK_OCTETS = 16;
/** Pseudonyms that are kept; the oldest goes when there is one more. */
const MAX_KEPT = 65_536;

/**
 * Gives addresses pseudonyms of the same family that keep prefixes: two that share their first n bits, and no more, have
 * pseudonyms that share their first n bits, and no more. Without the key nobody can tell which address a pseudonym is of, but whoever
 * knows one of a network learns its prefix. Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization, ICNP 2002), for IPv6
 * over all 128 bits.
 */
export class Anonymiser {
  readonly #cipher: Cipher;
  /** What fills a block behind the bits of the address. */
  readonly #pad: Buffer;
  readonly #blocks = Buffer.alloc(128 * BLOCK_OCTETS);
  readonly #kept = new Map<Address, Address>();

  /** `key`: ANONYMISER_KEY_OCTETS, of which the first half is that of AES and the second makes the pad. */
  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv('aes-128-ecb', key.subarray(0, BLOCK_OCTETS), null).setAutoPadding(false);
    this.#pad = this.#cipher.update(key.subarray(BLOCK_OCTETS, ANONYMISER_KEY_OCTETS));
  }

  /** How many pseudonyms are kept, so that they need not be made again. */
  get size(): number {
    return this.#kept.size;
  }

  pseudonym(address: Address): Address {
    const kept = this.#kept.get(address);
    if (kept !== undefined) return kept;
    const made = this.#make(addressOctets(address));
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(address, made);
    return made;
  }

  /** Bit n is turned over when the block of the n bits before it, with the pad behind them, begins with 1 once encrypted. */
  #make(octets: Buffer): Address {
    const bits = 8 * octets.length;
    const blocks = this.#blocks.subarray(0, bits * BLOCK_OCTETS);
    for (let bit = 0; bit < bits; bit++) {
      const start = bit * BLOCK_OCTETS;
      const whole = bit >> 3;
      this.#pad.copy(blocks, start);
      octets.copy(blocks, start, 0, whole);
      const mask = 0xff >> (bit & 7);
      blocks[start + whole] = (octets[whole]! & ~mask) | (this.#pad[whole]! & mask);
    }
    const encrypted = this.#cipher.update(blocks);
    const turned = Buffer.from(octets);
    for (let bit = 0; bit < bits; bit++) {
      turned[bit >> 3]! ^= (encrypted[bit * BLOCK_OCTETS]! & 0x80) >> (bit & 7);
    }
    return addressFromOctets(turned)!;
  }
}

/**
 * Reads the key of an Anonymiser: a file of 32 octets, or of 64 hexadecimal digits. Throws `querylog-key`, without a word of what
 * stands in the file; warns when others may read it.
 */
export function readAnonymiserKey(path: string, log: Log): Buffer {
  // One octet more than digits and the end of their line, to see that there is more.
  const octets = Buffer.alloc(2 * ANONYMISER_KEY_OCTETS + 3);
  const length = readBeginning(path, octets, log);
  if (length === ANONYMISER_KEY_OCTETS) return Buffer.from(octets.subarray(0, length));
  const digits = octets.toString('latin1', 0, length).replace(/\r?\n$/, '');
  if (digits.length === 2 * ANONYMISER_KEY_OCTETS && /^[\da-f]+$/i.test(digits)) return Buffer.from(digits, 'hex');
  throw new GluewallError(
    'querylog-key',
    `${path} is no key: it must hold 32 random octets, or 64 hexadecimal digits (openssl rand -hex 32 > FILE)`,
  );
}

/** How many octets of the file there were room for. */
function readBeginning(path: string, octets: Buffer, log: Log): number {
  try {
    // A pipe must not hold up the start.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      warnOfReaders(path, fstatSync(file), log);
      let length = 0;
      for (let count = -1; count !== 0 && length < octets.length; length += count) {
        count = readSync(file, octets, length, octets.length - length, null);
      }
      return length;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const remedy =
      code === 'ENOENT'
        ? `make one that the user of gluewall alone can read: (umask 077; openssl rand -hex 32 > ${path})`
        : 'name a file with querylog.anonymise.key_file that the user of gluewall may read';
    throw new GluewallError(
      'querylog-key',
      `the key that clients are anonymised with cannot be read: ${message}; ${remedy}`,
    );
  }
}

function warnOfReaders(path: string, status: Stats, log: Log): void {
  if (!status.isFile() || (status.mode & 0o077) === 0 || isCredential(status)) return;
  const mode = (status.mode & 0o777).toString(8).padStart(4, '0');
  log.warn(
    { file: path, mode },
    `${path} may be read by others than its owner (mode ${mode}), who can tell clients by it: chmod 600 ${path}`,
  );
}
