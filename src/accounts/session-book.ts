import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Session } from './account-record.ts';
import type { RecordTable } from './record-table.ts';
import { hashSecret, newId, newSecret, type RandomOctets } from './secrets.ts';

export interface SessionLimits {
  /** A session that is not used for so long ends. */
  readonly idleMs: number;
  /** It ends so long after it began, used or not. */
  readonly absoluteMs: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 };

const MOST_OF_USER = 20;
const MOST = 1000;
/** Uses within this time of the last one that was written are not worth a write. */
const SAVE_USE_MS = 60_000;

/** Who is signed in: by secrets of which only the hash is kept, over restarts, too. */
export class SessionBook {
  readonly #table: RecordTable<'session'>;
  readonly #clock: TimeSource;
  readonly #random: RandomOctets;
  readonly #limits: () => SessionLimits;
  readonly #idByHash = new Map<string, string>();
  readonly #savedAtMs = new Map<string, number>();

  constructor(
    table: RecordTable<'session'>,
    clock: TimeSource,
    random: RandomOctets,
    limits: () => SessionLimits = () => DEFAULT_SESSION_LIMITS,
  ) {
    this.#table = table;
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
  }

  get size(): number {
    return this.#table.size;
  }

  restore(session: Session): void {
    this.#table.hold(session);
    this.#idByHash.set(session.hash, session.id);
    this.#savedAtMs.set(session.id, session.lastAtMs);
  }

  /** Always with a new secret. Of too many sessions the one goes that began first. */
  open(user: string, from: string): { readonly session: Session; readonly secret: string } {
    this.#expire();
    const own = this.#table.all().filter((session) => session.user === user);
    if (own.length >= MOST_OF_USER) this.#end(oldest(own));
    if (this.#table.size >= MOST) this.#end(oldest(this.#table.all()));
    const secret = newSecret(this.#random);
    const nowMs = this.#now();
    const session: Session = {
      id: newId(this.#random),
      hash: hashSecret(secret),
      user,
      from,
      startedAtMs: nowMs,
      lastAtMs: nowMs,
    };
    this.restore(session);
    this.#table.put(session);
    return { session, secret };
  }

  /** Counts as a use of it, but for a `peek`. Throws GluewallError `session-ended`. */
  check(secret: string, isPeek = false): Session {
    const session = this.#of(secret);
    if (session === undefined || this.#isOver(session)) {
      if (session !== undefined) this.#end(session);
      throw new GluewallError('session-ended', 'the session has ended: sign in again');
    }
    if (isPeek) return session;
    const nowMs = this.#now();
    const used = { ...session, lastAtMs: nowMs };
    if (nowMs - (this.#savedAtMs.get(session.id) ?? 0) < SAVE_USE_MS) {
      this.#table.hold(used);
      return used;
    }
    this.#savedAtMs.set(session.id, nowMs);
    this.#table.put(used);
    return used;
  }

  /** Undefined when it has ended before. */
  end(secret: string): Session | undefined {
    const session = this.#of(secret);
    if (session !== undefined) this.#end(session);
    return session;
  }

  /** Those that go on, the newest first. */
  list(): readonly Session[] {
    this.#expire();
    return this.#table.all().toSorted((a, b) => b.startedAtMs - a.startedAtMs);
  }

  /** By its id. Undefined when there is none. */
  get(id: string): Session | undefined {
    return this.#table.get(id);
  }

  revoke(session: Session): void {
    this.#end(session);
  }

  endAllOf(user: string): void {
    for (const session of this.#table.all()) if (session.user === user) this.#end(session);
  }

  /** When it ends if it is not used, and when it ends at the latest. */
  endsOf({ startedAtMs, lastAtMs }: Session): { readonly idleEndsAtMs: number; readonly endsAtMs: number } {
    const { idleMs, absoluteMs } = this.#limits();
    const endsAtMs = startedAtMs + absoluteMs;
    return { idleEndsAtMs: Math.min(lastAtMs + idleMs, endsAtMs), endsAtMs };
  }

  #of(secret: string): Session | undefined {
    const id = this.#idByHash.get(hashSecret(secret));
    return id === undefined ? undefined : this.#table.get(id);
  }

  #isOver(session: Session): boolean {
    return this.endsOf(session).idleEndsAtMs <= this.#now();
  }

  #expire(): void {
    for (const session of this.#table.all()) if (this.#isOver(session)) this.#end(session);
  }

  #end({ id, hash }: Session): void {
    this.#idByHash.delete(hash);
    this.#savedAtMs.delete(id);
    this.#table.delete(id);
  }

  #now(): number {
    return Math.floor(this.#clock.nowMs());
  }
}

function oldest(sessions: readonly Session[]): Session {
  return sessions.reduce((first, session) => (session.startedAtMs < first.startedAtMs ? session : first));
}
