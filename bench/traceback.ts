/**
 * npm run bench -- traceback [--json] [--cases N] [--runs N] [--alternations N] [--seconds N] [--only hops|sensor]: milliseconds
 * of a traceback over three nodes with warm TLS, beside one node alone, and what reading the log of a DNS server at 1,000
 * queries/s costs, as in figure 14 of paper 1. docs/performance.md says what the figures mean.
 */
import { type Bench, countOption, runBench } from './support/bench-program.ts';
import { figureLines, reportLine, type Shown, type Target } from './support/report.ts';
import { measureSensorCpu } from './support/sensor-run.ts';
import { type Spread, spreadOf } from './support/statistics.ts';
import { timeTracebacks } from './support/traceback-run.ts';

const MILLISECONDS: Shown = { unit: 'ms', digits: 2 };
const PERCENT: Shown = { unit: '% of core', digits: 2 };
const MICROSECONDS: Shown = { unit: 'µs', digits: 1 };
const SHOWN: Readonly<Record<string, Shown>> = {
  threeHopP50Ms: MILLISECONDS,
  threeHopP99Ms: MILLISECONDS,
  oneHopP50Ms: MILLISECONDS,
  threeHopByOneHop: { unit: '', digits: 2 },
  sensorCpuPercent: PERCENT,
  dnstapSensorCpuPercent: PERCENT,
  resolverCpuPercent: PERCENT,
  loggingResolverCpuPercent: PERCENT,
  dnstapResolverCpuPercent: PERCENT,
  sensorMicrosecondsPerQuery: MICROSECONDS,
  dnstapSensorMicrosecondsPerQuery: MICROSECONDS,
};
const TARGETS: readonly Target[] = [
  { figure: 'threeHopP50Ms', want: '<= 50' },
  { figure: 'sensorCpuPercent', want: '<= 2' },
];
const WARM_UP = 20;

runBench('traceback', { options: ['cases', 'runs', 'alternations', 'seconds', 'only'] }, async (bench) => {
  const cases = countOption(bench, 'cases', 300, 10, 10_000);
  const runs = countOption(bench, 'runs', 3, 1, 20);
  const alternations = countOption(bench, 'alternations', 5, 1, 50);
  const seconds = countOption(bench, 'seconds', 20, 1, 600);
  const figures: Record<string, Spread | undefined> = Object.fromEntries(
    Object.keys(SHOWN).map((name) => [name, undefined]),
  );
  const only = bench.option('only');
  if (only !== 'sensor') Object.assign(figures, await timeHops(bench, cases, runs));
  if (only !== 'hops') Object.assign(figures, await measureSensorCpu(bench, alternations, seconds));
  for (const line of figureLines(figures, SHOWN)) bench.say(line);
  const report = JSON.parse(reportLine('traceback', figures, TARGETS)) as { readonly figures: object };
  return JSON.stringify({ ...report, ...report.figures, cases });
});

async function timeHops(bench: Bench, cases: number, runs: number): Promise<Readonly<Record<string, Spread>>> {
  const measured = [];
  for (let index = 1; index <= runs && !bench.signal.aborted; index++) {
    const { whole, single } = await timeTracebacks(`${bench.folder}/${index}`, cases, WARM_UP, bench.say);
    const [three, one] = [percentile(whole, 0.5), percentile(single, 0.5)];
    measured.push({ three, one, p99: percentile(whole, 0.99) });
    bench.say(`run ${index} of ${runs}: ${JSON.stringify(measured.at(-1))}`);
  }
  return {
    threeHopP50Ms: spreadOf(measured.map(({ three }) => three)),
    threeHopP99Ms: spreadOf(measured.map(({ p99 }) => p99)),
    oneHopP50Ms: spreadOf(measured.map(({ one }) => one)),
    threeHopByOneHop: spreadOf(measured.map(({ three, one }) => three / one)),
  };
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}
