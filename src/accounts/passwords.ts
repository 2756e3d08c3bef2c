/** Passwords: which may be, and what is kept of them (scrypt, RFC 7914, of OpenSSL). */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { GluewallError } from '../core/errors.ts';
import type { RandomOctets } from './secrets.ts';

/** RFC 7914 §2: N is 2 to the power of `ln`; one hash takes 128 · N · r octets of memory. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

export const MIN_PASSWORD_CHARACTERS = 12;
export const MAX_PASSWORD_CHARACTERS = 256;

/** 128 MiB and some tenths of a second. */
const COST: ScryptCost = { ln: 17, r: 8, p: 1 };
/** Hashes that are made at once: 256 MiB together, and two of the four threads that files are read by, too. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 16;
const SALT_OCTETS = 16;
const HASH_OCTETS = 32;
/** `$scrypt$ln=17,r=8,p=1$SALT$HASH`, as the PHC string format has it, in base64url. */
const KEPT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]{22})\$([\w-]{43})$/;
/** No kept text makes us take more than a GiB. */
const MAX_COST: ScryptCost = { ln: 20, r: 8, p: 4 };

/** What people who must take a long password take first; compared without case, digits and marks at the end. */
const COMMONEST: readonly string[] = [
  'administrator',
  'changemechangeme',
  'correcthorsebatterystaple',
  'gluewallgluewall',
  'iloveyouiloveyou',
  'letmeinletmein',
  'passwordpassword',
  'passwortpasswort',
  'qwertyqwerty',
  'qwertyuiop',
  'qwertyuiopasdfghjkl',
  'welcomewelcome',
];

/** What is wrong with a password that somebody chooses; undefined when it may be. */
export function passwordProblem(password: string, user: string): string | undefined {
  const { length } = [...password.normalize('NFC')];
  if (length < MIN_PASSWORD_CHARACTERS || length > MAX_PASSWORD_CHARACTERS)
    return `a password has ${MIN_PASSWORD_CHARACTERS} to ${MAX_PASSWORD_CHARACTERS} characters: take a sentence, or let a password manager make one`;
  const plain = password.normalize('NFC').toLowerCase();
  if (isRepeated(plain, user.toLowerCase())) return 'the name of the user is no password';
  if (new Set(plain).size < 4 || COMMONEST.includes(plain.replace(/[^\p{L}]+$/u, '')))
    return 'that is among the first that anybody tries: take another';
  return undefined;
}

/** Whether a text is a word again and again, with digits and marks behind it. */
function isRepeated(text: string, word: string): boolean {
  return text.includes(word) && text.replaceAll(word, '').replace(/[^\p{L}]+/gu, '') === '';
}

interface KeptHash {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

function parseKept(text: string): KeptHash | undefined {
  const [, ln, r, p, salt, hash] = KEPT.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  const isCostly = cost.ln > MAX_COST.ln || cost.r > MAX_COST.r || cost.p > MAX_COST.p;
  if (isCostly || cost.ln < 1 || cost.r < 1 || cost.p < 1) return undefined;
  return { cost, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
}

/** Makes and compares what is kept of passwords: a few at once, some more that wait, and no more. */
export class Passwords {
  readonly #random: RandomOctets;
  readonly #cost: ScryptCost;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(random: RandomOctets, cost: ScryptCost = COST) {
    this.#random = random;
    this.#cost = cost;
  }

  /** What is kept of it. Rejects with GluewallError `sign-in-throttled` when too many wait already. */
  async hash(password: string): Promise<string> {
    const { ln, r, p } = this.#cost;
    const salt = this.#random(SALT_OCTETS);
    const hash = await this.#derive(password, salt, this.#cost);
    return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  }

  /**
   * Whether it is the password that `kept` was made of. Where there is none, it takes as long to say so. Rejects as
   * `hash` does.
   */
  async isRight(password: string, kept: string | undefined): Promise<boolean> {
    const parsed = kept === undefined ? undefined : parseKept(kept);
    const { cost, salt, hash } = parsed ?? {
      cost: this.#cost,
      salt: Buffer.alloc(SALT_OCTETS),
      hash: Buffer.alloc(HASH_OCTETS),
    };
    const derived = await this.#derive(password, salt, cost);
    return timingSafeEqual(derived, hash) && parsed !== undefined;
  }

  /** Whether it was made at another cost than passwords are now. */
  isOutdated(kept: string): boolean {
    const { ln, r, p } = parseKept(kept)?.cost ?? {};
    return ln !== this.#cost.ln || r !== this.#cost.r || p !== this.#cost.p;
  }

  async #derive(password: string, salt: Buffer, { ln, r, p }: ScryptCost): Promise<Buffer> {
    await this.#turn();
    const N = 2 ** ln;
    try {
      return await new Promise((resolve, reject) => {
        const done = (error: Error | null, key: Buffer) => (error === null ? resolve(key) : reject(error));
        scrypt(password.normalize('NFC'), salt, HASH_OCTETS, { N, r, p, maxmem: 128 * N * r + (1 << 20) * p }, done);
      });
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= MOST_AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING)
        throw new GluewallError('sign-in-throttled', 'too many sign in at once; try again in some seconds');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }
}
