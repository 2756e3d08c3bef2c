import { CAUSES, type Cause } from '../../simulation/case-outcome.ts';
import type { SearchFigures } from '../../simulation/figures.ts';
import type { SimulationResult } from './simulation-result.ts';

const BECAUSE: Readonly<Record<Cause, string>> = {
  destination: 'its destination takes no part',
  forwarder: 'a forwarder takes no part',
  source: 'its source takes no part',
  'no query': 'it did not ask',
  cache: 'a cache answered it',
  ranking: 'other reasons',
};

type Row = readonly string[];

/** All figures for people. */
export function printSimulation(result: SimulationResult): string[] {
  return [
    heading(result),
    '',
    ...table(searchRows(result)),
    ...(result.queries === undefined || result.caches === false ? [] : ['', ...table(queryRows(result.queries))]),
    ...(result.twoWindows.confidence.length === 0 ? [] : ['', ...table(confidenceRows(result.twoWindows))]),
  ];
}

function heading({ p, q, hops, cases, seed, caches, background }: SimulationResult): string {
  const made =
    seed === undefined
      ? []
      : [`caches ${caches ? 'on' : 'off'}`, `${background} queries of a client a day`, `seed ${seed}`];
  return [`${cases} cases`, `p ${rounded(p)}`, `q ${rounded(q)}`, `hops ${rounded(hops)}`, ...made].join(', ');
}

function searchRows({ expected, error, hops, twoWindows, oneWindow, cases }: SimulationResult): Row[] {
  const searches = oneWindow === undefined ? [twoWindows] : [twoWindows, oneWindow];
  const row = (label: string, value: (search: SearchFigures) => string): Row => [label, ...searches.map(value)];
  const causes = CAUSES.filter((cause) => searches.some(({ missed }) => missed[cause] > 0));
  const formula = hops === 2 ? 'p²·q' : 'p^hops·q';
  return [
    ...(searches.length === 1 ? [] : [['', 'two windows', 'one window (paper 1)']]),
    row('bot named', ({ named, namedError }) => shareWithError(named, namedError)),
    [`expected (${formula})`, shareWithError(expected, error)],
    row('bot named first', ({ first, firstError }) => shareWithError(first, firstError)),
    ...causes.map((cause) => row(`not named: ${BECAUSE[cause]}`, ({ missed }) => percent(missed[cause] / cases))),
    row('only innocents named', ({ onlyInnocents }) => percent(onlyInnocents / cases)),
    row('innocents named, a case', ({ innocents }) => innocents.toFixed(3)),
    row('innocents above the bot, a case', ({ innocentsAbove }) => innocentsAbove.toFixed(3)),
    row('innocents in the windows, where the bot is named', ({ inWindow }) => inWindow.toFixed(3)),
    row('as many as sources expect there by chance', ({ expectedInWindow }) => expectedInWindow.toFixed(3)),
  ];
}

function queryRows(queries: NonNullable<SimulationResult['queries']>): Row[] {
  return [
    ['queries for victims', 'asked', 'the destination sees', 'of those of bots'],
    ...queries.map(({ ttlSeconds, asked, seen, seenOfBots }) => [
      ttlSeconds === undefined ? 'all' : `TTL ${ttlSeconds} s`,
      String(asked),
      percent(seen),
      seenOfBots === undefined ? '-' : percent(seenOfBots),
    ]),
  ];
}

function confidenceRows({ confidence }: SearchFigures): Row[] {
  return [
    ['confidence', 'hosts named', 'said', 'bots'],
    ...confidence.map(({ from, to, hosts, bots, said }) => [
      `${percent(from, 0)} to ${percent(to, 0)}`,
      String(hosts),
      percent(said),
      percent(bots / hosts),
    ]),
  ];
}

/** Columns two blanks apart; the first to the left, numbers to the right. */
function table(rows: readonly Row[]): string[] {
  const columns = Math.max(...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}

function shareWithError(share: number, error: number): string {
  return `${percent(share)} ± ${percent(error)}`;
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

function rounded(value: number): string {
  return String(Number(value.toFixed(4)));
}
