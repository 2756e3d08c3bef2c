/** Rows of the table `findings`. */
import type { Finding } from '../findings/finding.ts';
import { composeFinding, MAX_RECORD_OCTETS, readFinding } from '../findings/finding-record.ts';
import { type ColumnValue, readText } from './column-values.ts';

/** The record has all; the others are for those who look into the tables. */
export const FINDING_COLUMNS = ['id', 'kind', 'subject', 'state', 'score', 'updated_at_ms', 'record'] as const;

/** Where reading goes on: after this row, on the way from the newest to the oldest. */
export interface FindingPlace {
  readonly updatedAtMs: number;
  readonly id: string;
}

/** The values of FINDING_COLUMNS. */
export function findingRow(finding: Finding): ColumnValue[] {
  const { id, kind, subject, state, score, updatedAtMs } = finding;
  return [id, kind, subject, state, score, updatedAtMs, composeFinding(finding)];
}

/** Columns of FINDING_QUERY_COLUMNS. Undefined when they are no finding. */
export function readFindingRow(row: readonly unknown[]): Finding | undefined {
  const finding = readFinding(readText(row[2]) ?? '');
  return finding?.id === row[0] ? finding : undefined;
}

export function placeOfFinding(row: readonly unknown[] | undefined): FindingPlace | undefined {
  return row === undefined ? undefined : { id: String(row[0]), updatedAtMs: Number(row[1]) };
}

/** What is read of a row, bounded in length: id, updated_at_ms and the record. */
export const FINDING_QUERY_COLUMNS = `id, updated_at_ms, CASE WHEN octet_length(record) > ${MAX_RECORD_OCTETS} THEN '' ELSE record END`;
