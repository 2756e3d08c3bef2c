import { TripleTable } from '../../src/nsdb/triple-table.ts';

/** A table of `count` rows without glue, numbers 1 to `count`, for the tests of what hangs on rows. */
export function plainRows(count: number): TripleTable {
  const rows = new TripleTable(count);
  const zone = rows.names.intern(Buffer.of(1, 0x7a, 0), 0);
  for (let index = 0; index < count; index++) rows.insert(zone, zone, 0);
  return rows;
}
