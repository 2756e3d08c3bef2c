/** Keeps the records of accounts. */
import { type KeptRecord, RECORD_KINDS, type RecordKind } from '../../accounts/account-store.ts';
import { readText } from '../column-values.ts';
import { listed, type StepContext, type Steps } from '../steps.ts';
import type { Portion } from '../store-operations.ts';

const PORTION_RECORDS = 500;
const COLUMNS = ['kind', 'id', 'record'];

/** Where reading goes on: after this record. */
export type RecordPlace = Pick<KeptRecord, 'kind' | 'id'>;

/** Records after `place`, undefined for the first. */
export function* recordsAfter(
  context: StepContext,
  place: RecordPlace | undefined,
): Steps<Portion<readonly KeptRecord[], RecordPlace>> {
  const columns = listed(context.dialect, COLUMNS);
  const after = place === undefined ? '' : 'WHERE kind > ? OR (kind = ? AND id > ?)';
  const rows = yield {
    sql: `SELECT ${columns} FROM records ${after} ORDER BY kind, id LIMIT ?`,
    values: [...(place === undefined ? [] : [place.kind, place.kind, place.id]), PORTION_RECORDS],
  };
  const items = rows.flatMap((row) => {
    const record = readRecord(row);
    if (record === undefined) context.unreadable();
    return record ?? [];
  });
  const last = rows.length < PORTION_RECORDS ? undefined : rows.at(-1);
  return { items, next: last && { kind: String(last[0]) as RecordKind, id: String(last[1]) } };
}

function readRecord(row: readonly unknown[]): KeptRecord | undefined {
  const kind = RECORD_KINDS.find((known) => known === row[0]);
  const [id, json] = [readText(row[1]), readText(row[2])];
  return kind === undefined || id === undefined || json === undefined ? undefined : { kind, id, json };
}

export function* saveRecords(_context: StepContext, records: readonly KeptRecord[]): Steps<void> {
  const rows = records.map(({ kind, id, json }) => [kind, id, json]);
  if (rows.length > 0) yield { sql: 'REPLACE INTO records (kind, id, record) VALUES (?, ?, ?)', rows };
}

export function* deleteRecords(_context: StepContext, records: readonly RecordPlace[]): Steps<void> {
  const rows = records.map(({ kind, id }) => [kind, id]);
  if (rows.length > 0) yield { sql: 'DELETE FROM records WHERE kind = ? AND id = ?', rows };
}
