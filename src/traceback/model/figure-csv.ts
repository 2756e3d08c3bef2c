import { csvTable } from '../../charts/csv-table.ts';
import type { SuccessFigure } from './success-model.ts';

/** The figure as CSV: a row for each number of hops, a column for each curve. */
export function figureCsv({ hops, conventional, dnsLogs }: SuccessFigure): string {
  const curves = [conventional, ...dnsLogs];
  const rows = Array.from({ length: hops }, (_, index) => [
    index + 1,
    ...curves.map(({ successes }) => successes[index]!),
  ]);
  return csvTable(['hops', ...curves.map(({ label }) => label)], rows);
}
