import type { PackedTriple } from '../nsdb/triple-batch.ts';
import { readEndlessMilliseconds } from './column-values.ts';
import type { TriplePlace } from './store-operations.ts';

/** Reads the columns zone, name_server, address, expires_at_ms and facts; undefined when one is not of its kind. */
export function readPackedRow(row: readonly unknown[]): PackedTriple | undefined {
  const [zone, nameServer, address, expires, facts] = row;
  const expiresAtMs = readEndlessMilliseconds(expires);
  if (!Buffer.isBuffer(zone) || !Buffer.isBuffer(nameServer) || !Buffer.isBuffer(address)) return undefined;
  if (!Buffer.isBuffer(facts) || expiresAtMs === undefined) return undefined;
  return { zone, nameServer, address, expiresAtMs, facts };
}

/** The place of a row, whatever its other columns say; undefined for no row. */
export function placeOfRow(row: readonly unknown[] | undefined): TriplePlace | undefined {
  const [zone, nameServer, address] = row ?? [];
  if (!Buffer.isBuffer(zone) || !Buffer.isBuffer(nameServer) || !Buffer.isBuffer(address)) return undefined;
  return { zone, nameServer, address };
}
