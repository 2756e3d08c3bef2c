import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountRecords, composeRecord, idOf, readRecord } from '../../../src/accounts/account-record.ts';
import { MAX_RECORD_CHARACTERS, type RecordKind } from '../../../src/accounts/account-store.ts';

const HASH = 'h'.repeat(43);
const LONG = 'w'.repeat(64);
/** Each as long as it can be. */
const RECORDS: AccountRecords = {
  user: {
    name: LONG,
    role: 'admin',
    password: 'p'.repeat(256),
    oidc: { issuer: '\u0001'.repeat(512), subject: '\u0001'.repeat(512) },
    createdAtMs: 1,
    lastSignInAtMs: 253_402_300_799_999,
    places: Array.from({ length: 8 }, () => LONG),
  },
  session: { id: LONG, hash: HASH, user: LONG, from: LONG, startedAtMs: 1, lastAtMs: 2 },
  token: {
    id: LONG,
    hash: HASH,
    name: '"'.repeat(64),
    user: LONG,
    role: 'viewer',
    createdAtMs: 1,
    expiresAtMs: 2,
    lastUsedAtMs: 3,
  },
  view: { id: LONG, user: LONG, name: LONG, page: 'inbox', search: '"'.repeat(4000), createdAtMs: 1 },
  setup: { id: LONG, hash: HASH, createdAtMs: 1, expiresAtMs: 2 },
};
const KINDS = Object.keys(RECORDS) as RecordKind[];

describe.each(KINDS)('a record of a %s', (kind) => {
  it('is the same after it was kept, and fits into the store', () => {
    const kept = composeRecord(kind, RECORDS[kind]);
    expect(kept.json.length).toBeLessThanOrEqual(MAX_RECORD_CHARACTERS);
    expect(readRecord(kind, kept)).toEqual(RECORDS[kind]);
  });

  it('is none when it is cut anywhere, or is another’s', () => {
    const { json } = composeRecord(kind, RECORDS[kind]);
    const id = idOf(RECORDS[kind]);
    for (let end = 0; end < json.length; end++)
      expect(readRecord(kind, { kind, id, json: json.slice(0, end) })).toBeUndefined();
    expect(readRecord(kind, { kind, id: 'another', json })).toBeUndefined();
  });

  it('is none, and no error, when it is any other JSON or text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.string(), (json, id) => {
        expect(readRecord(kind, { kind, id, json })).toBeUndefined();
      }),
    );
  });

  it('with one octet changed is none or still one of its kind', () => {
    const { id, json } = composeRecord(kind, RECORDS[kind]);
    for (let at = 0; at < json.length; at++) {
      const changed = `${json.slice(0, at)}\u007f${json.slice(at + 1)}`;
      const read = readRecord(kind, { kind, id, json: changed });
      if (read !== undefined) expect(idOf(read)).toBe(id);
    }
  });
});
