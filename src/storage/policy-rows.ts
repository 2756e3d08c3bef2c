/** Rows of the tables `allow_entries` and `warmup`. */
import { formatAddress } from '../core/address.ts';
import type { AllowEntry } from '../policy/allow-list.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import {
  type ColumnValue,
  endlessMilliseconds,
  readAddress,
  readEndlessMilliseconds,
  readMilliseconds,
  readText,
} from './column-values.ts';

export const ALLOW_COLUMNS = ['address', 'reason', 'owner', 'created_at_ms', 'expires_at_ms'] as const;

/** The values of ALLOW_COLUMNS. */
export function allowEntryRow({ address, reason, owner, createdAtMs, expiresAtMs }: AllowEntry): ColumnValue[] {
  return [formatAddress(address), reason, owner, createdAtMs, endlessMilliseconds(expiresAtMs)];
}

/** Reads the values of ALLOW_COLUMNS; undefined when they are no entry. */
export function readAllowEntry(row: readonly unknown[]): AllowEntry | undefined {
  const address = readAddress(row[0]);
  const reason = readText(row[1]);
  const owner = readText(row[2]);
  const createdAtMs = readMilliseconds(row[3]);
  const expiresAtMs = readEndlessMilliseconds(row[4]);
  if (address === undefined || reason === undefined || owner === undefined) return undefined;
  if (createdAtMs === undefined || expiresAtMs === undefined) return undefined;
  return { address, origin: 'command', reason, owner, createdAtMs, expiresAtMs };
}

/** Reads the values of `learned_for_ms` and `last_learned_at_ms`; undefined when they make no sense. */
export function readWarmup(row: readonly unknown[]): WarmupProgress | undefined {
  const learnedForMs = readEndlessMilliseconds(row[0]);
  const lastLearnedAtMs = readMilliseconds(row[1]);
  if (learnedForMs === undefined || learnedForMs < 0 || lastLearnedAtMs === undefined) return undefined;
  return { learnedForMs, lastLearnedAtMs };
}
