/**
 * npm run bench -- querylog [--json] [--rows N] [--runs N] [--large-rows N] [--large FOLDER]: rows/s appended to the query log
 * in SQLite and in MariaDB beside `sqlite3 .import` and `LOAD DATA` of the same rows into the same tables, octets/s of BIND lines
 * read beside grep, milliseconds of look-ups in a large day, memory of an import. docs/performance.md says what the figures mean.
 */
import { countOption, runBench } from './support/bench-program.ts';
import { importRun } from './support/log-import-run.ts';
import { timeLookups } from './support/log-lookups.ts';
import { timeMariadb } from './support/log-mariadb.ts';
import { timeParsing } from './support/log-parsing.ts';
import { timeSqlite } from './support/log-sqlite.ts';
import { figureLines, type LeftOut, reportLine, type Shown, type Target } from './support/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';

const ROWS_PER_SECOND: Shown = { unit: 'rows/s', digits: 0 };
const BYTES_PER_SECOND: Shown = { unit: 'octets/s', digits: 0 };
const MILLISECONDS: Shown = { unit: 'ms', digits: 3 };
const RATIO: Shown = { unit: '', digits: 2 };
const SHOWN: Readonly<Record<string, Shown>> = {
  sqliteRowsPerSecond: ROWS_PER_SECOND,
  sqliteImportRowsPerSecond: ROWS_PER_SECOND,
  sqliteByImport: RATIO,
  mariadbRowsPerSecond: ROWS_PER_SECOND,
  loadDataRowsPerSecond: ROWS_PER_SECOND,
  mariadbByLoadData: RATIO,
  parseBytesPerSecond: BYTES_PER_SECOND,
  grepBytesPerSecond: BYTES_PER_SECOND,
  parseByGrep: RATIO,
  lookupP50Ms: MILLISECONDS,
  lookupP99Ms: MILLISECONDS,
  importRowsPerSecond: ROWS_PER_SECOND,
  importPeakMb: { unit: 'MB', digits: 0 },
};
const TARGETS: readonly Target[] = [
  { figure: 'sqliteRowsPerSecond', want: '>= 150000' },
  { figure: 'sqliteByImport', want: '>= 0.5' },
  { figure: 'mariadbRowsPerSecond', want: '>= 60000' },
  { figure: 'mariadbByLoadData', want: '>= 0.5' },
  { figure: 'parseByGrep', want: '>= 0.1' },
  { figure: 'lookupP50Ms', want: '<= 5' },
  { figure: 'lookupP99Ms', want: '<= 50' },
  { figure: 'importPeakMb', want: '<= 200' },
];

runBench('querylog', { options: ['rows', 'runs', 'large-rows', 'large', 'only'] }, async (bench) => {
  const rows = countOption(bench, 'rows', 5_000_000, 10_000, 100_000_000);
  const runs = countOption(bench, 'runs', 3, 1, 20);
  const largeRows = countOption(bench, 'large-rows', 50_000_000, 10_000, 200_000_000);
  const only = bench.option('only')?.split(',');
  const isWanted = (part: string) => only === undefined || only.includes(part);
  const figures: Record<string, Spread | undefined> = Object.fromEntries(
    Object.keys(SHOWN).map((name) => [name, undefined]),
  );
  const leftOut: LeftOut[] = [];
  const pairs = async (
    [ours, theirs, ratio]: readonly [string, string, string],
    run: () => Promise<{ readonly ours: number; readonly theirs: number | undefined }>,
  ) => {
    const measured = [];
    for (let index = 1; index <= runs && !bench.signal.aborted; index++) {
      measured.push(await run());
      bench.say(`${ours}, run ${index} of ${runs}: ${JSON.stringify(measured.at(-1))}`);
    }
    figures[ours] = spreadOf(measured.map((pair) => pair.ours));
    const compared = measured.flatMap((pair) => (pair.theirs === undefined ? [] : [{ ...pair, theirs: pair.theirs }]));
    if (compared.length === 0) return;
    figures[theirs] = spreadOf(compared.map((pair) => pair.theirs));
    figures[ratio] = spreadOf(compared.map((pair) => pair.ours / pair.theirs));
  };
  if (isWanted('parse')) {
    const parsing = timeParsing(bench.folder);
    await pairs(['parseBytesPerSecond', 'grepBytesPerSecond', 'parseByGrep'], () => parsing());
  }
  if (isWanted('import')) {
    const { rowsPerSecond, peakMb } = await importRun(bench.folder, bench.signal);
    figures.importRowsPerSecond = spreadOf([rowsPerSecond]);
    figures.importPeakMb = spreadOf([peakMb]);
  }
  if (isWanted('sqlite')) {
    await pairs(['sqliteRowsPerSecond', 'sqliteImportRowsPerSecond', 'sqliteByImport'], () =>
      timeSqlite(bench.folder, rows),
    );
  }
  if (isWanted('mariadb')) {
    try {
      await pairs(['mariadbRowsPerSecond', 'loadDataRowsPerSecond', 'mariadbByLoadData'], () => timeMariadb(rows));
    } catch (error) {
      leftOut.push({ what: 'mariadb', reason: (error as Error).message });
    }
  }
  if (isWanted('lookup')) {
    const { p50Ms, p99Ms } = await timeLookups(bench.option('large') ?? bench.folder, largeRows, bench.say);
    figures.lookupP50Ms = spreadOf([p50Ms]);
    figures.lookupP99Ms = spreadOf([p99Ms]);
  }
  for (const line of figureLines(figures, SHOWN)) bench.say(line);
  const report = JSON.parse(reportLine('querylog', figures, TARGETS, leftOut)) as { readonly figures: object };
  return JSON.stringify({ ...report, ...report.figures, rows, largeRows });
});
