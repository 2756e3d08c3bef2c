import { stringify as composeCsv } from 'csv-stringify/sync';

type Cell = string | number | null;

/** A table as CSV (RFC 4180); a cell of `null` is empty. Text that a spreadsheet would take for a formula is kept from it. */
export function csvTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return composeCsv([head, ...rows.map((row) => row.map(harmless))]);
}

function harmless(cell: Cell): Cell {
  return typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
