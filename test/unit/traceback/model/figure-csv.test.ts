import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { figureCsv } from '../../../../src/traceback/model/figure-csv.ts';
import { successFigure } from '../../../../src/traceback/model/success-model.ts';

it('has a column for each curve and a row for each number of hops, as exact as they are', () => {
  const figure = successFigure({ participation: 0.9, queryRates: [0.55, 1], forwarders: [0, 1], hops: 4 });
  const rows = parse(figureCsv(figure)) as string[][];
  const curves = [figure.conventional, ...figure.dnsLogs];
  expect(rows[0]).toEqual(['hops', ...curves.map(({ label }) => label)]);
  expect(rows.slice(1).map((row) => row.map(Number))).toEqual(
    [1, 2, 3, 4].map((hops) => [hops, ...curves.map(({ successes }) => successes[hops - 1])]),
  );
});
