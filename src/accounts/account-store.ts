/** Where accounts are kept: records of a few kinds, read as a whole at the start, and the record of changes. */
export const RECORD_KINDS = ['user', 'session', 'token', 'view', 'setup'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export interface KeptRecord {
  readonly kind: RecordKind;
  readonly id: string;
  /** JSON, at most MAX_RECORD_CHARACTERS. */
  readonly json: string;
}

/** Who did what, from where, and what was so before and after: one line of the record of changes. */
export interface Change {
  readonly atMs: number;
  /** A user's name, `socket` for the local control socket, `sign-in` for attempts without a user. */
  readonly by: string;
  /** The token that acted for the user; undefined for the user himself. */
  readonly token: string | undefined;
  /** The address of the other end; `socket` for the control socket. */
  readonly from: string;
  readonly operation: string;
  /** What it was done to: an id or a name; empty when there is none. */
  readonly subject: string;
  /** JSON of what was and of what is; undefined where there was or is nothing. Never holds a secret. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Empty when it was done; else the code of the refusal. */
  readonly refused: string;
}

export interface ChangePlace {
  readonly atMs: number;
  readonly id: number;
}

export interface ChangeQuery {
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly by: string | undefined;
  readonly operation: string | undefined;
  readonly subject: string | undefined;
  readonly before: ChangePlace | undefined;
  readonly limit: number;
}

export interface AccountStore {
  loadRecords(): Promise<readonly KeptRecord[]>;
  saveRecords(records: readonly KeptRecord[]): Promise<void>;
  deleteRecords(records: readonly Pick<KeptRecord, 'kind' | 'id'>[]): Promise<void>;
  /** Appends; the oldest beyond MAX_CHANGES go. */
  addChange(change: Change): Promise<void>;
  /** The newest first. */
  findChanges(query: ChangeQuery): Promise<{
    readonly rows: readonly (Change & { readonly id: number })[];
    readonly next: ChangePlace | undefined;
  }>;
}

export const MAX_RECORD_CHARACTERS = 16_384;
export const MAX_CHANGES = 1_000_000;
