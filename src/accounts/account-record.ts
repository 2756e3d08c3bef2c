/** Users, sessions, tokens, saved views and set-up links as the store has them: JSON. */
import { z } from 'zod';
import type { KeptRecord, RecordKind } from './account-store.ts';
import { ROLES } from './actor.ts';

/** The end of the year 9999. */
const MAX_INSTANT_MS = 253_402_300_799_999;
/** Addresses that a user has signed in from which are remembered. */
export const MAX_PLACES = 8;

const instant = z.int().min(0).max(MAX_INSTANT_MS);
const word = z.string().min(1).max(64);
const role = z.enum(ROLES);
const hash = z.string().length(43);

const user = z.strictObject({
  name: word,
  role,
  /** What is kept of his password; without one he comes from an OpenID provider. */
  password: z.string().max(256).optional(),
  oidc: z.strictObject({ issuer: z.string().max(512), subject: z.string().max(512) }).optional(),
  createdAtMs: instant,
  lastSignInAtMs: instant.optional(),
  /** Where he last signed in from, the newest first. */
  places: z.array(word).max(MAX_PLACES),
});

const session = z.strictObject({
  id: word,
  /** What its secret hashes to. */
  hash,
  user: word,
  from: word,
  startedAtMs: instant,
  lastAtMs: instant,
});

const token = z.strictObject({
  id: word,
  hash,
  name: word,
  user: word,
  role,
  createdAtMs: instant,
  expiresAtMs: instant.optional(),
  lastUsedAtMs: instant.optional(),
});

const view = z.strictObject({
  id: word,
  user: word,
  name: word,
  page: z.enum(['inbox', 'events']),
  search: z.string().max(4000),
  createdAtMs: instant,
});

const setup = z.strictObject({ id: word, hash, createdAtMs: instant, expiresAtMs: instant });

const RECORDS = { user, session, token, view, setup } as const satisfies Record<RecordKind, z.ZodType>;

/** A person who signs in, here or at an OpenID provider. */
export type User = Readonly<z.output<typeof user>>;
export type Session = Readonly<z.output<typeof session>>;
export type Token = Readonly<z.output<typeof token>>;
/** A search that a user has named. */
export type SavedView = Readonly<z.output<typeof view>>;
/** Whoever has it may make the first administrator, once. */
export type SetupLink = Readonly<z.output<typeof setup>>;

export interface AccountRecords {
  readonly user: User;
  readonly session: Session;
  readonly token: Token;
  readonly view: SavedView;
  readonly setup: SetupLink;
}

/** A user's id is his name. */
export function idOf<K extends RecordKind>(record: AccountRecords[K]): string {
  return 'id' in record ? record.id : record.name;
}

export function composeRecord<K extends RecordKind>(kind: K, record: AccountRecords[K]): KeptRecord {
  return { kind, id: idOf(record), json: JSON.stringify(record) };
}

/** Undefined when the text is no such record: it may be damaged, or have been tampered with. */
export function readRecord<K extends RecordKind>(kind: K, { id, json }: KeptRecord): AccountRecords[K] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const parsed = RECORDS[kind].safeParse(value);
  if (!parsed.success) return undefined;
  const record = parsed.data as AccountRecords[K];
  return idOf(record) === id ? record : undefined;
}
