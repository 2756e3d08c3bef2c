import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Token } from './account-record.ts';
import type { Role } from './actor.ts';
import type { RecordTable } from './record-table.ts';
import { hashSecret, newId, newSecret, type RandomOctets } from './secrets.ts';

const MOST_OF_USER = 50;
const MOST = 1000;
const SAVE_USE_MS = 60_000;
/** By it people and scanners know what they have found. */
const PREFIX = 'gw_';

export interface WantedToken {
  readonly name: string;
  readonly role: Role;
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined;
}

/** What programs sign in with: secrets of which only the hash is kept. */
export class TokenBook {
  readonly #table: RecordTable<'token'>;
  readonly #clock: TimeSource;
  readonly #random: RandomOctets;
  readonly #idByHash = new Map<string, string>();
  readonly #savedAtMs = new Map<string, number>();

  constructor(table: RecordTable<'token'>, clock: TimeSource, random: RandomOctets) {
    this.#table = table;
    this.#clock = clock;
    this.#random = random;
  }

  restore(token: Token): void {
    this.#table.hold(token);
    this.#idByHash.set(token.hash, token.id);
    this.#savedAtMs.set(token.id, token.lastUsedAtMs ?? 0);
  }

  /** Throws GluewallError `token-exists` when the user has one of that name, or too many. */
  add(user: string, { name, role, expiresAtMs }: WantedToken): { readonly token: Token; readonly secret: string } {
    const own = this.list().filter((token) => token.user === user);
    if (own.some((token) => token.name === name))
      throw new GluewallError('token-exists', `there is a token "${name}" already: take another name`);
    if (own.length >= MOST_OF_USER || this.#table.size >= MOST)
      throw new GluewallError('token-exists', 'there are too many tokens already: remove some first');
    const secret = `${PREFIX}${newSecret(this.#random)}`;
    const token: Token = {
      id: newId(this.#random),
      hash: hashSecret(secret),
      name,
      user,
      role,
      createdAtMs: this.#now(),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs: Math.floor(expiresAtMs) }),
    };
    this.restore(token);
    this.#table.put(token);
    return { token, secret };
  }

  /** Throws GluewallError `token-refused`. */
  check(secret: string): Token {
    const id = this.#idByHash.get(hashSecret(secret));
    const token = id === undefined ? undefined : this.#table.get(id);
    const nowMs = this.#now();
    if (token === undefined || nowMs >= (token.expiresAtMs ?? Number.POSITIVE_INFINITY))
      throw new GluewallError('token-refused', 'there is no such token, or it has expired: make another one');
    const used = { ...token, lastUsedAtMs: nowMs };
    if (nowMs - (this.#savedAtMs.get(token.id) ?? 0) < SAVE_USE_MS) {
      this.#table.hold(used);
      return used;
    }
    this.#savedAtMs.set(token.id, nowMs);
    this.#table.put(used);
    return used;
  }

  /** All that have not gone, also those that have expired: somebody may wonder why one is refused. The newest first. */
  list(): readonly Token[] {
    return this.#table.all().toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  }

  /** Undefined when there is none. */
  get(id: string): Token | undefined {
    return this.#table.get(id);
  }

  remove({ id, hash }: Token): void {
    this.#idByHash.delete(hash);
    this.#savedAtMs.delete(id);
    this.#table.delete(id);
  }

  removeAllOf(user: string): void {
    for (const token of this.#table.all()) if (token.user === user) this.remove(token);
  }

  #now(): number {
    return Math.floor(this.#clock.nowMs());
  }
}
